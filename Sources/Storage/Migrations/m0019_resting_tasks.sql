-- The tasks whose owners may not run them, which each start of a server looks through.
CREATE INDEX task_schedules_resting ON qkron.task_schedules (task_id) WHERE valid_until IS NULL AND NOT owner_is_active;
