-- What callers keep with a task, and by what its name is found.

-- As it was written: jsonb would spell every number anew, and make of 1e20 an integer beyond 64 bits.
ALTER TABLE qkron.tasks ALTER COLUMN metadata TYPE json;

-- The name in NFC and lower case, made by the server, since lower() here knows ASCII alone. Null where the name was
-- written by a server of the version before.
ALTER TABLE qkron.tasks ADD COLUMN name_key text;
