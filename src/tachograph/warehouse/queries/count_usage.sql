-- Rows for usage_quarters: the counted responses of the segments that `owned` gives as (session, segment), as far as
-- their started_at is `within`. (The view counted_responses would be computed whole.)
INSERT INTO {target}
WITH owned AS ({owned}), counted AS (
    SELECT w.session, r.started_at, r.model, r.branch, r.pass, r.input, r.cache_read, r.cache_write_5m, r.cache_write_1h,
           r.output, r.reasoning, r.web_searches, r.cost_pico, r.reliable
    FROM owned w CROSS JOIN responses r USING (segment)
    WHERE r.counted = 1
      AND NOT EXISTS (SELECT 1 FROM better_copies b WHERE b.segment = r.segment AND b.position = r.position)
    UNION ALL
    SELECT w.session, o.started_at, r.model, o.branch, r.pass, r.input, r.cache_read, r.cache_write_5m, r.cache_write_1h,
           r.output, r.reasoning, r.web_searches, r.cost_pico, max(o.reliable, r.reliable)
    FROM owned w CROSS JOIN better_copies b USING (segment)
    CROSS JOIN responses r ON r.segment = b.better_segment AND r.position = b.better_position
    CROSS JOIN responses o ON o.segment = b.segment AND o.position = b.position AND o.pass = 0
)
SELECT session, started_at / 900000, model, coalesce(branch, ''), sum(pass = 0), sum(input), sum(cache_read),
       sum(cache_write_5m), sum(cache_write_1h), sum(output), sum(reasoning), sum(web_searches), sum_pico(cost_pico),
       sum(cost_pico IS NULL AND pass = 0), sum(pass = 0 AND NOT reliable)
FROM counted WHERE {within} GROUP BY 1, 2, 3, 4;
