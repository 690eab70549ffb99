"""A flood of output from one command, and from 200 at once, against `cat` at the other end of a pipe."""

import subprocess
import time

from engine.figures import median
from engine.lab import wait
from engine.server import add_tasks, clear_tasks, count_ended

LINES = 100_000
MEBIBYTE = 1 << 20
# What the server may hold of output at once, and a batch of it on its way into the database: MiB.
SERVER_ROOM = 64 + 4


def measure(lab, row):
    writer = lab.compile("output.c")
    lines = lab.pick(20_000, LINES)
    commands = 200
    cluster = lab.cluster()
    server = lab.server(cluster.create("qkron"), settings={"MAX_CONCURRENCY": commands})
    database = lab.enter_context(server.database())
    flood(database, f"{writer} 100", 1)
    rest = {name: server.memory(name) for name in ("server", "executor")}
    ours, blocked, cat, cat_blocked = [], [], [], []
    for _ in range(lab.rounds * 2):
        text = flood(database, f"{writer} {lines}", 1)[0][1]
        took, waited = (int(part) for part in text.split())
        ours.append(took / 1e6)
        blocked.append(waited / took * 100)
        took, waited = through_cat(writer, lines)
        cat.append(took / 1e6)
        cat_blocked.append(waited / took * 100)
    what = f"{lines:,} lines of 80 bytes by one command"
    row.compare(f"{what}: time of the writer", median(ours), "ms", median(cat), "ms through cat", at_most=1.05)
    row.compare(f"{what}: share blocked", median(blocked), "%", median(cat_blocked), "% through cat")
    row.value(f"{what}: share blocked more than through cat", median(blocked) - median(cat_blocked), "%", at_most=5)
    peaks = {name: server.memory(name, "VmHWM") for name in rest}
    row.value(f"{what}: executor memory at most", peaks["executor"], "MiB")
    row.value(f"{what}: server memory at most", peaks["server"], "MiB")

    began = time.monotonic()
    rows = flood(database, f"head -c {MEBIBYTE} /dev/zero | tr '\\0' x", commands)
    took = time.monotonic() - began
    whole = sum(size == MEBIBYTE and not is_cut for size, _, is_cut in rows)
    row.value(f"{commands} commands with 1 MiB each: stored whole", whole, f"of {commands}", at_least=commands)
    cap = commands * MEBIBYTE / 2**20
    for name in rest:
        peak = server.memory(name, "VmHWM")
        row.compare(f"{commands} commands with 1 MiB each: {name} memory at most", peak, "MiB", cap,
                    "MiB, the caps together")
        more = SERVER_ROOM if name == "server" else cap * 1.1
        row.value(f"{commands} commands with 1 MiB each: {name} memory more than at rest", peak - rest[name], "MiB",
                  at_most=more)
    row.value(f"{commands} commands with 1 MiB each: all recorded", took, "s")

    clear_tasks(database)
    big = flood(database, f"head -c {64 * MEBIBYTE} /dev/zero | tr '\\0' x", 4)
    row.value("4 commands with 64 MiB each: stored", median(size for size, _, _ in big) / 2**20, "MiB", at_most=1)
    for name in rest:
        row.value(f"after all that: {name} memory more than at rest", server.memory(name) - rest[name],
                  f"MiB (at rest {rest[name]:.0f})", at_most=16)
    row.note(f"MAX_CONCURRENCY raised to {commands}, so that all run at once; max_output_bytes 1 MiB (default)")
    row.note("blocked: time of the writer that it was neither on a core nor waiting for one")


def flood(database, command, count):
    """Runs a command so many times at once: bytes of stdout, stderr, and whether it was cut, of each."""
    clear_tasks(database)
    due = f"now() + interval '{0.5 + count / 1000} s'"
    add_tasks(database, count, "once", "'2026-01-01T00:00:00Z'", next_run=due, once=due, command=command)
    wait(lambda: count_ended(database) >= count, f"{count} commands", patience=300, pause=0.05)
    rows = database.execute(
        """
        SELECT octet_length(o.stdout), o.stderr, o.stdout_truncated, e.status
        FROM qkron.executions e JOIN qkron.execution_output o ON o.execution_id = e.id
        """).fetchall()
    assert all(row[3] == "completed" for row in rows), "a command failed"
    return [row[:3] for row in rows]


def through_cat(writer, lines):
    """Nanoseconds that the writer took and was blocked with `cat` reading."""
    reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    done = subprocess.run([writer, str(lines)], stdout=reader.stdin, stderr=subprocess.PIPE, text=True, check=True)
    reader.stdin.close()
    reader.wait()
    return tuple(int(part) for part in done.stderr.split())
