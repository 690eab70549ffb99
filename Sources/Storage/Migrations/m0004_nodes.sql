-- Labels, what tasks require of a server, and servers that are drained.

ALTER TABLE qkron.nodes
    ADD COLUMN labels       text[] NOT NULL DEFAULT '{}',
    -- Outlives the server's restarts: whoever drained it says when it is over.
    ADD COLUMN is_draining  boolean NOT NULL DEFAULT false;

-- Only a server that carries all of them makes the task's attempts.
ALTER TABLE qkron.tasks ADD COLUMN requires text[] NOT NULL DEFAULT '{}';

-- From here on epochs come from the sequence of the fencing tokens, so that none comes twice even when a node that was
-- forgotten returns: it must be past those that were counted.
SELECT setval('qkron.fencing_tokens', greatest(
    (SELECT last_value FROM qkron.fencing_tokens), (SELECT coalesce(max(epoch), 1) FROM qkron.nodes)));
