-- What the subagents below the session :root have read, or printed by commands: each result once for each segment that
-- holds it, those of one `hash` together.
SELECT t.result_hash AS hash, g.segment
FROM sessions s
CROSS JOIN segments g ON g.session = s.id
CROSS JOIN tool_calls t ON t.segment = g.segment AND t.position > g.inherited_until
WHERE s.root_id = :root AND s.kind = 'subagent'
  AND t.category IN ('read', 'shell') AND t.status = 'ok' AND t.result_kind = '' AND t.result_chars > 0
  AND t.result_hash IS NOT NULL
GROUP BY t.result_hash, g.segment ORDER BY t.result_hash, g.segment
