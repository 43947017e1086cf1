-- What each dirty session used in all, from its quarter-hours.

UPDATE sessions SET (real_tokens, input_tokens, unreliable, model) = (
    SELECT coalesce(sum(u.input + u.cache_write_5m + u.cache_write_1h + u.output), 0),
        coalesce(sum(u.input + u.cache_write_5m + u.cache_write_1h), 0),
        coalesce(sum(u.unreliable), 0),
        (SELECT m.model FROM usage_quarters m WHERE m.session = sessions.session
         GROUP BY m.model ORDER BY sum(m.output) DESC, m.model LIMIT 1)
    FROM usage_quarters u WHERE u.session = sessions.session)
WHERE id IN (SELECT id FROM dirty_sessions);
