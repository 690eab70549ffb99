-- Executions that did not go well, in one line: few, and often asked for among very many. Those that ended well pay nothing.
CREATE INDEX executions_troubled ON qkron.executions (created_at, status)
    WHERE status IN ('failed', 'timeout', 'cancelled', 'skipped');
