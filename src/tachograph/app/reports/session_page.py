"""The report on a session as a document."""

from __future__ import annotations

import math
from datetime import tzinfo

from tachograph.analysis.kpis import load_kpis
from tachograph.app.learn.figures import show_deviation, show_trend, show_value
from tachograph.app.reports.kpi_rows import ReportedKpi
from tachograph.app.reports.session import KpiHistory, SessionReport
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Style, Table, Trend
from tachograph.report.units import UNKNOWN, counted, day, duration, minute, usd

_LEGEND = (
    "baseline: moving average ± standard deviation of the sessions before, * a conservative default as long as there"
    " are fewer than 5. deviation: in standard deviations, + is worse. status: by the alerts. targets: against the"
    " KPI's own thresholds. no better: share of the other sessions of this agent type whose value was not better."
)
_STYLES: dict[str, Style] = {"critical": "bad", "warning": "warn", "CRITICAL": "bad", "WARNING": "warn", "PASS": "good"}
_COLUMNS = [
    Column("KPI", "left", flexible=True),
    Column("actual", style="strong"),
    Column("baseline", "left"),
    Column("delta", rank=4),
    Column("delta %", rank=1),
    Column("deviation"),
    Column("status", "left"),
    Column("targets", "left", rank=3),
    Column("trend", "left"),
    Column("no better", rank=2),
]


def describe_session(told: SessionReport, zone: tzinfo) -> Document:
    """The whole report, times in ``zone``."""
    blocks: list[Block] = [
        Heading(f"Session report: {told.verdict}", told.name),
        Facts(_facts(told, zone)),
        Heading("KPIs"),
        Table(_COLUMNS, [_kpi_row(one) for one in told.kpis]),
        *_regressions(told),
        *_alerts(told),
        *_suggestions(told),
        *_trials(told),
        *_history(told, zone),
        *_lacking(told),
        Line(),
        Line(_LEGEND, "dim"),
    ]
    return Document(blocks)


def _facts(told: SessionReport, zone: tzinfo) -> list[tuple[str, str]]:
    took = round((told.ended_at - told.started_at).total_seconds() * 1000)
    model = f"{told.model} ({told.model_family})" if told.model else told.model_family
    missing = f", {counted(len(told.lacking), 'KPI')} lacking" if told.lacking else ""
    return [
        ("session", told.id),
        ("about", told.title or UNKNOWN),
        ("agent type", f"{told.agent_type} ({told.agent})"),
        ("model", model),
        ("project", told.project or UNKNOWN),
        ("kind of work", told.task_type or UNKNOWN),
        ("date", f"{minute(told.started_at, zone)} to {minute(told.ended_at, zone)}, {duration(took)}"),
        ("cost", usd(told.usd)),
        ("status", told.verdict),
        ("data", UNKNOWN if told.completeness is None else f"{100 * told.completeness:.0f} % complete{missing}"),
    ]


def _kpi_row(one: ReportedKpi) -> list[str]:
    kpi = load_kpis()[one.kpi]
    default = " *" if one.baseline_sessions < 5 else ""
    baseline = f"{show_value(kpi, one.baseline_mean)} ± {show_deviation(kpi, one.baseline_sd)}{default}"
    delta = UNKNOWN if one.delta is None else ("+" if one.delta >= 0 else "-") + show_value(kpi, abs(one.delta))
    deviation = UNKNOWN if one.deviations is None else f"{_unsigned_zero(one.deviations, 1):+.1f} sd"
    return [
        one.title, show_value(kpi, one.value), UNKNOWN if one.baseline_mean is None else baseline, delta,
        UNKNOWN if one.delta_share is None else f"{_unsigned_zero(100 * one.delta_share, 0):+,.0f} %",
        deviation, one.verdict, one.level or UNKNOWN,
        show_trend(one.trend), UNKNOWN if one.percentile is None else f"{100 * one.percentile:.0f} %",
    ]  # fmt: skip


def _unsigned_zero(value: float, digits: int) -> float:
    """``value`` rounded, without the sign that a rounded nothing would keep."""
    return round(value, digits) + 0.0


def _regressions(told: SessionReport) -> list[Block]:
    if not told.regressions:
        return [Heading("Regressions"), Line("None: no KPI was worse than usual by a standard deviation or more.")]
    lines: list[Block] = []
    for one in told.regressions:
        worse = "past a bound" if one.deviations is None else f"{one.deviations:.1f} sd worse"
        lines.append(Line(f"{one.title}: {worse}. {one.evidence}.", "", 2))
    return [Heading("Regressions", "the worst first"), *lines]


def _alerts(told: SessionReport) -> list[Block]:
    kpis = load_kpis()
    by_action: dict[tuple[str, str], list[str]] = {}
    for one in told.alerts:
        if one.severity != "info":
            title = kpis[one.kpi].title if one.kpi in kpis else one.kpi
            by_action.setdefault((one.severity, one.action), []).append(title)
    lines = [
        Line(f"{severity}, {'; '.join(titles)}: {action}", _STYLES.get(severity, ""), 2)
        for (severity, action), titles in by_action.items()
    ]
    return [Heading("Alerts", "and what to do"), *lines] if lines else []


def _suggestions(told: SessionReport) -> list[Block]:
    if not told.suggestions:
        return []
    lines = [
        Line(f"{one.priority}, {one.title}: {one.implementation} {one.impact} Evidence: {'; '.join(one.evidence)}.",
             "", 2)
        for one in told.suggestions
    ]  # fmt: skip
    return [Heading("Suggestions", "that fit this session alone; tacho suggest ranks those for all sessions"), *lines]


def _trials(told: SessionReport) -> list[Block]:
    if not told.trials:
        return []
    columns = [Column("suggestion", "left"), Column("arm", "left"), Column("chance"), Column("trial is", "left")]
    rows = [
        [one.suggestion, one.arm, f"{100 * one.share:.0f} %", (one.state or UNKNOWN).replace("_", " ")]
        for one in told.trials
    ]
    return [Heading("Trials", "that this session took part in"), Table(columns, rows)]


def _history(told: SessionReport, zone: tzinfo) -> list[Block]:
    shown = [draw_history(one, zone) for one in told.history if len(one.values) > 1]
    what = "of the KPIs that got worse" if told.regressions else "of the main KPIs"
    return (
        [Heading("Trends", f"{what}, the last sessions like this one; this one stands last"), *shown] if shown else []
    )


def draw_history(one: KpiHistory, zone: tzinfo) -> Trend:
    """A chart of one KPI, session by session; logarithmic where the KPI's spread is."""
    kpi = load_kpis()[one.kpi]
    is_log = kpi.scale == "log" and min(one.values) > 0
    scale = ", logarithmic" if is_log else ""
    return Trend(
        f"{one.title}, {counted(len(one.values), 'session')}, {_which_is_better(kpi.better)}{scale}",
        [math.log(value) for value in one.values] if is_log else one.values,
        show_value(kpi, min(one.values)),
        show_value(kpi, max(one.values)),
        day(one.ended_at[0], zone),
        day(one.ended_at[-1], zone),
    )


def _which_is_better(direction: str) -> str:
    return "higher is better" if direction == "up" else "lower is better"


def _lacking(told: SessionReport) -> list[Block]:
    if not told.lacking:
        return []
    kpis = load_kpis()
    items = [(kpis[name].title if name in kpis else name, why) for name, why in sorted(told.lacking.items())]
    return [Heading("Lacking", "KPIs whose data is missing"), Facts(items)]
