-- The counted responses (and further passes) of the session :root and its subagents, each with when it began: usage is that
-- of its best copy. (The view counted_responses would be computed whole.)
WITH owned AS (
    SELECT g.segment, n.id FROM sessions n CROSS JOIN segments g ON g.session = n.id WHERE n.root_id = :root
), counted AS (
    SELECT w.id, r.segment, r.position, r.pass, r.model, r.started_at, r.input, r.cache_read, r.cache_write_5m,
           r.cache_write_1h, r.output, r.reasoning, r.web_searches, r.cost_pico, r.reliable
    FROM owned w CROSS JOIN responses r USING (segment)
    WHERE r.counted = 1
      AND NOT EXISTS (SELECT 1 FROM better_copies b WHERE b.segment = r.segment AND b.position = r.position)
    UNION ALL
    SELECT w.id, b.segment, b.position, r.pass, r.model, o.started_at, r.input, r.cache_read, r.cache_write_5m,
           r.cache_write_1h, r.output, r.reasoning, r.web_searches, r.cost_pico, max(o.reliable, r.reliable)
    FROM owned w CROSS JOIN better_copies b USING (segment)
    CROSS JOIN responses r ON r.segment = b.better_segment AND r.position = b.better_position
    CROSS JOIN responses o ON o.segment = b.segment AND o.position = b.position AND o.pass = 0
)
SELECT segment, position, pass, model, started_at, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning,
       web_searches, cost_pico, reliable
FROM counted ORDER BY segment, position, pass
