-- Main sessions with something in the selection, all of whose logs (those of their subagents too) were last read by a
-- version that kept too little: `agent`, and which detectors have found something there all the same (JSON array).
WITH roots AS (
    SELECT s.root_id AS id, min(l.agent) AS agent
    FROM logs l JOIN segments g USING (log) JOIN sessions s ON s.id = g.session
    WHERE {old} AND {where}
    GROUP BY s.root_id
)
SELECT r.agent, (
    SELECT json_group_array(DISTINCT f.detector)
    FROM sessions s JOIN segments g ON g.session = s.id JOIN findings f USING (segment) WHERE s.root_id = r.id)
FROM roots r
WHERE NOT EXISTS (
    SELECT 1 FROM sessions s JOIN segments g ON g.session = s.id JOIN logs l USING (log)
    WHERE s.root_id = r.id AND NOT {old})
