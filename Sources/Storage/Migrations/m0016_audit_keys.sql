-- What a key did is its owner's doing: actor_id names the account now, and these the key. Rows are never changed, so those
-- of versions before keep the key's id in actor_id; servers of the version before go on writing such rows.
ALTER TABLE qkron.audit
    -- Of a key that may be gone by now.
    ADD COLUMN api_key_id    uuid,
    ADD COLUMN api_key_name  text,
    ADD CONSTRAINT audit_key_is_named CHECK ((api_key_id IS NULL) = (api_key_name IS NULL))
        -- Both are null in all rows there are: looking would hold up whoever changes something.
        NOT VALID;

-- What a key that got out has done. Changes by people pay nothing.
CREATE INDEX audit_of_api_key ON qkron.audit (api_key_id, at) WHERE api_key_id IS NOT NULL;
