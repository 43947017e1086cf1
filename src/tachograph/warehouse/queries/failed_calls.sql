-- Where failed calls cluster: calls that failed by themselves, alike in tool, target and error, the most frequent first.
-- {where} is which sessions `s` are meant, {since} a moment (ms) before which none of their calls lies.
--
-- Columns: tool; target (a command's head; where no error text is stored, the path; else NULL); error signature; failed
-- calls; sessions they lie in (subagents folded into theirs); the last one's moment (ms), session and call id;
-- failed calls of all clusters; number of clusters.
WITH failed AS (
    SELECT t.name, t.id, t.started_at, t.error_signature AS error, s.root_id, s.id AS session_id,
           CASE WHEN t.command IS NOT NULL THEN command_head(t.command)
                WHEN t.error_signature IS NULL THEN t.path END AS target
    FROM tool_calls t CROSS JOIN segments g USING (segment) CROSS JOIN sessions s ON s.id = g.session
    WHERE t.status = 'error' AND t.started_at >= {since} AND t.position > g.inherited_until AND {where}
), clusters AS (
    -- SQLite takes the bare columns from the row that has the maximum.
    SELECT name, target, error, count(*) AS calls, count(DISTINCT root_id) AS sessions, max(started_at) AS last_at,
           session_id, id
    FROM failed GROUP BY name, target, error
)
SELECT *, sum(calls) OVER (), count(*) OVER ()
FROM clusters ORDER BY calls DESC, last_at DESC, name, target, error LIMIT ?
