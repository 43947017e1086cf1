-- The batch: the sessions at the top whose ids are in `batch`, with all that lies below them.

DELETE FROM temp.wanted;
DELETE FROM temp.wanted_sessions;
DELETE FROM temp.wanted_segments;

INSERT INTO temp.wanted SELECT r.root, b.id FROM temp.batch b CROSS JOIN roll.roots r ON r.id = b.id;

INSERT INTO temp.wanted
SELECT (SELECT coalesce(max(root), 0) FROM roll.roots) + row_number() OVER (ORDER BY b.id), b.id
FROM temp.batch b
WHERE b.id NOT IN (SELECT id FROM temp.wanted) AND EXISTS (SELECT 1 FROM sessions s WHERE s.root_id = b.id);

INSERT OR IGNORE INTO roll.names (text)
SELECT '' UNION SELECT s.agent FROM temp.wanted w CROSS JOIN sessions s ON s.root_id = w.id
UNION SELECT coalesce(s.project, '') FROM temp.wanted w CROSS JOIN sessions s ON s.root_id = w.id;

INSERT INTO temp.wanted_sessions
SELECT s.session, w.root, p.name, a.name
FROM temp.wanted w CROSS JOIN sessions s ON s.root_id = w.id
    CROSS JOIN roll.names p ON p.text = coalesce(s.project, '') CROSS JOIN roll.names a ON a.text = s.agent;

INSERT INTO temp.wanted_segments
SELECT g.segment, w.session, w.root, g.inherited_until
FROM temp.wanted_sessions w CROSS JOIN sessions s USING (session) CROSS JOIN segments g ON g.session = s.id;
