-- Servers, and the runs they make.

CREATE TABLE qkron.nodes (
    id                uuid PRIMARY KEY,
    name              text NOT NULL,
    -- Counts the starts on the node's data directory: an older one of the same node has no rights any more.
    epoch             bigint NOT NULL,
    version           text NOT NULL,
    capacity          integer NOT NULL,
    running           integer NOT NULL DEFAULT 0,
    -- Moves with every renewal, so that others can tell a silent node by their own clocks as well.
    heartbeat         bigint NOT NULL DEFAULT 0,
    lease_seconds     integer NOT NULL,
    lease_expires_at  timestamptz NOT NULL,
    started_at        timestamptz NOT NULL,
    last_seen_at      timestamptz NOT NULL
);

-- One sequence for all tasks: a token only has to be larger than every earlier one.
CREATE SEQUENCE qkron.fencing_tokens AS bigint;

CREATE TABLE qkron.executions (
    id                  uuid PRIMARY KEY,
    task_id             uuid NOT NULL REFERENCES qkron.tasks (id) ON DELETE CASCADE,
    trigger             text NOT NULL
        CHECK (trigger IN ('schedule', 'manual', 'webhook', 'dependency', 'retry', 'backfill')),
    scheduled_for       timestamptz NOT NULL,
    status              text NOT NULL
        CHECK (status IN ('pending', 'running', 'completed', 'failed', 'timeout', 'cancelled', 'skipped')),
    reason              text,
    priority            integer NOT NULL,
    -- The next attempt starts no earlier.
    not_before          timestamptz NOT NULL,
    -- Attempts started, counting on from the lost run under trigger 'retry'.
    attempt_number      integer NOT NULL DEFAULT 0,
    earlier_attempts    jsonb NOT NULL DEFAULT '[]',
    attempt_status      text,
    attempt_reason      text,
    attempt_started_at  timestamptz,
    attempt_ended_at    timestamptz,
    started_at          timestamptz,
    ended_at            timestamptz,
    return_code         integer,
    error               text,
    result              jsonb,
    retry_of            uuid,
    node_id             uuid,
    node_epoch          bigint,
    node_name           text,
    fencing_token       bigint,
    -- Whether it started while its task allowed one run at a time.
    is_exclusive        boolean NOT NULL DEFAULT false,
    -- The wish that a running execution end, handed over with the node's next renewal.
    cancel_reason       text,
    created_at          timestamptz NOT NULL,
    CHECK ((status IN ('pending', 'running')) = (ended_at IS NULL)),
    CHECK (status <> 'running' OR (node_id IS NOT NULL AND fencing_token IS NOT NULL AND started_at IS NOT NULL))
) WITH (fillfactor = 80);

-- A slot becomes one execution, whoever fires it.
CREATE UNIQUE INDEX executions_slot ON qkron.executions (task_id, scheduled_for) WHERE trigger = 'schedule';
-- Two runs of a task never overlap, unless the task allows it.
CREATE UNIQUE INDEX executions_exclusive ON qkron.executions (task_id) WHERE status = 'running' AND is_exclusive;
CREATE INDEX executions_of_task ON qkron.executions (task_id, created_at DESC, id DESC);
CREATE INDEX executions_claimable ON qkron.executions (priority DESC, scheduled_for, id) WHERE status = 'pending';
-- Only a further attempt waits for a time. Narrow, so that nobody looks for what is ready here and sorts it all.
CREATE INDEX executions_waiting ON qkron.executions (not_before) WHERE status = 'pending' AND attempt_number > 0;
CREATE INDEX executions_unfinished ON qkron.executions (task_id) WHERE status IN ('pending', 'running');
CREATE INDEX executions_running ON qkron.executions (node_id) WHERE status = 'running';

-- Apart, so that lists and leases never read it.
CREATE TABLE qkron.execution_output (
    execution_id      uuid PRIMARY KEY REFERENCES qkron.executions (id) ON DELETE CASCADE,
    stdout            text NOT NULL,
    stderr            text NOT NULL,
    stdout_truncated  boolean NOT NULL,
    stderr_truncated  boolean NOT NULL
);
