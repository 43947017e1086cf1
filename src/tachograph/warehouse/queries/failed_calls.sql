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
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY name, target, error ORDER BY started_at DESC, session_id, id) AS nth
    FROM failed
), clusters AS (
    SELECT name, target, error, count(*) AS calls, count(DISTINCT root_id) AS sessions, max(started_at) AS last_at,
           max(CASE nth WHEN 1 THEN session_id END), max(CASE nth WHEN 1 THEN id END)
    FROM ranked GROUP BY name, target, error
)
SELECT *, sum(calls) OVER (), count(*) OVER ()
FROM clusters ORDER BY calls DESC, last_at DESC, name, target, error LIMIT ?
