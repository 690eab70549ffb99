"""APScheduler with asyncio subprocesses. Its job store is memory: nothing it does survives a crash.

python apscheduler_peer.py throughput COUNT          runs a second of so many jobs due at one instant
python apscheduler_peer.py lateness TASKS SECONDS    lateness of 1-second jobs, milliseconds, and the runs that fell out
"""

import asyncio
import datetime
import json
import logging
import random
import sys
import time

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

PARALLEL = asyncio.Semaphore(64)


async def run_true():
    # As many at once as qkron runs by default.
    async with PARALLEL:
        process = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", "true", stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE)
        await process.communicate()


async def throughput(count):
    done, ended = asyncio.Event(), []

    async def job():
        await run_true()
        ended.append(time.time())
        if len(ended) == count:
            done.set()

    scheduler = AsyncIOScheduler(timezone="UTC")
    due = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1 + count / 5000)
    for number in range(count):
        scheduler.add_job(job, DateTrigger(due), misfire_grace_time=None, id=str(number))
    scheduler.start()
    await done.wait()
    return {"rate": count / (max(ended) - due.timestamp())}


async def lateness(tasks, seconds):
    late = []
    begin = time.time() + 2
    window = (begin, begin + seconds)

    async def job(anchor):
        now = time.time()
        slot = anchor + int(now - anchor)
        if window[0] <= slot < window[1]:
            late.append((now - slot) * 1000)
        await run_true()

    scheduler = AsyncIOScheduler(timezone="UTC")
    for _ in range(tasks):
        anchor = int(begin) - 1 + random.random()
        start = datetime.datetime.fromtimestamp(anchor, datetime.timezone.utc)
        scheduler.add_job(job, IntervalTrigger(seconds=1, start_date=start), args=[start.timestamp()],
                          misfire_grace_time=None)
    scheduler.start()
    await asyncio.sleep(seconds + 4)
    scheduler.shutdown(wait=False)
    return {"late": late, "missed": tasks * seconds - len(late)}


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    arguments = [int(argument) for argument in sys.argv[2:]]
    print(json.dumps(asyncio.run({"throughput": throughput, "lateness": lateness}[sys.argv[1]](*arguments))))
