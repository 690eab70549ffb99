"""Logging in against the hash alone, and what it does to the requests beside it."""

import ctypes
import os
import threading
import time
import urllib.parse

from engine.figures import median, percentile
from engine.server import PASSWORD, add_tasks

FORM = urllib.parse.urlencode({"username": "bench", "password": PASSWORD})
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


def measure(lab, row):
    cores = len(os.sched_getaffinity(0))
    cluster = lab.cluster()
    server = lab.server(cluster.create("qkron"), settings={"LOGIN_RATE_LIMIT": 0})
    database = lab.enter_context(server.database())
    add_tasks(database, 100, "cron", "'0 0 1 1 *'", next_run="now() + interval '1 year'")
    task = f"/api/v1/tasks/{database.execute('SELECT id FROM qkron.tasks LIMIT 1').fetchone()[0]}"
    stored = database.execute("SELECT password_hash FROM qkron.users").fetchone()[0]
    hash_alone = hasher(stored)
    connection = server.connect_http()
    for _ in range(3):
        log_in(connection)
    hashes, logins = [], []
    for _ in range(lab.pick(20, 200)):
        hashes.append(timed(hash_alone))
        logins.append(timed(lambda: log_in(connection)))
    row.compare("login, one after the other", median(logins), "ms", median(hashes), "ms, the hash alone", at_most=1.1)
    seconds = lab.pick(3, 10)
    quiet = beside(server, task, seconds, callers=0)
    busy = beside(server, task, seconds, callers=1)
    flood = beside(server, task, seconds, callers=16)
    row.value("other requests, p99, no login", percentile(quiet[0], 0.99), "ms")
    row.value("other requests, p99, one caller logging in without pause", percentile(busy[0], 0.99), "ms", at_most=10)
    row.value("other requests, p99, 16 callers logging in without pause", percentile(flood[0], 0.99), "ms", at_most=10)
    row.compare("logins by 16 callers", flood[1], "/s", cores * 1000 / median(hashes), f"/s, {cores} cores of hashes")
    row.note("other requests: 100 GET of a task a second over one connection; PASSWORD_HASH_COST 6 (default)")
    row.note("LOGIN_RATE_LIMIT is lifted where the server has it")


def hasher(stored):
    """Hashes as the server does, with the system's libcrypt."""
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt_ra.restype = ctypes.c_char_p
    library.crypt_ra.argtypes = [
        ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_int)]
    libc = ctypes.CDLL(None)
    libc.free.argtypes = [ctypes.c_void_p]

    def hash_once():
        data, size = ctypes.c_void_p(), ctypes.c_int(0)
        assert library.crypt_ra(PASSWORD.encode(), stored.encode(), data, size) == stored.encode()
        libc.free(data)

    return hash_once


def timed(body) -> float:
    began = time.perf_counter()
    body()
    return (time.perf_counter() - began) * 1000


def log_in(connection):
    connection.request("POST", "/api/v1/auth/login", FORM, HEADERS)
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status == 200, text


def beside(server, path, seconds, callers):
    """Milliseconds of other requests while so many callers log in, and logins a second."""
    stop = time.monotonic() + seconds
    counts = [0] * callers

    def keep_logging_in(number):
        connection = server.connect_http()
        while time.monotonic() < stop:
            log_in(connection)
            counts[number] += 1

    threads = [threading.Thread(target=keep_logging_in, args=(number,)) for number in range(callers)]
    for thread in threads:
        thread.start()
    connection, took = server.connect_http(), []

    def get():
        connection.request("GET", path, headers=server.authorization)
        assert connection.getresponse().read()

    due = time.monotonic()
    while due < stop:
        time.sleep(max(0, due - time.monotonic()))
        # From when it was due, so that a slow answer counts for those that it held up.
        get()
        took.append((time.monotonic() - due) * 1000)
        due += 0.01
    for thread in threads:
        thread.join()
    return took, sum(counts) / seconds
