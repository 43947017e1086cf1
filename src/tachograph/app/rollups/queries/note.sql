-- Which main sessions are to be described anew, because of the warehouse's changes after :noted.

DELETE FROM temp.changed;

DELETE FROM temp.batch;

INSERT INTO temp.changed SELECT key FROM changes WHERE revision > :noted AND +kind = 0; -- by revision: there are few

-- Those that the changed sessions belong to, and did belong to.
INSERT INTO temp.batch
SELECT s.root_id FROM temp.changed c CROSS JOIN sessions s USING (session)
UNION
SELECT r.id FROM temp.changed c CROSS JOIN roll.members m USING (session) CROSS JOIN roll.roots r USING (root);

INSERT OR IGNORE INTO roll.waiting (id) SELECT id FROM temp.batch;

-- Those that opened alike, each the next one after one of these: whether it is a retry depends on the one before it.
INSERT OR IGNORE INTO roll.waiting (id)
SELECT id FROM (
    SELECT (SELECT x.id FROM roll.roots x
            WHERE x.opening_hash = r.opening_hash AND x.project = r.project AND (x.started_at, x.id) > (r.started_at, r.id)
            ORDER BY x.started_at, x.id LIMIT 1) AS id
    FROM temp.batch b CROSS JOIN roll.roots r ON r.id = b.id
    UNION
    SELECT (SELECT x.id FROM sessions x
            WHERE x.opening_hash = s.opening_hash AND x.project = s.project AND x.kind = 'main'
            AND (x.started_at, x.id) > (s.started_at, s.id)
            ORDER BY x.started_at, x.id LIMIT 1)
    FROM temp.batch b CROSS JOIN sessions s ON s.id = b.id
) WHERE id IS NOT NULL;

-- Verdicts are relative to other sessions of the task type.
INSERT OR IGNORE INTO roll.waiting_types
SELECT n.text FROM temp.batch b CROSS JOIN roll.roots r ON r.id = b.id CROSS JOIN roll.names n ON n.name = r.task_type
WHERE n.text <> ''
UNION
SELECT s.task_type FROM temp.batch b CROSS JOIN sessions s ON s.id = b.id
WHERE s.kind = 'main' AND s.task_type IS NOT NULL;
