-- How often each retry signal shows, by group of main sessions. What each signal says: docs/retries.md.
-- {key} is what is grouped by, {where} which sessions `s` are meant.
--
-- Columns: key; sessions; then for each signal how many there are, how many sessions have at least one, and in how
-- many there could be one: follow-ups, interruptions, structural retries, subagent spawns.
WITH openings AS (
    SELECT
        session,
        started_at - lag(started_at) OVER (PARTITION BY project, opening_hash ORDER BY started_at, id) AS gap -- ms
    FROM sessions
    WHERE kind = 'main' AND project IS NOT NULL AND opening_hash IS NOT NULL AND started_at IS NOT NULL
), chosen AS (
    SELECT
        {key} AS key,
        s.prompts,
        s.interruptions,
        o.session IS NOT NULL AS comparable,                                        -- its opening and project are known
        coalesce(o.gap <= 86400000, 0) AS retried,                                  -- opened alike within 24 hours before
        (SELECT sum(d.subagents) FROM sessions d WHERE d.root_id = s.id) AS spawns  -- its subagents' own ones too
    FROM sessions s LEFT JOIN openings o USING (session)
    WHERE s.kind = 'main' AND {where}
)
SELECT
    coalesce(key, ''), count(*),
    sum(max(prompts - 1, 0)), sum(prompts > 1), sum(prompts > 0),
    sum(interruptions), sum(interruptions > 0), count(*),
    sum(retried), sum(retried), sum(comparable),
    sum(spawns), sum(spawns > 0), count(*)
FROM chosen GROUP BY 1
