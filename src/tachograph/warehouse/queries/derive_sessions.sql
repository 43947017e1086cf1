-- One row in `sessions` for each dirty session, joined from its segments.

-- A subagent's kind may be known only to its parent, and its root is its parent's: relatives are dirty too.
INSERT OR IGNORE INTO dirty_sessions
WITH RECURSIVE below(id) AS (
    SELECT id FROM dirty_sessions
    UNION
    SELECT s.session FROM below b CROSS JOIN segments s ON s.parent_id = b.id
)
SELECT id FROM below;

-- Room for the quarter-hours that count_usage.sql gives.
DELETE FROM usage_quarters WHERE session IN (
    SELECT n.session FROM dirty_sessions d CROSS JOIN sessions n ON n.id = d.id);

DELETE FROM sessions WHERE id IN (SELECT id FROM dirty_sessions)
    AND id NOT IN (SELECT session FROM segments);

INSERT INTO sessions (
    id, agent, kind, parent_id, root_id, forked_from, agent_type, project, git_branch, version, title, opening,
    opening_hash, entrypoint, started_at, ended_at, complete, turns, prompts, interruptions, compactions, api_errors,
    tool_calls, tool_errors, tool_denied, subagents, lines_added, lines_removed, active_ms, copies, task_type)
WITH ranked AS (
    SELECT s.*,
        row_number() OVER (PARTITION BY s.session
            ORDER BY s.ordinal > 0, s.started_at IS NULL, s.started_at, l.path_hash, s.ordinal) AS nth,
        row_number() OVER (PARTITION BY s.session
            ORDER BY s.ended_at IS NULL, s.ended_at DESC, s.ordinal > 0, l.path_hash DESC, s.ordinal) AS nth_last
    FROM dirty_sessions d CROSS JOIN segments s ON s.session = d.id CROSS JOIN logs l USING (log)
)
SELECT
    session,
    max(CASE nth WHEN 1 THEN agent END),
    max(CASE nth WHEN 1 THEN kind END),
    max(CASE nth WHEN 1 THEN parent_id END),
    session,
    min(forked_from),
    max(CASE nth WHEN 1 THEN agent_type END),
    coalesce(max(CASE nth WHEN 1 THEN project END), min(project)),
    coalesce(max(CASE nth_last WHEN 1 THEN git_branch END), max(git_branch)),
    coalesce(max(CASE nth_last WHEN 1 THEN json_extract(versions, '$[#-1]') END), max(json_extract(versions, '$[#-1]'))),
    coalesce(max(CASE nth_last WHEN 1 THEN title END), max(title)),
    coalesce(max(CASE nth WHEN 1 THEN opening END), min(opening)),
    coalesce(max(CASE nth WHEN 1 THEN opening_hash END), min(opening_hash)),
    coalesce(max(CASE nth WHEN 1 THEN entrypoint END), min(entrypoint)),
    min(CASE WHEN inherited_until > -1 THEN coalesce(first_at, started_at) ELSE started_at END),
    max(ended_at),
    max(CASE nth_last WHEN 1 THEN complete END),
    sum(turns), sum(prompts), sum(interruptions), sum(compactions), sum(api_errors), sum(tool_calls), sum(tool_errors),
    sum(tool_denied), sum(subagents), sum(lines_added), sum(lines_removed), sum(active_ms),
    0,
    coalesce(max(CASE nth WHEN 1 THEN task_type END), min(task_type))
FROM ranked GROUP BY session
ON CONFLICT (id) DO UPDATE SET
    agent = excluded.agent, kind = excluded.kind, parent_id = excluded.parent_id, root_id = excluded.root_id,
    forked_from = excluded.forked_from, agent_type = excluded.agent_type, project = excluded.project,
    git_branch = excluded.git_branch, version = excluded.version, title = excluded.title, opening = excluded.opening,
    opening_hash = excluded.opening_hash, entrypoint = excluded.entrypoint, started_at = excluded.started_at,
    ended_at = excluded.ended_at, complete = excluded.complete, turns = excluded.turns, prompts = excluded.prompts,
    interruptions = excluded.interruptions, compactions = excluded.compactions, api_errors = excluded.api_errors,
    tool_calls = excluded.tool_calls, tool_errors = excluded.tool_errors, tool_denied = excluded.tool_denied,
    subagents = excluded.subagents, lines_added = excluded.lines_added, lines_removed = excluded.lines_removed,
    active_ms = excluded.active_ms, copies = excluded.copies, task_type = excluded.task_type;

UPDATE sessions SET copies = (
    SELECT count(DISTINCT r.key) FROM segments s JOIN responses r USING (segment)
    WHERE s.session = sessions.id AND r.pass = 0 AND r.counted = 0
      AND NOT EXISTS (SELECT 1 FROM segments o JOIN responses c USING (segment)
                      WHERE o.session = s.session AND c.key = r.key AND c.counted = 1))
WHERE id IN (SELECT g.session FROM dirty_sessions d CROSS JOIN segments g ON g.session = d.id WHERE g.inherited_until > -1);

-- What the call that started a subagent says of its kind, where the subagent itself does not.
UPDATE sessions SET agent_type = (
    SELECT min(t.agent_type) FROM tool_calls t JOIN segments p USING (segment)
    WHERE t.spawned = substr(sessions.id, length(rtrim(sessions.id, replace(sessions.id, '/', ''))) + 1)
      AND p.session = sessions.parent_id)
WHERE kind = 'subagent' AND agent_type IS NULL AND id IN (SELECT id FROM dirty_sessions);

UPDATE sessions SET root_id = (
    WITH RECURSIVE up(id, parent_id, depth) AS (
        SELECT s.id, s.parent_id, 0 FROM sessions s WHERE s.id = sessions.id
        UNION ALL
        SELECT p.id, p.parent_id, depth + 1 FROM up JOIN sessions p ON p.id = up.parent_id WHERE depth < 64
    )
    SELECT coalesce(parent_id, id) FROM up ORDER BY depth DESC LIMIT 1)
WHERE parent_id IS NOT NULL AND id IN (SELECT id FROM dirty_sessions);
