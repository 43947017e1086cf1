-- Main sessions {where} (alias `s`), each with what may make it look like a further attempt. Times are ms UTC.
--
-- Columns: id; subagents: sessions below it; by_prompt, by_branch: 1 when another main session of the project with the
-- same first prompt, on the same named branch, began within the 24 hours before; forked: 1 when it goes on from a copy
-- of another's history; responses: own ones that count; tokens: all of these, cache reads included.
WITH mains AS (
    SELECT
        session,
        opening_hash IS NOT NULL AND coalesce(
            started_at - lag(started_at) OVER (PARTITION BY project, opening_hash ORDER BY started_at, id) <= 86400000, 0
        ) AS by_prompt,
        git_branch IS NOT NULL AND coalesce(
            started_at - lag(started_at) OVER (PARTITION BY project, git_branch ORDER BY started_at, id) <= 86400000, 0
        ) AS by_branch
    FROM sessions
    WHERE kind = 'main' AND project IS NOT NULL AND started_at IS NOT NULL
)
SELECT
    s.id,
    (SELECT count(*) FROM sessions d WHERE d.root_id = s.id AND d.kind <> 'main') AS subagents,
    coalesce(m.by_prompt, 0) AS by_prompt,
    coalesce(m.by_branch, 0) AS by_branch,
    s.forked_from IS NOT NULL AS forked,
    coalesce((SELECT sum(u.responses) FROM usage_quarters u WHERE u.session = s.session), 0) AS responses,
    coalesce((
        SELECT sum(u.input + u.cache_read + u.cache_write_5m + u.cache_write_1h + u.output)
        FROM usage_quarters u WHERE u.session = s.session
    ), 0) AS tokens
FROM sessions s LEFT JOIN mains m USING (session)
WHERE s.kind = 'main' AND {where}
ORDER BY s.started_at, s.id
