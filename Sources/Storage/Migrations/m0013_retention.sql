-- Pruned rows leave their place sooner than a fifth of a large table is dead: what finds the oldest rows by an index passes
-- over the dead ones before them.
ALTER TABLE qkron.executions SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE qkron.execution_output SET (autovacuum_vacuum_scale_factor = 0.05);
