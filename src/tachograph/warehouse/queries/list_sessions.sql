-- Main sessions with their subagents folded in: one row per session at the top, also where that one left no log.
-- To be followed by conditions, order and limit on `t`, and by a join of `used` where a sum decides.
--
-- The person's and the main agent's doings (turns, prompts, interruptions, active_ms …) are those of the session at
-- the top alone, NULL without its log. Tool calls, their errors and edited lines are those of the whole tree.
WITH trees AS (
    SELECT
        root_id AS id,
        min(agent) AS agent,
        min(project) AS project,
        min(git_branch) AS git_branch,
        min(started_at) AS started_at,
        max(ended_at) AS ended_at,
        sum(tool_calls) AS tool_calls,
        sum(tool_errors) AS tool_errors,
        sum(lines_added) AS lines_added,
        sum(lines_removed) AS lines_removed,
        sum(id <> root_id) AS subagents
    FROM sessions
    GROUP BY root_id
),
listed AS (
    SELECT
        t.id,
        t.agent,
        coalesce(h.kind, 'main') AS kind,                   -- subagent: one whose parent is not known
        h.parent_id,
        h.forked_from,                                      -- session whose history was copied into this one
        h.agent_type,
        coalesce(h.project, t.project) AS project,
        h.title,
        h.opening,                                          -- first 200 characters of the first prompt
        coalesce(h.git_branch, t.git_branch) AS git_branch,
        h.version AS agent_version,                         -- the last one
        coalesce(h.started_at, t.started_at) AS started_at, -- ms UTC
        t.ended_at,                                         -- ms UTC: the last of the tree
        h.id IS NULL AS log_missing,
        coalesce(h.complete, 1) AS complete,
        h.active_ms,
        h.turns,
        h.prompts,
        h.interruptions,
        h.compactions,
        h.api_errors,
        t.tool_calls,
        t.tool_errors,
        t.lines_added,
        t.lines_removed,
        t.subagents,                                        -- subagent sessions found
        h.copies AS shared_responses                        -- responses in its log that another session owns
    FROM trees t LEFT JOIN sessions h ON h.id = t.id
),
used AS (
    SELECT
        s.root_id AS id,
        sum_pico(u.cost_pico) AS pico,
        sum_pico(CASE WHEN s.id = s.root_id THEN u.cost_pico END) AS own_pico,
        sum(u.input + u.cache_read + u.cache_write_5m + u.cache_write_1h + u.output) AS tokens
    FROM usage_quarters u JOIN sessions s USING (session)
    GROUP BY s.root_id
)
