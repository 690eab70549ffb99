-- Apart from what locks tasks: while an index of a long history is built, servers of the version before go on reading.

-- First attempts that wait for their delay; further ones are in executions_waiting.
CREATE INDEX executions_delayed ON qkron.executions (not_before) WHERE status = 'pending' AND reason = 'jitter';
-- Retries and reruns, found by the slot that they repeat.
CREATE INDEX executions_repeats ON qkron.executions (task_id, scheduled_for) WHERE retry_of IS NOT NULL;
-- All executions in one line. Of the instant alone: it only grows, so that an entry costs next to nothing, and few
-- executions share one.
CREATE INDEX executions_newest ON qkron.executions (created_at);
