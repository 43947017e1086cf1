-- What stands in the user's place in the sessions {where} (alias `s`), subagents included, copied history left out.
--
-- Columns: root_id: the main session; kind: of the prompt, or `result` of a tool call; number.
SELECT s.root_id, p.kind, count(*)
FROM counted_prompts p JOIN sessions s ON s.id = p.session
WHERE {where}
GROUP BY 1, 2
UNION ALL
SELECT s.root_id, 'result', count(*)
FROM counted_tool_calls t JOIN sessions s ON s.id = t.session
WHERE t.status <> 'missing' AND {where}
GROUP BY 1, 2
