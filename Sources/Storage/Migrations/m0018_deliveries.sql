-- Messages that are owed to someone, written with the end of the run that they tell of.

CREATE TABLE qkron.deliveries (
    -- What the receiver knows the message by, whichever try it is.
    id            uuid PRIMARY KEY,
    execution_id  uuid NOT NULL REFERENCES qkron.executions (id) ON DELETE CASCADE,
    kind          text NOT NULL CHECK (kind IN ('callback')),
    -- Whose task it is; null for the service key. No owner takes all places of a server.
    owner_id      uuid,
    -- As it was when the run ended.
    url           text NOT NULL,
    status        text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent', 'failed')),
    -- Tries that ended.
    tries         integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    error         text,
    -- The next try starts no earlier; while a server is at one, when it is taken for dead.
    next_try      timestamptz CHECK ((status = 'pending') = (next_try IS NOT NULL)),
    -- The right to the try under way: whoever has lost it records nothing.
    lease         uuid CHECK (lease IS NULL OR status = 'pending'),
    sent_at       timestamptz CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
    created_at    timestamptz NOT NULL,
    -- Led by the execution: this is how one is found with it, and goes with it.
    UNIQUE (execution_id, kind)
);

CREATE INDEX deliveries_due ON qkron.deliveries (next_try) WHERE status = 'pending';
