"""Executions of `true` a second, each recorded durably, against a C loop of posix_spawn and waitpid."""

import os
import resource
import subprocess

from engine import wrk
from engine.figures import median
from engine.lab import wait
from engine.server import add_tasks, clear_tasks, count_due, count_unfinished

SHELL = ("/bin/sh", "-c", "true")


def measure(lab, row):
    cores = len(os.sched_getaffinity(0))
    loop = lab.compile("spawn.c")
    seconds = lab.pick(1, 4)
    count = lab.pick(1_000, 10_000)

    def spawn(loops, *command):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([loop, str(seconds), str(loops), *command], capture_output=True, text=True, check=True)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
        loop_cpu.append(cpu / (float(done.stdout) * seconds))
        return float(done.stdout)

    cluster = lab.cluster()
    server = lab.server(cluster.create("qkron"))
    database = lab.enter_context(server.database())
    by_schedule(database, 500)  # Statements are prepared, files are made.
    bare, one, all_cores, schedule, api, cpu, loop_cpu = [], [], [], [], [], [], []
    for _ in range(lab.rounds):
        bare.append(spawn(1, "/bin/true"))
        one.append(spawn(1, *SHELL))
        all_cores.append(spawn(cores, *SHELL))
        used = []
        schedule.append(by_schedule(
            database, count, lambda: used.append({**server.cpu_seconds(), "PostgreSQL": cluster.cpu_seconds()})))
        cpu.append({part: (used[1][part] - used[0][part]) / count * 1e6 for part in used[0]})
        one.append(spawn(1, *SHELL))
        all_cores.append(spawn(cores, *SHELL))
        api.append(by_api(lab, server, database, seconds))
    row.note("qkron runs `/bin/sh -c true`, as its contract says; so does the loop, but where /bin/true is named")
    loop_name = "one C loop"
    row.compare("by schedule", median(schedule), "/s", median(one), loop_name, at_least=0.8)
    row.compare("by schedule", median(schedule), "/s", median(all_cores), f"C loops, one a core ({cores})")
    row.compare("by schedule", median(schedule), "/s", median(bare), "one C loop of /bin/true")
    row.compare("by API, requests included", median(api), "/s", median(one), loop_name, at_least=0.8)
    parts = {part: median(round[part] for round in cpu) for part in cpu[0]}
    row.compare("processor time an execution by schedule", sum(parts.values()), "µs", median(loop_cpu) * 1e6, loop_name)
    row.note("of it: " + ", ".join(f"{part} {microseconds:.0f} µs" for part, microseconds in parts.items()))
    row.note("MAX_CONCURRENCY 64, MAX_TASK_CONCURRENCY 16 (defaults)")


def by_schedule(database, count, note=lambda: None) -> float:
    """Executions a second of many tasks due at one instant, from that instant to the last recorded end.

    `note` is called before and after, with nothing else going on.
    """
    clear_tasks(database)
    lead = 0.5 + count / 10_000
    add_tasks(database, count, "once", "to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
              next_run=f"now() + interval '{lead} s'", once=f"now() + interval '{lead} s'")
    note()
    wait(lambda: count_due(database) == 0 and count_unfinished(database) == 0, f"{count} executions", patience=900,
         pause=0.2)
    note()
    return rate(database, "min(scheduled_for)", count)


def by_api(lab, server, database, seconds, tasks=1_000) -> float:
    """Executions a second asked for over HTTP, from the first request to the last recorded end."""
    clear_tasks(database)
    add_tasks(database, tasks, "cron", "'0 0 1 1 *'", next_run="now() + interval '1 year'", overlap="allow")
    ids = [str(row[0]) for row in database.execute("SELECT id FROM qkron.tasks")]
    script = "local ids = {%s}\nlocal i = 0\n" % ",".join(f'"{id}"' for id in ids) + """
        request = function()
            i = i % #ids + 1
            return wrk.format("POST", "/api/v1/tasks/" .. ids[i] .. "/execute")
        end"""
    done = wrk.run(lab, f"http://127.0.0.1:{server.port}", seconds, headers=server.authorization, script=script)
    count = done["requests"]
    wait(lambda: count_unfinished(database) == 0, f"{count} executions", patience=900, pause=0.2)
    return rate(database, "min(created_at)", count)


def rate(database, start, count) -> float:
    ended, bad, seconds = database.execute(
        f"SELECT count(*), count(*) FILTER (WHERE status <> 'completed'),"
        f" extract(epoch FROM max(ended_at) - {start})::float8 FROM qkron.executions").fetchone()
    assert bad == 0 and ended >= count, f"{bad} of {ended} executions did not complete"
    return ended / seconds
