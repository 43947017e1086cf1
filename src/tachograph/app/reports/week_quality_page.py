"""Of the report on a week: KPIs, the best sessions, what got worse, alerts, incidents."""

from __future__ import annotations

from datetime import tzinfo

from tachograph.analysis.kpis import load_kpis
from tachograph.app.learn.figures import show_deviation, show_trend, show_value
from tachograph.app.reports.week_sessions import Better, WeekGroup, WeekKpi, WeekRegression
from tachograph.app.reports.weekly import WeeklyReport
from tachograph.report.document import Block, Column, Heading, Line, Table
from tachograph.report.units import UNKNOWN, count, counted, minute

_MOST_NAMED = 2
_GROUP_COLUMNS = [
    Column("KPI", "left", flexible=True),
    Column("sessions", rank=2),
    Column("median", style="strong"),
    Column("the week before"),
    Column("baseline now", "left"),
    Column("targets", "left", rank=1),
    Column("trend", "left"),
]
_REGRESSION_COLUMNS = [
    Column("KPI", "left", flexible=True),
    Column("agent type", "left", flexible=True, least=8),
    Column("worst"),
    Column("in a row"),
    Column("alerts", "left"),
    Column("median", style="strong"),
    Column("baseline", rank=2),
    Column("trend", "left"),
    Column("worst session", "left", rank=1, style="accent"),
]


def group_blocks(told: WeeklyReport) -> list[Block]:
    """The KPIs of the agent types with most sessions."""
    blocks: list[Block] = []
    for group in told.groups:
        remark = f"{group.agent}, {counted(group.sessions, 'session')}"
        blocks += [Heading(f"KPIs of {group.agent_type}", remark), _group_table(group)]
    return blocks


def _group_table(group: WeekGroup) -> Table:
    return Table(_GROUP_COLUMNS, [_group_row(one) for one in group.kpis])


def _group_row(one: WeekKpi) -> list[str]:
    kpi = load_kpis()[one.kpi]
    baseline = UNKNOWN
    if one.baseline_mean is not None:
        baseline = f"{show_value(kpi, one.baseline_mean)} ± {show_deviation(kpi, one.baseline_sd)}"
    return [
        one.title, count(one.sessions), show_value(kpi, one.median), show_value(kpi, one.median_before), baseline,
        one.level or UNKNOWN, show_trend(one.trend),
    ]  # fmt: skip


def performer_blocks(told: WeeklyReport) -> list[Block]:
    """The sessions that were better than usual."""
    heading = Heading("Top performers", "sessions that were better than usual in most KPIs")
    if not told.performers:
        return [heading, Line("None: no session was better than its baseline by a standard deviation.")]
    columns = [
        Column("session", "left", style="accent"),
        Column("agent type", "left", flexible=True, least=8),
        Column("KPIs better"),
        Column("by most", "left", flexible=True),
    ]
    rows = [
        [
            told.session_names.get(one.session, one.session), one.agent_type, count(len(one.kpis)),
            "; ".join(_tell_better(better) for better in one.kpis[:_MOST_NAMED]),
        ]
        for one in told.performers
    ]  # fmt: skip
    return [heading, Table(columns, rows)]


def _tell_better(one: Better) -> str:
    return f"{one.title} {show_value(load_kpis()[one.kpi], one.value)} ({-one.deviations:.1f} sd)"


def regression_blocks(told: WeeklyReport) -> list[Block]:
    """What got worse."""
    heading = Heading("Regressions", "critical, or in sessions that follow one another; the worst first")
    if not told.regressions:
        return [heading, Line("None.")]
    blocks: list[Block] = [
        heading,
        Table(_REGRESSION_COLUMNS, [_regression_row(one, told) for one in told.regressions]),
    ]
    if told.more_regressions:
        blocks.append(Line(f"{count(told.more_regressions)} more: tacho alerts list --all.", "dim"))
    return blocks


def _regression_row(one: WeekRegression, told: WeeklyReport) -> list[str]:
    kpi = load_kpis()[one.kpi]
    worst = "past a bound" if one.worst is None else f"{one.worst:.1f} sd"
    grave = [f"{one.critical} critical"] if one.critical else []
    grave += [counted(one.warnings, "warning")] if one.warnings else []
    return [
        one.title, f"{one.agent_type} ({one.model_family})", worst,
        f"{one.consecutive} consecutive" if one.consecutive > 1 else UNKNOWN, f"{', '.join(grave)} of {one.sessions}",
        show_value(kpi, one.median), show_value(kpi, one.mean), show_trend(one.trend),
        told.session_names.get(one.worst_session, one.worst_session),
    ]  # fmt: skip


def alert_blocks(told: WeeklyReport) -> list[Block]:
    """How many alerts there were, and the gravest."""
    alerts = told.alerts
    false = f"; {count(alerts.false_alarms)} of them you called false alarms" if alerts.false_alarms else ""
    blocks: list[Block] = [
        Heading("Alerts"),
        Line(
            f"{count(alerts.critical)} critical, {count(alerts.warning)} warnings, {count(alerts.info)} infos{false}."
        ),
    ]
    for one in alerts.gravest:
        kpi = load_kpis().get(one.kpi)
        value = show_value(kpi, one.value) if kpi else f"{one.value:.3g}"
        usual = f" against {show_value(kpi, one.mean)}" if kpi and one.mean is not None else ""
        where = f" in {one.session_name} ({one.agent_type})" if one.session else ""
        blocks.append(Line(f"critical, {one.title}: {value}{usual}{where}. {one.action}", "bad", 2))
    more = alerts.critical - len(alerts.gravest)
    return [*blocks, *([Line(f"{count(more)} more critical ones: tacho alerts list.", "dim")] if more else [])]


def incident_blocks(told: WeeklyReport, zone: tzinfo) -> list[Block]:
    """Sessions in a row that were worse."""
    if not told.incidents:
        return []
    columns = [
        Column("incident", "left", style="accent"),
        Column("detected", "left"),
        Column("KPI", "left"),
        Column("agent type", "left", flexible=True, least=8),
        Column("sessions", "left", flexible=True),
    ]
    rows = [
        [
            one.id, minute(one.detected_at, zone), one.title, one.agent_type,
            ", ".join(session.name for session in one.sessions),
        ]
        for one in told.incidents
    ]  # fmt: skip
    return [Heading("Incidents", "tacho report incident ID tells the probable cause"), Table(columns, rows)]
