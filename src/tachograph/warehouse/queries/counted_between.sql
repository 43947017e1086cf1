-- The counted responses (and further passes) that began within [:since, :until), ms UTC: what their price depends on, and
-- what they cost. (The view counted_responses would be computed whole.)
WITH owned AS (SELECT segment FROM segments WHERE started_at < :until AND ended_at >= :since), counted AS (
    SELECT r.provider, r.model, r.started_at, r.speed, r.input, r.cache_read, r.cache_write_5m, r.cache_write_1h, r.output,
           r.reasoning, r.web_searches, r.cost_pico
    FROM owned w CROSS JOIN responses r USING (segment)
    WHERE r.counted = 1
      AND NOT EXISTS (SELECT 1 FROM better_copies b WHERE b.segment = r.segment AND b.position = r.position)
    UNION ALL
    SELECT r.provider, r.model, o.started_at, r.speed, r.input, r.cache_read, r.cache_write_5m, r.cache_write_1h, r.output,
           r.reasoning, r.web_searches, r.cost_pico
    FROM owned w CROSS JOIN better_copies b USING (segment)
    CROSS JOIN responses r ON r.segment = b.better_segment AND r.position = b.better_position
    CROSS JOIN responses o ON o.segment = b.segment AND o.position = b.position AND o.pass = 0
)
SELECT provider, model, started_at, speed, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning,
       web_searches, cost_pico
FROM counted WHERE started_at >= :since AND started_at < :until
