-- Accounts, and facts about the whole installation.

CREATE TABLE qkron.users (
    id                uuid PRIMARY KEY,
    email             text NOT NULL CHECK (char_length(email) BETWEEN 3 AND 255),
    username          text NOT NULL CHECK (char_length(username) BETWEEN 1 AND 255),
    password_hash     text NOT NULL,
    role              text NOT NULL CHECK (role IN ('superuser', 'user')),
    is_active         boolean NOT NULL DEFAULT true,
    -- Tokens carry the generation they were made in; older ones are revoked.
    token_generation  bigint NOT NULL DEFAULT 0,
    created_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_login_at     timestamptz
);

CREATE UNIQUE INDEX users_email ON qkron.users (lower(email));
CREATE UNIQUE INDEX users_username ON qkron.users (username);
-- An e-mail may not be another account's username.
CREATE INDEX users_username_folded ON qkron.users (lower(username));

CREATE TABLE qkron.settings (
    key         text PRIMARY KEY,
    value       jsonb NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
