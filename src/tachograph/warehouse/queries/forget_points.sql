-- The KPIs of what has changed are to be computed anew: of the dirty sessions, and of the subagents that were compared
-- with one of these.
CREATE TEMP TABLE IF NOT EXISTS changed_points (session TEXT PRIMARY KEY);

DELETE FROM changed_points;

INSERT OR IGNORE INTO changed_points
SELECT id FROM dirty_sessions
UNION
SELECT o.id
FROM former_roots f
JOIN sessions s ON s.id = f.id AND s.kind = 'subagent'
JOIN sessions o ON o.root_id IN (f.root_id, s.root_id) AND o.kind = 'subagent';

DELETE FROM points WHERE session IN (SELECT session FROM changed_points);

DELETE FROM kpis WHERE session IN (SELECT session FROM changed_points);
