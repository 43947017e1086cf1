-- What the sessions of the batch add to the sums, and their rows for lists.
-- {began}, {used} and {called} give the day of a moment.

INSERT OR IGNORE INTO roll.names (text)
SELECT 'main' UNION SELECT 'subagent' UNION SELECT 'main session' UNION SELECT 'unavailable'
UNION SELECT coalesce(task_type, '') FROM temp.wanted_sessions CROSS JOIN sessions USING (session)
UNION SELECT coalesce(agent_type, '') FROM temp.wanted_sessions CROSS JOIN sessions USING (session);

DELETE FROM temp.tops;

INSERT INTO temp.tops
WITH trees AS (
    SELECT w.root, min(s.agent) AS agent, min(s.project) AS project, min(s.started_at) AS started_at,
        max(s.ended_at) AS ended_at, count(*) AS sessions, sum(s.tool_calls) AS tool_calls,
        sum(s.tool_errors) AS tool_errors, sum(s.tool_denied) AS tool_denied, sum(s.lines_added) AS lines_added,
        sum(s.lines_removed) AS lines_removed, sum(s.subagents) AS spawns
    FROM temp.wanted_sessions w CROSS JOIN sessions s USING (session)
    GROUP BY w.root
), topped AS (
    SELECT t.root, w.id, h.session AS own, coalesce(h.kind = 'main', 0) AS is_main, t.agent,
        coalesce(h.project, t.project, '') AS project, coalesce(h.task_type, '') AS task_type,
        coalesce(h.started_at, t.started_at) AS started_at, t.ended_at, t.sessions - (h.session IS NOT NULL) AS sessions,
        t.tool_calls, t.tool_errors, t.tool_denied, t.lines_added, t.lines_removed, t.spawns
    FROM trees t CROSS JOIN temp.wanted w USING (root) LEFT JOIN sessions h ON h.id = w.id
)
SELECT t.root, t.id, t.own, t.is_main, a.name, p.name, k.name, t.started_at, t.ended_at, coalesce({began}, 0),
    t.sessions,
    t.tool_calls, t.tool_errors, t.tool_denied, t.lines_added, t.lines_removed, t.spawns
FROM topped t CROSS JOIN roll.names a ON a.text = t.agent CROSS JOIN roll.names p ON p.text = t.project
    CROSS JOIN roll.names k ON k.text = t.task_type;

-- Usage, of the session's own project, as calls below.

DELETE FROM temp.models_used;

INSERT INTO temp.models_used
SELECT w.root, w.session IS t.own, u.model, sum(u.input + u.cache_read + u.cache_write_5m + u.cache_write_1h + u.output),
    sum_pico(u.cost_pico), sum(u.unpriced), sum(u.unreliable)
FROM temp.wanted_sessions w CROSS JOIN temp.tops t USING (root) CROSS JOIN usage_quarters u ON u.session = w.session
GROUP BY 1, 2, 3;

INSERT OR IGNORE INTO roll.names (text) SELECT DISTINCT model FROM temp.models_used;

INSERT INTO temp.usage_cells_new
SELECT w.root, {used} AS used_on, w.project, w.agent, m.name, k.name,
    sum(u.responses), sum(u.input), sum(u.cache_read), sum(u.cache_write_5m), sum(u.cache_write_1h), sum(u.output),
    sum(u.reasoning), sum(u.web_searches), count(u.cost_pico), sum(u.unpriced), sum(u.unreliable),
    coalesce(sum(u.cost_pico / 1000000), 0), coalesce(sum(u.cost_pico % 1000000), 0)
FROM temp.wanted_sessions w CROSS JOIN sessions s ON s.session = w.session
    CROSS JOIN usage_quarters u ON u.session = w.session
    CROSS JOIN roll.names m ON m.text = u.model CROSS JOIN roll.names k ON k.text = s.kind
GROUP BY w.root, used_on, w.project, w.agent, m.name, k.name;

-- Findings.

INSERT OR IGNORE INTO roll.names (text)
SELECT DISTINCT f.detector FROM temp.wanted_segments g CROSS JOIN findings f USING (segment);

INSERT INTO temp.waste_cells_new
SELECT t.root, t.day, t.project, t.agent, d.name, 1,
    count(*), sum(f.count), coalesce(sum(f.tokens), 0), sum(f.carried_tokens), count(f.cost_pico),
    sum(f.cost_pico IS NULL), sum(f.tokens IS NULL),
    coalesce(sum(f.cost_pico / 1000000), 0), coalesce(sum(f.cost_pico % 1000000), 0)
FROM temp.wanted_segments g CROSS JOIN temp.tops t USING (root) CROSS JOIN findings f ON f.segment = g.segment
    CROSS JOIN roll.names d ON d.text = f.detector
GROUP BY t.root, d.name;

INSERT INTO temp.waste_type_cells_new
SELECT t.root, t.day, t.project, t.agent, k.name, d.name, count(DISTINCT s.session),
    count(*), sum(f.count), coalesce(sum(f.tokens), 0), sum(f.carried_tokens), count(f.cost_pico),
    sum(f.cost_pico IS NULL), sum(f.tokens IS NULL),
    coalesce(sum(f.cost_pico / 1000000), 0), coalesce(sum(f.cost_pico % 1000000), 0)
FROM temp.wanted_segments g CROSS JOIN temp.tops t USING (root) CROSS JOIN findings f ON f.segment = g.segment
    CROSS JOIN sessions s ON s.session = g.session
    CROSS JOIN roll.names k ON k.text = CASE s.kind WHEN 'main' THEN 'main session' ELSE coalesce(s.agent_type, '') END
    CROSS JOIN roll.names d ON d.text = f.detector
