-- Values of a task's environment that are secret: an object from their names to sealed texts. Null: there are none.

ALTER TABLE qkron.tasks ADD COLUMN sealed_env jsonb CHECK (jsonb_typeof(sealed_env) = 'object');

-- For the change of keys.
CREATE INDEX tasks_with_secrets ON qkron.tasks (id) WHERE sealed_env IS NOT NULL;
