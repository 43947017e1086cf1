-- The KPIs of the days of `kpi_days` and the months of `kpi_months`, from those of the sessions that ended then.
-- A value is cut at a thousand million, so that no sum exceeds 64 bits.

DELETE FROM roll.kpi_cells WHERE grain = 0 AND span IN (SELECT day FROM temp.kpi_days);

DELETE FROM roll.kpi_cells WHERE grain = 1 AND span IN (SELECT month FROM temp.kpi_months);

INSERT OR IGNORE INTO roll.names (text)
SELECT coalesce(p.project, '') FROM temp.kpi_days d CROSS JOIN points p ON p.ended_at >= d.start AND p.ended_at < d.stop
UNION SELECT p.agent FROM temp.kpi_days d CROSS JOIN points p ON p.ended_at >= d.start AND p.ended_at < d.stop
UNION SELECT p.agent_type FROM temp.kpi_days d CROSS JOIN points p ON p.ended_at >= d.start AND p.ended_at < d.stop
UNION SELECT k.kpi FROM temp.kpi_days d CROSS JOIN points p ON p.ended_at >= d.start AND p.ended_at < d.stop
    CROSS JOIN kpis k ON k.session = p.session;

INSERT INTO roll.kpi_cells
SELECT 0, d.day, j.name, a.name, t.name, n.name, count(*),
    sum(CAST(round(max(-1e9, min(1e9, k.value)) * 1e6) AS INTEGER))
FROM temp.kpi_days d
    CROSS JOIN points p ON p.ended_at >= d.start AND p.ended_at < d.stop
    CROSS JOIN kpis k ON k.session = p.session
    CROSS JOIN roll.names j ON j.text = coalesce(p.project, '')
    CROSS JOIN roll.names a ON a.text = p.agent
    CROSS JOIN roll.names t ON t.text = p.agent_type
    CROSS JOIN roll.names n ON n.text = k.kpi
WHERE p.family <> ''
GROUP BY d.day, j.name, a.name, t.name, n.name;

INSERT INTO roll.kpi_cells
SELECT 0, span, 0, agent, agent_type, kpi, sum(sessions), sum(millionths)
FROM roll.kpi_cells WHERE grain = 0 AND span IN (SELECT day FROM temp.kpi_days)
GROUP BY span, agent, agent_type, kpi;

INSERT INTO roll.kpi_cells
SELECT 1, m.month, c.project, c.agent, c.agent_type, c.kpi, sum(c.sessions), sum(c.millionths)
FROM temp.kpi_months m CROSS JOIN roll.kpi_cells c ON c.grain = 0 AND c.span BETWEEN m.first AND m.last
GROUP BY m.month, c.project, c.agent, c.agent_type, c.kpi;
