-- What was derived anew has changed, for those who keep sums of their own: the sessions that forget_points.sql found.
-- Those that are gone have been noted by a trigger.
INSERT OR REPLACE INTO changes
SELECT 0, s.session, (SELECT coalesce(max(revision), 0) + 1 FROM changes)
FROM changed_points c CROSS JOIN sessions s ON s.id = c.session;
