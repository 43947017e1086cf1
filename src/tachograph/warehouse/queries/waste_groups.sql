-- Findings in sums by {key}. `roots` are main sessions with their subagents folded in.
SELECT
    {key} AS key,
    count(*) AS findings,
    count(DISTINCT s.root_id) AS roots,
    count(DISTINCT s.id) AS sessions,
    sum(f.count) AS times,
    sum(f.tokens) AS tokens,
    sum(f.carried_tokens) AS carried_tokens,
    sum_pico(f.cost_pico) AS pico,
    sum(f.cost_pico IS NULL) AS unpriced,
    sum(f.tokens IS NULL) AS unweighed
FROM findings f
JOIN segments g USING (segment)
JOIN sessions s ON s.id = g.session
WHERE {where}
GROUP BY 1 ORDER BY pico IS NULL, pico DESC, findings DESC, key
