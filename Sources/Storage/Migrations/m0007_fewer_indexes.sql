-- One index of what has not ended instead of three: every version of an execution is entered into each of them.

-- First what needs the strongest lock: a weaker one, made stronger later, meets the servers that work meanwhile in a circle.
DROP INDEX qkron.executions_unfinished;
DROP INDEX qkron.executions_in_progress;
DROP INDEX qkron.executions_in_line;
-- With a task's runs in progress first, in the order of their start, and then those that wait, in line.
CREATE INDEX executions_unended ON qkron.executions (task_id, started_at, scheduled_for, id)
    WHERE status IN ('pending', 'running');
