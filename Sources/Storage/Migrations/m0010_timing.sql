-- What cron tasks do when the clock changes, delayed starts, the global pause, and what answers for single slots.

ALTER TABLE qkron.tasks
    ADD COLUMN dst_policy     text NOT NULL DEFAULT 'standard'
        CHECK (dst_policy IN ('standard', 'skip', 'once', 'twice')),
    ADD COLUMN jitter         integer NOT NULL DEFAULT 0 CHECK (jitter BETWEEN 0 AND 86400),
    -- Executions of slots up to here may have been pruned.
    ADD COLUMN pruned_before  timestamptz;

-- When no server fired anything. One row is a pause, the present one without an end.
CREATE TABLE qkron.scheduler_pauses (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    paused_at   timestamptz NOT NULL,
    -- The name of whoever asked, as it was then.
    paused_by   text,
    resumed_at  timestamptz CHECK (resumed_at >= paused_at)
);
CREATE UNIQUE INDEX scheduler_pauses_current ON qkron.scheduler_pauses ((true)) WHERE resumed_at IS NULL;
