-- Apart from the table of what is owed: together they would lock tasks before executions, and pruning does the reverse.
ALTER TABLE qkron.tasks ADD COLUMN callback_url text CHECK (char_length(callback_url) <= 2048);
