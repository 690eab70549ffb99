-- Wrong passwords of the last minutes, by which all servers together end the guessing, and where accounts were logged in
-- from, so that whoever guesses elsewhere does not keep the owner out.

CREATE TABLE qkron.login_failures (
    -- A digest of the name that was tried, whether there is such an account or not: what people type there by mistake
    -- may be a password.
    name_digest  bytea NOT NULL,
    -- An IPv4 address or an IPv6 /64; empty where it is not known.
    address      text NOT NULL,
    -- At most as many as are let pass, oldest first.
    failed_at    timestamptz[] NOT NULL,
    last_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (name_digest, address)
);

CREATE INDEX login_failures_oldest ON qkron.login_failures (last_at);

CREATE TABLE qkron.login_addresses (
    user_id  uuid NOT NULL REFERENCES qkron.users ON DELETE CASCADE,
    address  text NOT NULL,
    last_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (user_id, address)
);
