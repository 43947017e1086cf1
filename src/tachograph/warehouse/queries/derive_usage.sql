-- The quarter-hours of each dirty session.

DELETE FROM usage_quarters WHERE session IN (
    SELECT session FROM sessions WHERE id IN (SELECT id FROM dirty_sessions));

DELETE FROM usage_quarters WHERE session NOT IN (SELECT session FROM sessions);

INSERT INTO usage_quarters
SELECT n.session, r.started_at / 900000, r.model, coalesce(r.branch, ''), sum(r.pass = 0), sum(r.input), sum(r.cache_read),
       sum(r.cache_write_5m), sum(r.cache_write_1h), sum(r.output), sum(r.reasoning), sum(r.web_searches),
       sum(r.cost_pico), sum(r.cost_pico IS NULL AND r.pass = 0), sum(r.pass = 0 AND NOT r.reliable)
FROM dirty_sessions d
JOIN sessions n ON n.id = d.id
JOIN segments s ON s.session = d.id
JOIN counted_responses r ON r.segment = s.segment
GROUP BY n.session, r.started_at / 900000, r.model, coalesce(r.branch, '');
