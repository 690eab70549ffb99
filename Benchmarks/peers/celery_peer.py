"""Celery with Redis as broker and result store, and beat. Redis keeps its default persistence, none at each write.

As a module it is the application of worker and beat (QKRON_BENCH_TASKS beat entries of one second, started runs told to
the Redis list `started`); as a program: python -m peers.celery_peer COUNT prints the runs a second of so many calls.
"""

import json
import os
import subprocess
import sys
import time

import redis
from celery import Celery, group
from celery.signals import before_task_publish

ADDRESS = os.environ["QKRON_BENCH_REDIS"]
app = Celery("peer", broker=ADDRESS, backend=ADDRESS)
app.conf.update(broker_connection_retry_on_startup=True, worker_hijack_root_logger=False)
app.conf.beat_schedule = {
    f"task {number}": {"task": "peers.celery_peer.tell", "schedule": 1.0}
    for number in range(int(os.environ.get("QKRON_BENCH_TASKS", "0")))
}
STORE = redis.Redis.from_url(ADDRESS)


@before_task_publish.connect
def note_sending(headers=None, **_):
    headers["sent_at"] = time.time()


@app.task
def run_true():
    subprocess.run(["/bin/sh", "-c", "true"], check=True, stdin=subprocess.DEVNULL, capture_output=True)


@app.task(bind=True)
def tell(self):
    now = time.time()
    STORE.rpush("started", json.dumps([now, (now - self.request.headers["sent_at"]) * 1000]))
    run_true()


if __name__ == "__main__":
    # The module, not this script, is what the worker knows.
    from peers import celery_peer

    count = int(sys.argv[1])
    celery_peer.run_true.delay().get()
    began = time.time()
    group(celery_peer.run_true.s() for _ in range(count)).apply_async().get()
    print(json.dumps({"rate": count / (time.time() - began)}))
