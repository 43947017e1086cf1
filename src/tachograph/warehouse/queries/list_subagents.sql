-- Subagents by themselves, in the columns of list_sessions.sql: all of them are the subagent's own.
WITH listed AS (
    SELECT
        id, agent, kind, parent_id, forked_from, agent_type, project, title, opening, git_branch,
        version AS agent_version, started_at, ended_at, 0 AS log_missing, complete, active_ms, turns, prompts, interruptions, compactions, api_errors,
        tool_calls, tool_errors, lines_added, lines_removed,
        (SELECT count(*) FROM sessions c WHERE c.parent_id = s.id) AS subagents,
        copies AS shared_responses
    FROM sessions s
    WHERE id <> root_id
),
used AS (
    SELECT
        s.id,
        sum_pico(u.cost_pico) AS pico,
        sum_pico(u.cost_pico) AS own_pico,
        sum(u.input + u.cache_read + u.cache_write_5m + u.cache_write_1h + u.output) AS tokens
    FROM usage_quarters u JOIN sessions s USING (session)
    GROUP BY s.id
)
