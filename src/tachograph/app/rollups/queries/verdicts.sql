-- The verdicts of the sessions in `flips` are others now.

DELETE FROM temp.wanted;

INSERT INTO temp.wanted SELECT r.root, r.id FROM temp.flips f CROSS JOIN roll.roots r ON r.id = f.id;

UPDATE roll.roots SET verdict = (SELECT f.verdict FROM temp.flips f WHERE f.id = roots.id)
WHERE root IN (SELECT root FROM temp.wanted);

INSERT INTO temp.verdict_cells_new
SELECT p.root, p.span, p.project, p.agent, p.task_type, f.verdict, p.sessions
FROM temp.wanted w CROSS JOIN temp.flips f USING (id) CROSS JOIN roll.verdict_cells_parts p ON p.root = w.root;