GROUP BY t.root, k.name, d.name;

-- Sessions.

INSERT INTO temp.session_cells_new
SELECT t.root, t.day, t.project, t.agent, t.task_type, 1, h.session IS NULL, t.sessions,
    coalesce(h.active_ms, 0), coalesce(h.turns, 0), coalesce(h.prompts, 0), coalesce(h.compactions, 0),
    coalesce(h.api_errors, 0), t.tool_calls, t.tool_errors, t.tool_denied, t.lines_added, t.lines_removed,
    t.is_main, coalesce(t.is_main AND h.prompts > 0, 0),
    coalesce(t.is_main * max(h.prompts - 1, 0), 0), coalesce(t.is_main AND h.prompts > 1, 0),
    coalesce(t.is_main * h.interruptions, 0), coalesce(t.is_main AND h.interruptions > 0, 0),
    coalesce(t.is_main AND h.project IS NOT NULL AND h.opening_hash IS NOT NULL AND h.started_at IS NOT NULL, 0),
    t.is_main AND EXISTS (
        SELECT 1 FROM sessions p WHERE p.opening_hash = h.opening_hash AND p.project = h.project AND p.kind = 'main'
        AND p.started_at BETWEEN h.started_at - 86400000 AND h.started_at AND (p.started_at, p.id) < (h.started_at, h.id)),
    t.is_main * t.spawns, t.is_main AND t.spawns > 0,
    EXISTS (SELECT 1 FROM temp.wanted_segments g CROSS JOIN findings f USING (segment) WHERE g.root = t.root)
FROM temp.tops t LEFT JOIN sessions h ON h.session = t.own;

-- Tool calls; what cannot be split evenly of a response's cost, its first call carries.

DELETE FROM temp.callers;

INSERT INTO temp.callers
SELECT c.segment, c.response, count(*), min(c.position)
FROM temp.wanted_segments g CROSS JOIN tool_calls c USING (segment)
WHERE c.position > g.until AND c.response IS NOT NULL
GROUP BY c.segment, c.response;

DELETE FROM temp.call_costs;

INSERT INTO temp.call_costs
SELECT w.segment, w.response, w.first, sum(r.cost_pico) / w.calls, sum(r.cost_pico) % w.calls, count(*) > count(r.cost_pico)
FROM temp.callers w
    LEFT JOIN better_copies b ON b.segment = w.segment AND b.position = w.response
    CROSS JOIN responses r ON r.segment = coalesce(b.better_segment, w.segment)
        AND r.position = coalesce(b.better_position, w.response) AND (r.counted = 1 OR b.segment IS NOT NULL)
GROUP BY w.segment, w.response;

INSERT OR IGNORE INTO roll.names (text)
SELECT DISTINCT c.name FROM temp.wanted_segments g CROSS JOIN tool_calls c USING (segment);
INSERT OR IGNORE INTO roll.names (text)
SELECT DISTINCT c.category FROM temp.wanted_segments g CROSS JOIN tool_calls c USING (segment);

INSERT INTO temp.tool_cells_new
WITH weighed AS (
    SELECT g.root, w.project, w.agent, c.name, c.category, c.started_at, c.status, c.result_chars,
        o.segment IS NOT NULL AS attributed, o.unpriced,
        o.share + CASE c.position WHEN o.first THEN o.rest ELSE 0 END AS pico,
        CASE WHEN c.status IN ('ok', 'error') THEN coalesce(c.duration_ms, c.ended_at - c.started_at) END AS ms
    FROM temp.wanted_segments g CROSS JOIN temp.wanted_sessions w USING (session) CROSS JOIN tool_calls c USING (segment)
        LEFT JOIN temp.call_costs o ON o.segment = c.segment AND o.position = c.response
    WHERE c.position > g.until
), summed AS (
    SELECT c.root, {called} AS called_on, c.project, c.agent, c.name, c.category, count(*) AS calls,
        sum(c.status = 'ok') AS ok, sum(c.status = 'error') AS errors, sum(c.status = 'denied') AS denied, sum(c.status = 'cancelled') AS cancelled,
        sum(c.status = 'missing') AS missing, count(c.result_chars) AS results,
        coalesce(sum(c.result_chars), 0) AS result_chars, count(c.pico) AS priced, coalesce(sum(c.unpriced), 0) AS unpriced,
        sum(NOT c.attributed) AS unattributed, coalesce(sum(c.pico / 1000000), 0) AS micro,
        coalesce(sum(c.pico % 1000000), 0) AS rest,
        {times}
    FROM weighed c
    GROUP BY c.root, called_on, c.project, c.agent, c.name, c.category
)
SELECT s.root, s.called_on, s.project, s.agent, n.name, k.name, {tool_fields}
FROM summed s CROSS JOIN roll.names n ON n.text = s.name
    CROSS JOIN roll.names k ON k.text = s.category;

-- Verdicts: as they were told last, until they are told anew.

INSERT INTO temp.verdict_cells_new
SELECT t.root, t.day, t.project, t.agent, t.task_type, coalesce(
    (SELECT r.verdict FROM roll.roots r CROSS JOIN roll.names n ON n.name = r.verdict
     WHERE r.root = t.root AND n.text <> '' AND r.task_type = t.task_type),
    (SELECT name FROM roll.names WHERE text = 'unavailable')), 1
FROM temp.tops t
WHERE t.is_main;
