-- The rows of the batch's sessions that lists show, after what is in describe.sql.

DELETE FROM roll.members WHERE root IN (SELECT root FROM temp.wanted);

INSERT OR REPLACE INTO roll.members SELECT session, root FROM temp.wanted_sessions;

DELETE FROM temp.verdicts_held;

INSERT INTO temp.verdicts_held SELECT root, verdict FROM temp.verdict_cells_new;

DELETE FROM roll.root_texts WHERE root IN (SELECT root FROM temp.wanted);

DELETE FROM roll.roots WHERE root IN (SELECT root FROM temp.wanted);

INSERT INTO roll.roots
SELECT t.root, t.id, t.agent, t.project, t.task_type,
    (SELECT n.name FROM roll.names n WHERE n.text = coalesce(
        (SELECT m.model FROM temp.models_used m WHERE m.root = t.root
         GROUP BY m.model ORDER BY sum(m.tokens) DESC, m.model LIMIT 1), '')),
    t.started_at, t.ended_at, CASE WHEN h.started_at IS NOT NULL THEN h.active_ms END, h.turns, h.prompts, t.tool_calls, t.tool_errors, t.sessions,
    coalesce(m.tokens, 0), m.micro, m.own_micro, coalesce(m.unpriced, 0), coalesce(m.own_unpriced, 0),
    coalesce(m.unreliable, 0),
    (SELECT count(*) FROM temp.wanted_segments g CROSS JOIN findings f USING (segment) WHERE g.root = t.root),
    (SELECT max(pico + 500000) / 1000000 FROM (
        SELECT sum_pico(f.cost_pico) AS pico FROM temp.wanted_segments g CROSS JOIN findings f USING (segment)
        WHERE g.root = t.root GROUP BY f.detector)),
    coalesce(v.verdict, (SELECT name FROM roll.names WHERE text = CASE WHEN t.is_main THEN 'unavailable' ELSE '' END)),
    coalesce(h.complete, 1), h.session IS NULL, CASE WHEN t.is_main THEN h.opening_hash END
FROM temp.tops t LEFT JOIN sessions h ON h.session = t.own
LEFT JOIN (
    SELECT root, sum(tokens) AS tokens, (sum_pico(pico) + 500000) / 1000000 AS micro,
        (sum_pico(pico) FILTER (WHERE own) + 500000) / 1000000 AS own_micro, sum(unpriced) AS unpriced,
        sum(unpriced) FILTER (WHERE own) AS own_unpriced, sum(unreliable) AS unreliable
    FROM temp.models_used GROUP BY root) m ON m.root = t.root
LEFT JOIN temp.verdicts_held v ON v.root = t.root;

INSERT INTO roll.root_texts
SELECT t.root, coalesce(nullif(h.title, ''), h.opening, ''), lower_text(
    coalesce(h.title || char(10), '') || coalesce(h.opening || char(10), '') || p.text || char(10)
    || coalesce(h.git_branch || char(10), '') || t.id)
FROM temp.tops t CROSS JOIN roll.names p ON p.name = t.project LEFT JOIN sessions h ON h.session = t.own;

INSERT INTO temp.cost_cells_new
SELECT r.root, t.day, r.project, r.agent, r.model, 1, r.log_missing, r.micro IS NOT NULL, r.unpriced > 0, coalesce(r.micro, 0)
FROM temp.tops t CROSS JOIN roll.roots r USING (root);
