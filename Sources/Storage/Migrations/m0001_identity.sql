-- Accounts, and facts about the whole installation.

CREATE TABLE qkron.users (
    id                uuid PRIMARY KEY,
    email             text NOT NULL CHECK (char_length(email) BETWEEN 3 AND 255),
    username          text NOT NULL CHECK (char_length(username) BETWEEN 1 AND 255),
    -- What the two are compared by: NFC in lower case, made by the server, since lower() here knows ASCII alone.
    email_key         text NOT NULL CHECK (strpos(email_key, '@') > 0),
    username_key      text NOT NULL,
    password_hash     text NOT NULL,
    role              text NOT NULL CHECK (role IN ('superuser', 'user')),
    is_active         boolean NOT NULL DEFAULT true,
    -- Tokens carry the generation they were made in; older ones are revoked.
    token_generation  bigint NOT NULL DEFAULT 0,
    created_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_login_at     timestamptz,
    -- A username may hold '@' only as the account's own e-mail. So the unique key of e-mails alone makes sure that a
    -- login name never fits two accounts.
    CONSTRAINT users_one_login CHECK (strpos(username, '@') = 0 OR username_key = email_key)
);

CREATE UNIQUE INDEX users_email ON qkron.users (email_key);
CREATE UNIQUE INDEX users_username ON qkron.users (username);
CREATE INDEX users_username_key ON qkron.users (username_key);

CREATE TABLE qkron.settings (
    key         text PRIMARY KEY,
    value       jsonb NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
