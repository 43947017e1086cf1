-- Segments in the order in which their records are exported: by their session's end and id, then as the session is
-- joined from its logs. {where} is which sessions `s` are meant.
--
-- Columns: segment; session id; agent; project.
SELECT g.segment, s.id, s.agent, s.project
FROM sessions s CROSS JOIN segments g ON g.session = s.id CROSS JOIN logs l USING (log)
WHERE {where}
ORDER BY s.ended_at, s.id, g.ordinal > 0, g.started_at IS NULL, g.started_at, l.path_hash, g.ordinal
