-- Tasks, and the history of when they were due.

CREATE TABLE qkron.tasks (
    id              uuid PRIMARY KEY,
    owner_id        uuid NOT NULL REFERENCES qkron.users (id) ON DELETE CASCADE,
    name            text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
    description     text,
    task_type       text NOT NULL,
    parameters      jsonb NOT NULL,
    schedule_type   text NOT NULL CHECK (schedule_type IN ('cron', 'interval', 'once')),
    schedule        text NOT NULL,
    timezone        text NOT NULL,
    starts_at       timestamptz,
    ends_at         timestamptz,
    anchor          timestamptz CHECK ((schedule_type = 'interval') = (anchor IS NOT NULL)),
    once_at         timestamptz CHECK ((schedule_type = 'once') = (once_at IS NOT NULL)),
    -- Since when the fields above are as they are: a once time before it was already past when it was asked for.
    timing_since    timestamptz NOT NULL,
    misfire_policy  text NOT NULL CHECK (misfire_policy IN ('fire_once', 'skip', 'fire_all')),
    misfire_grace   integer NOT NULL CHECK (misfire_grace BETWEEN 0 AND 86400),
    overlap_policy  text NOT NULL CHECK (overlap_policy IN ('skip', 'queue', 'allow', 'cancel_previous')),
    timeout         integer NOT NULL CHECK (timeout BETWEEN 1 AND 86400),
    max_retries     integer NOT NULL CHECK (max_retries BETWEEN 0 AND 10),
    retry_delay     integer NOT NULL CHECK (retry_delay BETWEEN 0 AND 86400),
    retry_backoff   text NOT NULL CHECK (retry_backoff IN ('fixed', 'exponential')),
    priority        integer NOT NULL CHECK (priority BETWEEN 1 AND 10),
    tags            text[] NOT NULL,
    metadata        jsonb,
    is_active       boolean NOT NULL,
    status          text NOT NULL
        CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled', 'skipped')),
    retry_count     integer NOT NULL DEFAULT 0,
    -- The next slot. Null: inactive, cancelled, spent, or the owner is disabled.
    next_run        timestamptz CHECK (next_run IS NULL OR is_active),
    last_run        timestamptz,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL
) WITH (fillfactor = 80);

CREATE INDEX tasks_due ON qkron.tasks (next_run) WHERE next_run IS NOT NULL;
CREATE INDEX tasks_by_owner ON qkron.tasks (owner_id, created_at DESC, id DESC);
CREATE INDEX tasks_newest ON qkron.tasks (created_at DESC, id DESC);

-- One row is what was in force from one change to the next. It answers for slots that left no execution.
CREATE TABLE qkron.task_schedules (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id          uuid NOT NULL REFERENCES qkron.tasks (id) ON DELETE CASCADE,
    valid_from       timestamptz NOT NULL,
    valid_until      timestamptz CHECK (valid_until >= valid_from),
    schedule_type    text NOT NULL,
    schedule         text NOT NULL,
    timezone         text NOT NULL,
    dst_policy       text NOT NULL DEFAULT 'standard',
    starts_at        timestamptz,
    ends_at          timestamptz,
    anchor           timestamptz,
    once_at          timestamptz,
    is_active        boolean NOT NULL,
    owner_is_active  boolean NOT NULL
);

CREATE UNIQUE INDEX task_schedules_current ON qkron.task_schedules (task_id) WHERE valid_until IS NULL;
CREATE INDEX task_schedules_history ON qkron.task_schedules (task_id, valid_from);
