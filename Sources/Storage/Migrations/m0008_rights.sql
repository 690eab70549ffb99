-- Viewers, tasks of the service key, keys for programs, and who changed what.

-- First what needs the strongest locks, tasks before users: so do the servers that work meanwhile.
ALTER TABLE qkron.tasks
    -- Null: the service key made the task.
    ALTER COLUMN owner_id DROP NOT NULL;
ALTER TABLE qkron.users
    DROP CONSTRAINT users_role_check,
    ADD CONSTRAINT users_role_check CHECK (role IN ('superuser', 'user', 'viewer'));

CREATE TABLE qkron.api_keys (
    id            uuid PRIMARY KEY,
    owner_id      uuid NOT NULL REFERENCES qkron.users (id) ON DELETE CASCADE,
    name          text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
    -- The first characters of the secret; of the rest only the SHA-256 is kept.
    prefix        text NOT NULL,
    secret_hash   bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    scopes        text[] NOT NULL CHECK (cardinality(scopes) > 0),
    expires_at    timestamptz,
    -- Within a minute.
    last_used_at  timestamptz,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked_at    timestamptz
);

CREATE UNIQUE INDEX api_keys_secret ON qkron.api_keys (secret_hash);
CREATE INDEX api_keys_by_owner ON qkron.api_keys (owner_id, created_at DESC, id DESC);

-- One row a change, written in its transaction, and never changed.
CREATE TABLE qkron.audit (
    id             uuid NOT NULL,
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
    changes        jsonb NOT NULL DEFAULT '{}',
    -- Read newest first, and pruned oldest first. Every run by hand is entered, so there are no more indexes than needed.
    PRIMARY KEY (at, id)
);

CREATE INDEX audit_of_resource ON qkron.audit (resource_id, at);
CREATE INDEX audit_of_actor ON qkron.audit (actor_id, at);
