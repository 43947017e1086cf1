-- Sessions with their own usage, in the columns of the export's table `sessions`; by their end, then id.
-- {where} is which sessions `s` are meant. (The scalar subqueries keep this a stream: nothing is sorted or gathered.)
SELECT
    s.id, s.agent, s.kind, s.parent_id, s.root_id, s.forked_from, s.agent_type, s.project, s.git_branch, s.version,
    s.title, s.opening, s.entrypoint, s.started_at, s.ended_at, s.complete, s.active_ms, s.turns, s.prompts,
    s.interruptions, s.compactions, s.api_errors, s.tool_calls, s.tool_errors, s.tool_denied, s.subagents,
    s.lines_added, s.lines_removed, s.copies, s.session
FROM sessions s
WHERE {where}
ORDER BY s.ended_at, s.id
