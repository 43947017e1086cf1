-- Findings with the session they are about. To be followed by conditions on `f` and `s`, order and limit.
--
-- `earlier`: turns in those logs of the session that come before the one the finding is from.
SELECT
    f.id,
    f.detector,
    s.id AS session,
    s.project,
    s.agent_type,
    f.at,
    f.count,
    f.tokens,
    f.carried_tokens,
    f.cost_pico,
    f.is_estimate,
    f.evidence,
    (SELECT coalesce(sum(e.turns), 0) FROM segments e JOIN logs el ON el.log = e.log
     WHERE e.session = g.session
       AND (e.ordinal > 0, e.started_at IS NULL, coalesce(e.started_at, 0), el.path_hash, e.ordinal)
         < (g.ordinal > 0, g.started_at IS NULL, coalesce(g.started_at, 0), l.path_hash, g.ordinal)) AS earlier
FROM findings f
JOIN segments g USING (segment)
JOIN logs l ON l.log = g.log
JOIN sessions s ON s.id = g.session
