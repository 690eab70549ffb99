"""A million cron tasks stored with 100 due each second, against a thousand stored with as many due."""

import datetime
import time

from engine.figures import percentile
from engine.lab import wait
from engine.server import add_tasks, clear_tasks, count_unfinished

DUE = 100
# Task i is due in second i / 100 after the start, once a day: its line names hour, minute and second.
MANY = ("to_char(%(start)s::timestamptz + (i / {due}) * interval '1 s', 'SS MI HH24') || ' * * *'",
        "%(start)s::timestamptz + (i / {due}) * interval '1 s'")


def measure(lab, row):
    stored = lab.pick(50_000, 1_000_000)
    seconds = lab.pick(5, 20)
    cluster = lab.cluster()
    url = cluster.create("qkron")
    with lab.server(url) as server, server.database() as database:
        few = run(database, 1_000, seconds, period=10)
        few_again = run(database, 1_000, seconds, period=10)
        clear_tasks(database)
        data_dir = server.data_dir

    with cluster.connect("qkron") as database:
        start = database.execute("SELECT date_trunc('second', clock_timestamp())").fetchone()[0]
        # Late enough that all is stored and looked at before the first is due.
        start += datetime.timedelta(seconds=lab.pick(40, 420))
        fill(database, stored, start)
        began = time.monotonic()
        database.execute("VACUUM ANALYZE qkron.tasks, qkron.task_schedules")
        vacuumed = time.monotonic() - began
    with lab.server(url, data_dir=data_dir) as server, server.database() as database:
        row.value(f"start to ready, {stored:,} stored", server.seconds_to_ready, "s", at_most=2)
        idle = idle_share(server, cluster, lab.pick(4, 20))
        left = (start - database.execute("SELECT clock_timestamp()").fetchone()[0]).total_seconds()
        assert left > 0, f"storing took {-left:.0f} s longer than was thought"
        row.value("idle, server and executor", (idle["server"] + idle["executor"]) * 100, "% of a core", at_most=1)
        row.value("idle, PostgreSQL", idle["PostgreSQL"] * 100, "% of a core")
        many = lateness(database, start + datetime.timedelta(seconds=3), seconds)
        row.value("server memory at most", server.memory("server", "VmHWM"), "MiB", at_most=150)
        row.value("executor memory at most", server.memory("executor", "VmHWM"), "MiB")
    fewer = few[0] + few_again[0]
    row.compare("p99 lateness", percentile(many[0], 0.99), "ms", percentile(fewer, 0.99), "ms, 1,000 stored",
                at_most=1.5)
    row.compare("p50 lateness", percentile(many[0], 0.5), "ms", percentile(fewer, 0.5), "ms, 1,000 stored")
    row.value("slots that did not run", many[1], f"of {DUE * seconds}", at_most=0)
    row.note(f"{stored:,} tasks stored by SQL, then VACUUM ANALYZE ({vacuumed:.0f} s); {DUE} cron tasks are due at the"
             " same instant each second, so they stand in line for the cores in both cases")


def fill(database, count, start):
    schedule, next_run = (part.format(due=DUE) for part in MANY)
    database.execute("SET TimeZone TO 'UTC'")
    for first in range(0, count, 100_000):
        size = min(100_000, count - first)
        add_tasks(database, size, "cron", schedule, next_run,
                  start=start + datetime.timedelta(seconds=first // DUE))


def run(database, stored, seconds, period):
    """The lateness of 100 tasks a second of so few that each is due every `period` seconds."""
    clear_tasks(database)
    start = database.execute("SELECT date_trunc('second', clock_timestamp()) + interval '3 s'").fetchone()[0]
    # Seconds of the minute at which task i is due.
    add_tasks(database, stored, "cron",
              f"(SELECT string_agg(s::text, ',') FROM generate_series((i / {DUE}) %% {period}, 59, {period}) AS s)"
              " || ' * * * * *'",
              "date_trunc('second', now()) + interval '1 s'")
    # Their first slots: the first second from the start that their line names.
    database.execute(
        f"""
        UPDATE qkron.tasks t
        SET next_run = %(start)s + mod(split_part(split_part(schedule, ' ', 1), ',', 1)::int
                       - extract(second FROM %(start)s)::int %% {period} + {period}, {period}) * interval '1 s'
        """, {"start": start})
    database.execute("SELECT pg_notify('qkron', 'due')")
    return lateness(database, start + datetime.timedelta(seconds=3), seconds)


def lateness(database, begin, seconds):
    """Milliseconds of every slot of a window, and how many slots did not run."""
    end = begin + datetime.timedelta(seconds=seconds)
    now = database.execute("SELECT clock_timestamp()").fetchone()[0]
    time.sleep((end - now).total_seconds() + 2)
    database.execute(
        "UPDATE qkron.tasks SET next_run = NULL, is_active = false WHERE next_run < now() + interval '30 s'")
    wait(lambda: count_unfinished(database) == 0, "the last executions", patience=120, pause=0.1)
    rows = database.execute(
        """
        SELECT extract(epoch FROM started_at - scheduled_for)::float8 * 1000
        FROM qkron.executions WHERE scheduled_for >= %s AND scheduled_for < %s AND status = 'completed'
        """, (begin, end)).fetchall()
    return [row[0] for row in rows], DUE * seconds - len(rows)


def idle_share(server, cluster, seconds) -> dict[str, float]:
    """Cores in use while nothing is due."""
    before = {**server.cpu_seconds(), "PostgreSQL": cluster.cpu_seconds()}
    time.sleep(seconds)
    after = {**server.cpu_seconds(), "PostgreSQL": cluster.cpu_seconds()}
    return {part: (after[part] - before[part]) / seconds for part in after}
