-- The tool calls of one segment (?1) that are no copies.
-- {key} is what is grouped by; a call whose key is NULL is not asked for, but shares its response's cost.
--
-- Columns: place of the response that made the call; key; status; whether the call lies within ?2 <= t < ?3 (ms);
-- duration (ms, of calls that ran to their end: as the tool reports it, else from call to result); whether the tool
-- reported it; length of the result (characters).
SELECT
    t.response,
    {key},
    t.status,
    t.started_at >= ?2 AND t.started_at < ?3,
    CASE WHEN t.status IN ('ok', 'error') THEN coalesce(t.duration_ms, t.ended_at - t.started_at) END,
    t.duration_ms IS NOT NULL,
    t.result_chars
FROM segments g CROSS JOIN tool_calls t USING (segment)
WHERE g.segment = ?1 AND t.position > g.inherited_until
