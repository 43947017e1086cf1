-- Uses of subagents, skills, slash commands and the shell in the main sessions {where} (alias `s`), copies left out.
--
-- Columns: session: id; segment, position: where; kind: subagent, skill, slash or command; used: what is known of what
-- was used: the kind of subagent, the prompt by which a skill was loaded, the slash command, the shell command.
SELECT t.session, t.segment, t.position, 'subagent' AS kind, coalesce(t.agent_type, '') AS used
FROM counted_tool_calls t JOIN sessions s ON s.id = t.session
WHERE t.category = 'subagent' AND t.name IN ('Task', 'Agent', 'spawn_agent') AND s.kind = 'main' AND {where}
UNION ALL
SELECT t.session, t.segment, t.position, 'skill', coalesce((
    -- Calls made at once are answered one after the other: the n-th call by the n-th prompt behind them.
    SELECT p.text FROM prompts p
    WHERE p.segment = t.segment AND p.position > t.position AND p.kind = 'meta'
      AND (p.text LIKE 'Base directory for this skill:%' OR p.text LIKE 'Skill /% is already loaded%')
      AND p.position < coalesce((
          SELECT min(r.position) FROM responses r WHERE r.segment = t.segment AND r.position > t.position
      ), 9223372036854775807)
      AND (
          SELECT count(*) FROM prompts q
          WHERE q.segment = t.segment AND q.position > t.position AND q.position < p.position AND q.kind = 'meta'
            AND (q.text LIKE 'Base directory for this skill:%' OR q.text LIKE 'Skill /% is already loaded%')
      ) = (
          SELECT count(*) FROM tool_calls o
          WHERE o.segment = t.segment AND o.position < t.position AND o.name = 'Skill' AND o.status = 'ok'
            AND o.response = t.response
      )
), '')
FROM counted_tool_calls t JOIN sessions s ON s.id = t.session
WHERE t.name = 'Skill' AND t.status = 'ok' AND s.kind = 'main' AND {where}
UNION ALL
SELECT p.session, p.segment, p.position, 'slash', p.text
FROM counted_prompts p JOIN sessions s ON s.id = p.session
WHERE p.kind = 'slash' AND s.kind = 'main' AND {where}
UNION ALL
SELECT t.session, t.segment, t.position, 'command', t.command
FROM counted_tool_calls t JOIN sessions s ON s.id = t.session
WHERE t.category = 'shell' AND t.status = 'ok' AND t.command <> '' AND s.kind = 'main' AND {where}
ORDER BY 1, 2, 3
