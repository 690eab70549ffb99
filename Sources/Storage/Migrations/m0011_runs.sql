-- Filled by its chapter.
SELECT 1;
