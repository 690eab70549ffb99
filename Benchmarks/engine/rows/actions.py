"""Claim and completion of in-process actions that do nothing, against pgbench with one insert and one update."""

import os
import signal

from engine import machine
from engine.figures import median
from engine.lab import end, wait
from engine.server import add_tasks, clear_tasks, count_unfinished

# A run as small as it can be: made, then marked as done, in one durable transaction.
SCRIPT = r"""
\set task random(1, 1000000)
BEGIN;
INSERT INTO runs (task, status) VALUES (:task, 'running') RETURNING id \gset
UPDATE runs SET status = 'completed' WHERE id = :id;
COMMIT;
"""
CLIENTS = (1, 2, 4, 8, 16, 32, 64)


def measure(lab, row):
    cluster = lab.cluster()
    server = lab.server(cluster.create("qkron"))
    server.close()  # It has made the tables and the account.
    database = lab.enter_context(server.database())
    cluster.create("bench")
    with cluster.connect("bench") as bench:
        bench.execute("CREATE TABLE runs (id bigserial PRIMARY KEY, task int NOT NULL, status text NOT NULL)")
    script = lab.write("actions.sql", SCRIPT)
    seconds = lab.pick(1, 4)
    best = max(CLIENTS, key=lambda clients: cluster.transactions("bench", clients, seconds, "-f", script))
    capacities = (64, 1024)
    reference, rates, cpu = [], {capacity: [] for capacity in capacities}, []
    for _ in range(lab.rounds):
        for capacity in capacities:
            reference.append(cluster.transactions("bench", best, seconds, "-f", script))
            rate, used = run(lab, cluster, database, capacity, lab.pick(5_000, 50_000))
            rates[capacity].append(rate)
            if capacity == capacities[-1]:
                cpu.append(used)
    name = f"pgbench, {best} clients"
    for capacity in capacities:
        row.compare(f"MAX_CONCURRENCY {capacity}", median(rates[capacity]), "/s", median(reference), name, at_least=5)
    parts = {part: median(round[part] for round in cpu) for part in cpu[0]}
    row.note(f"processor time an action, MAX_CONCURRENCY {capacities[-1]}: "
             + ", ".join(f"{part} {microseconds:.0f} µs" for part, microseconds in parts.items()))
    row.note("MAX_CONCURRENCY raised from 64 to 1024 in the second figure; all wait already when the engine starts")


def run(lab, cluster, database, capacity, count):
    """Actions a second from the first claim to the last record, and the processor time of each in microseconds."""
    clear_tasks(database)
    add_tasks(database, count, "cron", "'0 0 1 1 *'", next_run="now() + interval '1 year'")
    database.execute("UPDATE qkron.tasks SET task_type = 'nothing'")
    database.execute(
        """
        INSERT INTO qkron.executions (id, task_id, trigger, scheduled_for, status, priority, not_before, created_at)
        SELECT gen_random_uuid(), id, 'manual', now(), 'pending', priority, now(), now() FROM qkron.tasks
        """)
    database.execute("VACUUM ANALYZE qkron.tasks, qkron.executions")
    before = cluster.cpu_seconds()
    program = os.path.join(os.environ["SCRATCH"], "release", "EngineBenchmark")
    engine = lab.start([program, cluster.url("qkron"), str(capacity)], signal.SIGTERM)
    wait(lambda: count_unfinished(database) == 0, f"{count} actions", patience=300, pause=0.2)
    ours = machine.cpu_seconds(engine.pid)[0]
    postgres = cluster.cpu_seconds() - before
    end(engine, signal.SIGTERM)
    bad, seconds = database.execute(
        "SELECT count(*) FILTER (WHERE status <> 'completed'),"
        " extract(epoch FROM max(ended_at) - min(started_at))::float8 FROM qkron.executions").fetchone()
    assert bad == 0, f"{bad} actions did not complete"
    return count / seconds, {"engine": ours / count * 1e6, "PostgreSQL": postgres / count * 1e6}
