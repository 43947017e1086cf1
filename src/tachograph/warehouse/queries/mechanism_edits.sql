-- Every file that a call created or changed, in all sessions, copied history left out.
--
-- Columns: root_id: the main session; path and more_files: as in tool_calls; folder: where the call ran, for paths that
-- are not absolute; at: ms UTC.
SELECT s.root_id, t.path, t.file_op, t.more_files, coalesce(t.cwd, g.cwds ->> '$[0]', '') AS folder,
       coalesce(t.ended_at, t.started_at) AS at
FROM tool_calls t
JOIN segments g USING (segment)
JOIN sessions s ON s.id = g.session
WHERE t.position > g.inherited_until AND t.status = 'ok'
  AND (t.file_op IN ('create', 'modify') OR t.more_files IS NOT NULL)
