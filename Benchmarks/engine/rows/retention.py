"""Lateness while ten million executions past retention are pruned, against lateness while nothing is."""

import re
import time

from engine.figures import median, percentile
from engine.rows.lateness import run
from engine.server import clear_tasks

KEEP = {"EXECUTION_RETENTION_DAYS": 0, "EXECUTION_RETENTION_PER_TASK": 0, "OUTPUT_RETENTION_DAYS": 0,
        "AUDIT_RETENTION_DAYS": 0}
PRUNE = {**KEEP, "EXECUTION_RETENTION_DAYS": 90}
OWNERS = 1_000
TASKS = 100

# What is old belongs to tasks that never come due: a hundred days of them, so that ids are in the order of time.
HISTORY = """
    INSERT INTO qkron.executions (
        id, task_id, trigger, scheduled_for, status, priority, not_before, attempt_number, attempt_status,
        attempt_started_at, attempt_ended_at, started_at, ended_at, return_code, node_id, node_epoch, node_name,
        fencing_token, created_at)
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(i::text), 1, 3)
            || '8' || substr(md5(i::text), 4, 15))::uuid,
           o.ids[1 + i %% %(owners)s], 'schedule', at, 'completed', 5, at, 1, 'completed', at, at, at, at, 0, o.ids[1], 1,
           'benchmark', i, at
    FROM (SELECT array_agg(id) AS ids FROM qkron.tasks WHERE name LIKE 'old %%') AS o
    CROSS JOIN generate_series(1, %(count)s) AS i
    CROSS JOIN LATERAL (SELECT now() - interval '200 days' + i * (interval '100 days' / %(count)s) AS at) AS moment
"""
OUTPUT = """
    INSERT INTO qkron.execution_output (execution_id, stdout, stderr, stdout_truncated, stderr_truncated)
    SELECT id, 'done ' || fencing_token, '', false, false FROM qkron.executions
"""


def measure(lab, row):
    cluster = lab.cluster(("max_wal_size=4GB",))
    url = cluster.create("qkron")
    with lab.server(url, settings=KEEP) as server, server.database() as database:
        data_dir = server.data_dir
        seconds = store(database, lab.pick(200_000, 10_000_000))
    row.note(f"stored by SQL in {seconds:.0f} s; PostgreSQL with max_wal_size 4GB, else its defaults")

    lateness = {"kept": [], "pruned": []}
    gone, spans = 0, 0
    for _ in range(lab.rounds):
        for name, settings in (("kept", KEEP), ("pruned", PRUNE)):
            with lab.server(url, settings=settings, data_dir=data_dir) as server, server.database() as database:
                before, began = pruned_by(server), time.monotonic()
                lateness[name].append(slots(database, lab.pick(5, 20)))
                if name == "pruned":
                    gone += pruned_by(server) - before
                    spans += time.monotonic() - began
    for name, late in lateness.items():
        row.note(f"p99 of each round, {name}: " + ", ".join(f"{percentile(one, 0.99):.1f} ms" for one in late))
    for share in (0.5, 0.99):
        kept, pruned = (median(percentile(late, share) for late in lateness[name]) for name in ("kept", "pruned"))
        row.compare(f"p{share * 100:.0f} lateness of {TASKS} tasks a second while pruning", pruned, "ms", kept,
                    "ms, without", at_most=1.5 if share > 0.9 else None)
    row.value("executions pruned meanwhile, with their output", gone / spans, "/s")


def store(database, executions) -> float:
    """Stores ended executions and their output, and builds the indexes afterwards; the seconds that it took."""
    began = time.monotonic()
    clear_tasks(database)
    owners(database)
    indexes = database.execute(
        """
        SELECT indexdef, format('%I.%I', schemaname, indexname) FROM pg_indexes
        WHERE schemaname = 'qkron' AND tablename = 'executions' AND indexname <> 'executions_pkey'
        """).fetchall()
    database.execute("SET session_replication_role = replica")  # No foreign keys are checked.
    database.execute("DROP INDEX " + ", ".join(name for _, name in indexes))
    database.execute(HISTORY, {"owners": OWNERS, "count": executions})
    database.execute(OUTPUT)
    database.execute("SET maintenance_work_mem = '512MB'")
    for definition, _ in indexes:
        database.execute(definition)
    database.execute("SET session_replication_role = DEFAULT")
    database.execute("VACUUM ANALYZE qkron.executions, qkron.execution_output")
    database.execute("CHECKPOINT")
    return time.monotonic() - began


def owners(database):
    """Tasks that rest, whose history it is."""
    database.execute(
        """
        INSERT INTO qkron.tasks (
            id, owner_id, name, task_type, parameters, schedule_type, schedule, timezone, timing_since, misfire_policy,
            misfire_grace, overlap_policy, timeout, max_retries, retry_delay, retry_backoff, priority, tags, is_active,
            status, created_at, updated_at)
        SELECT gen_random_uuid(), u.id, 'old ' || i, 'command', '{"command": "true"}', 'cron', '* * * * *', 'UTC', now(),
               'fire_once', 60, 'skip', 300, 0, 60, 'fixed', 5, '{}', false, 'completed', now(), now()
        FROM generate_series(1, %s) AS i, (SELECT id FROM qkron.users WHERE username = 'bench') AS u
        """, (OWNERS,))


def pruned_by(server) -> int:
    """Executions that the server says it has pruned."""
    connection = server.connect_http()
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    return int(float(re.search(r'^qkron_pruned_total\{table="executions"\} (\S+)', text, re.MULTILINE)[1]))


def slots(database, seconds):
    """The lateness of 1-second tasks with phases at random, which are gone afterwards."""
    return run(database, TASKS, seconds, "interval", clear=clear_young)[0]


def clear_young(database):
    """Removes what `run` made before, and leaves what is old."""
    database.execute("DELETE FROM qkron.tasks WHERE name NOT LIKE 'old %'")
