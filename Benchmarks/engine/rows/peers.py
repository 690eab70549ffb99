"""The same work, `sh -c true`, by APScheduler, Celery with beat, and pg_cron, in one run."""

import json
import os
import signal
import subprocess
import sys
import time

from engine.figures import median, percentile
from engine.lab import free_port, wait
from engine.rows import lateness, spawn
from engine.server import clear_tasks

TASKS = 100


def measure(lab, row):
    count = lab.pick(300, 3_000)
    seconds = lab.pick(5, 20)
    cluster = lab.cluster()
    server = lab.server(cluster.create("qkron"))
    database = lab.enter_context(server.database())
    broker = start_redis(lab)
    spawn.by_schedule(database, 200)
    ours, apscheduler, celery = [], [], []
    with_worker(lab, broker)
    for _ in range(lab.rounds):
        ours.append(spawn.by_schedule(database, count))
        clear_tasks(database)
        apscheduler.append(python("peers.apscheduler_peer", "throughput", count)["rate"])
        celery.append(python("peers.celery_peer", count, broker=broker)["rate"])
    row.compare("runs of `true`", median(ours), "/s", median(apscheduler), "/s APScheduler, nothing stored")
    row.compare("runs of `true`", median(ours), "/s", median(celery), "/s Celery, Redis")
    late, slots, _ = lateness.run(database, TASKS, seconds, "interval")
    clear_tasks(database)
    theirs = python("peers.apscheduler_peer", "lateness", TASKS, seconds)
    sent, fallen_out = beat(lab, broker, seconds)
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        mine = percentile(late, share)
        row.compare(f"{TASKS} 1-second tasks: {name} lateness", mine, "ms", percentile(theirs["late"], share),
                    "ms APScheduler")
        row.compare(f"{TASKS} 1-second tasks: {name} lateness", mine, "ms", percentile(sent, share),
                    "ms Celery, from beat's sending")
    what = f"{TASKS} 1-second tasks: slots that did not run of {slots}"
    row.compare(what, slots - len(late), "", theirs["missed"], "APScheduler")
    row.compare(what, slots - len(late), "", fallen_out, "Celery beat, which keeps no grid")
    pg_cron(lab, row, database)
    row.note("APScheduler: memory job store, at most 64 subprocesses at once; Celery: prefork, a worker process a core,"
             " acknowledged early (default); pg_cron 1.4 knows minutes only and runs `true` by COPY FROM PROGRAM")


def python(module, *arguments, broker="", **environment):
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)], stdout=subprocess.PIPE, text=True, check=True,
        env={**os.environ, "QKRON_BENCH_REDIS": broker, **environment})
    return json.loads(done.stdout.splitlines()[-1])


def start_redis(lab) -> str:
    port = free_port()
    os.mkdir(lab.path("redis"))
    lab.start(["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", lab.path("redis")],
              stdout=subprocess.DEVNULL)
    wait(lambda: subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True, check=False)
         .stdout.startswith(b"PONG"), "Redis")
    return f"redis://127.0.0.1:{port}/0"


def celery_program(lab, broker, *arguments, tasks=0):
    log = lab.enter_context(open(lab.path("celery.log"), "ab"))
    return lab.start(
        [sys.executable, "-m", "celery", "-A", "peers.celery_peer", *arguments], signal.SIGTERM, stdout=log, stderr=log,
        env={**os.environ, "QKRON_BENCH_REDIS": broker, "QKRON_BENCH_TASKS": str(tasks), "C_FORCE_ROOT": "1"})


def with_worker(lab, broker):
    celery_program(lab, broker, "worker", f"--concurrency={len(os.sched_getaffinity(0))}", "--loglevel=ERROR")


def beat(lab, broker, seconds):
    """Milliseconds from beat's sending to the start of each run, and how many runs fewer than seconds there were."""
    process = celery_program(
        lab, broker, "beat", f"--schedule={lab.path('beat')}", "--loglevel=ERROR", tasks=TASKS)
    port = broker.rsplit(":", 1)[1].split("/")[0]

    def started():
        command = ["redis-cli", "-p", port, "LRANGE", "started", "0", "-1"]
        text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        return [json.loads(line) for line in text.splitlines() if line]

    wait(started, "the first run by Celery beat", patience=60, pause=0.1)
    begin = time.time() + 2
    time.sleep(seconds + 4)
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    window = [late for when, late in started() if begin <= when < begin + seconds]
    return window, TASKS * seconds - len(window)


def pg_cron(lab, row, database):
    """One hundred jobs at the full minute, against ours at the full second."""
    version = os.listdir("/usr/lib/postgresql")
    if not any(os.path.exists(f"/usr/lib/postgresql/{number}/lib/pg_cron.so") for number in version):
        row.note("pg_cron is not installed")
        return
    cluster = lab.cluster(
        ["shared_preload_libraries=pg_cron", "cron.database_name=postgres", "cron.host={home}"])
    with cluster.connect("postgres") as connection:
        connection.execute("CREATE EXTENSION pg_cron")
        connection.execute("CREATE TABLE lines (line text)")
        connection.execute(
            "SELECT cron.schedule('job ' || i, '* * * * *', $$COPY lines FROM PROGRAM 'true'$$)"
            " FROM generate_series(1, %s) AS i", (TASKS,))
        wait(lambda: count(connection, "cron.job_run_details WHERE end_time IS NOT NULL") >= TASKS, "pg_cron",
             patience=200, pause=0.5)
        runs = connection.execute(
            """
            SELECT extract(epoch FROM start_time - date_trunc('minute', start_time))::float8 * 1000,
                   extract(epoch FROM end_time - date_trunc('minute', start_time))::float8 * 1000, status
            FROM cron.job_run_details ORDER BY runid LIMIT %s
            """, (TASKS,)).fetchall()
    failed = [status for _, _, status in runs if status != "succeeded"]
    if failed:
        row.note(f"{len(failed)} of {TASKS} runs of pg_cron failed")
    late, _, ends = lateness.run(database, TASKS, lab.pick(4, 10), "cron")
    what = f"{TASKS} tasks due at one instant"
    row.compare(f"{what}: p50 lateness", percentile(late, 0.5), "ms", percentile([run[0] for run in runs], 0.5),
                "ms pg_cron")
    row.compare(f"{what}: p99 lateness", percentile(late, 0.99), "ms", percentile([run[0] for run in runs], 0.99),
                "ms pg_cron")
    row.compare(f"{what}: p99 to the recorded end", percentile(ends, 0.99), "ms",
                percentile([run[1] for run in runs], 0.99), "ms pg_cron")


def count(connection, what) -> int:
    return connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0]
