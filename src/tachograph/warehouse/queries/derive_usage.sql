-- Room for the quarter-hours of the dirty sessions, which count_usage.sql gives.

DELETE FROM usage_quarters WHERE session IN (
    SELECT session FROM sessions WHERE id IN (SELECT id FROM dirty_sessions));

DELETE FROM usage_quarters WHERE session NOT IN (SELECT session FROM sessions);
