-- Sessions to be purged: those of the temporary table `chosen(id)` with all below them.
--
-- Columns: id; kind; project; title, else opening; start (ms); end (ms).
WITH RECURSIVE tree(id) AS (
    SELECT id FROM chosen
    UNION
    SELECT s.id FROM chosen c CROSS JOIN sessions s ON s.root_id = c.id
    UNION
    SELECT s.id FROM tree t CROSS JOIN sessions s ON s.parent_id = t.id
)
SELECT s.id, s.kind, s.project, coalesce(s.title, s.opening), s.started_at, s.ended_at
FROM tree t CROSS JOIN sessions s ON s.id = t.id
ORDER BY s.ended_at DESC, s.id
