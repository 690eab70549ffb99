-- What a task waits for, who may start it from outside, and output that is shown as it comes.

ALTER TABLE qkron.tasks
    -- Ids of tasks, which may have been deleted since. Null where there were never any.
    ADD COLUMN dependencies  uuid[] CHECK (cardinality(dependencies) <= 100),
    -- SHA-256 of the secret that starts the task by webhook; null without one.
    ADD COLUMN webhook_hash  bytea CHECK (octet_length(webhook_hash) = 32);

-- Executions whose output somebody wishes to see as it comes.
CREATE TABLE qkron.output_watches (
    execution_id  uuid PRIMARY KEY,
    until         timestamptz NOT NULL
);

-- What running attempts have written, while they are watched: the latest of each stream. Neither table refers to
-- executions, so that nobody else pays for it; what is left of ended ones is swept.
CREATE TABLE qkron.live_output (
    execution_id  uuid NOT NULL,
    attempt       integer NOT NULL,
    stream        text NOT NULL CHECK (stream IN ('stdout', 'stderr')),
    -- In bytes of the text; and where it ends in bytes as the command wrote them.
    begins_at     bigint NOT NULL,
    ends_at       bigint NOT NULL,
    raw_end       bigint NOT NULL,
    text          text NOT NULL,
    PRIMARY KEY (execution_id, attempt, stream, begins_at)
);
