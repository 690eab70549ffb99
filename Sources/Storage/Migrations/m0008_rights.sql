-- Who changed what: one row a change, written in its transaction, and never changed.

CREATE TABLE qkron.audit (
    id             uuid PRIMARY KEY,
    at             timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor_type     text NOT NULL CHECK (actor_type IN ('user', 'api_key', 'service', 'system', 'console')),
    -- Of an account or a key that may be gone by now.
    actor_id       uuid,
    actor_name     text,
    action         text NOT NULL,
    resource_type  text NOT NULL,
    resource_id    text,
    ip             text,
    request_id     text,
    -- Field by field, {"from": …, "to": …}; secrets read "***".
    changes        jsonb NOT NULL DEFAULT '{}'
);

CREATE INDEX audit_newest ON qkron.audit (at DESC, id DESC);
CREATE INDEX audit_of_resource ON qkron.audit (resource_type, resource_id, at DESC);
CREATE INDEX audit_of_actor ON qkron.audit (actor_id, at DESC);
