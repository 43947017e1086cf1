-- Subagents of dirty roots that may have read the same: in `similar_subagents`, by root, in order of beginning.
-- A coarse sieve: at least 4 results of reads or commands in common with another subagent of the same root.

DELETE FROM findings WHERE shared = 1 AND segment IN (
    SELECT g.segment FROM dirty_roots d CROSS JOIN sessions s ON s.root_id = d.id CROSS JOIN segments g ON g.session = s.id);

CREATE TEMP TABLE IF NOT EXISTS sibling_results (
    root TEXT NOT NULL, hash INTEGER NOT NULL, segment INTEGER NOT NULL, PRIMARY KEY (root, hash, segment)) WITHOUT ROWID;

DELETE FROM sibling_results;

INSERT OR IGNORE INTO sibling_results
SELECT d.id, t.result_hash, g.segment
FROM dirty_roots d
CROSS JOIN sessions s ON s.root_id = d.id AND s.kind = 'subagent'
CROSS JOIN segments g ON g.session = s.id
CROSS JOIN tool_calls t ON t.segment = g.segment AND t.position > g.inherited_until
WHERE t.category IN ('read', 'shell') AND t.status = 'ok' AND t.result_kind = '' AND t.result_chars > 0
  AND (SELECT count(*) FROM sessions o WHERE o.root_id = d.id AND o.kind = 'subagent') > 1;

CREATE TEMP TABLE IF NOT EXISTS similar_subagents (root TEXT NOT NULL, segment INTEGER NOT NULL, nth INTEGER NOT NULL);

DELETE FROM similar_subagents;

INSERT INTO similar_subagents
SELECT root, segment, row_number() OVER (PARTITION BY root ORDER BY g.started_at IS NULL, g.started_at, g.session, l.path_hash)
FROM (
    SELECT DISTINCT a.root, a.segment FROM sibling_results a
    CROSS JOIN sibling_results b ON b.root = a.root AND b.hash = a.hash AND b.segment <> a.segment
    GROUP BY a.root, a.segment, b.segment HAVING count(*) >= 4
)
JOIN segments g USING (segment) JOIN logs l USING (log);
