-- What a list shows of long output, apart from the whole, which takes a tenth of a second to read.

ALTER TABLE qkron.execution_output
    -- Head and tail of a text longer than 16 KiB; null for a shorter one, which is read itself. Servers of the version
    -- before leave them null: what they write while they are replaced is read as a whole.
    ADD COLUMN stdout_head  text,
    ADD COLUMN stdout_tail  text,
    ADD COLUMN stderr_head  text,
    ADD COLUMN stderr_tail  text;

-- The length of a stored text is known without reading it.
UPDATE qkron.execution_output
SET stdout_head = CASE WHEN octet_length(stdout) > 16384 THEN left(stdout, 8192) END,
    stdout_tail = CASE WHEN octet_length(stdout) > 16384 THEN right(stdout, 8192) END,
    stderr_head = CASE WHEN octet_length(stderr) > 16384 THEN left(stderr, 8192) END,
    stderr_tail = CASE WHEN octet_length(stderr) > 16384 THEN right(stderr, 8192) END
WHERE octet_length(stdout) > 16384 OR octet_length(stderr) > 16384;
