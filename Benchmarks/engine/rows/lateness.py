"""How late 1-second tasks start, from 10 of them up to half of what can be run, and whether any slot is missed."""

import datetime
import time

from engine.figures import percentile
from engine.lab import wait
from engine.rows import spawn
from engine.server import add_tasks, clear_tasks, count_unfinished


def measure(lab, row):
    cluster = lab.cluster()
    server = lab.server(cluster.create("qkron"))
    database = lab.enter_context(server.database())
    spawn.by_schedule(database, 500)
    limit = spawn.by_schedule(database, lab.pick(1_000, 5_000))
    row.value("most executions in this run", limit, "/s")
    seconds = lab.pick(4, 15)
    for tasks in sorted({10, 100, int(limit / 4), int(limit / 2)}):
        report(row, f"{tasks} tasks, phases at random", run(database, tasks, seconds, "interval"))
    for tasks in (10, 100):
        report(row, f"{tasks} tasks, all at the full second", run(database, tasks, seconds, "cron"), judged=False)
    row.note("lateness is started_at - scheduled_for, both by the clock of the database")
    row.note("an interval task has the phase of its creation; cron tasks of every second are all due at once")
    row.note("MAX_CONCURRENCY 64 (default)")


def run(database, tasks, seconds, kind, clear=clear_tasks):
    """The lateness in milliseconds of every slot of a window, how many slots there were, and the time to the record."""
    clear(database)
    if kind == "interval":
        add_tasks(database, tasks, "interval", "'1s'", anchor="now() + random() * interval '1 s'",
                  next_run="now() + random() * interval '1 s'")
        # The first slot is an interval after the anchor.
        database.execute("UPDATE qkron.tasks SET next_run = anchor + interval '1 s'")
    else:
        add_tasks(database, tasks, "cron", "'* * * * * *'", next_run="date_trunc('second', now()) + interval '2 s'")
    database.execute("SELECT pg_notify('qkron', 'due')")
    begin = database.execute("SELECT date_trunc('second', clock_timestamp()) + interval '4 s'").fetchone()[0]
    end = begin + datetime.timedelta(seconds=seconds)
    time.sleep(seconds + 5)
    # Locked in the order in which the engine locks those whose runs end.
    database.execute(
        "WITH locked AS (SELECT id FROM qkron.tasks ORDER BY id FOR NO KEY UPDATE)"
        " UPDATE qkron.tasks t SET is_active = false, next_run = NULL FROM locked WHERE t.id = locked.id")
    wait(lambda: count_unfinished(database) == 0, "the last executions", patience=120, pause=0.1)
    rows = database.execute(
        """
        SELECT status, extract(epoch FROM started_at - scheduled_for)::float8 * 1000,
               extract(epoch FROM ended_at - scheduled_for)::float8 * 1000
        FROM qkron.executions WHERE scheduled_for >= %s AND scheduled_for < %s
        """, (begin, end)).fetchall()
    ran = [row for row in rows if row[0] == "completed"]
    return [row[1] for row in ran], tasks * seconds, [row[2] for row in ran]


def report(row, what, measured, judged=True):
    lateness, slots, ends = measured
    row.value(f"{what}: p50", percentile(lateness, 0.5), "ms", at_most=2 if judged else None)
    row.value(f"{what}: p99", percentile(lateness, 0.99), "ms", at_most=20 if judged else None)
    row.value(f"{what}: p99 to the recorded end", percentile(ends, 0.99), "ms")
    row.value(f"{what}: slots that did not run", slots - len(lateness), f"of {slots}", at_most=0)
