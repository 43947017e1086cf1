"""The report on an incident as a document."""

from __future__ import annotations

from datetime import tzinfo

from tachograph.analysis.kpis import Kpi, load_kpis
from tachograph.app.learn.figures import show_value
from tachograph.app.reports.incident import IncidentReport, IncidentSession
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Table
from tachograph.report.units import UNKNOWN, counted, minute


def describe_incident(told: IncidentReport, zone: tzinfo) -> Document:
    """The whole report, times in ``zone``."""
    kpi = load_kpis().get(told.kpi)
    side = "below" if told.better == "up" else "above"
    pattern = f"{counted(len(told.sessions), 'session')} in a row on the bad side ({side} what is usual)"
    facts = [
        ("incident", told.id),
        ("detected", minute(told.detected_at, zone)),
        ("pattern", pattern),
        ("KPI", f"{told.title} ({told.kpi})"),
        ("agent type", f"{told.agent_type} ({told.agent}, {told.model_family})"),
    ]
    columns = [
        Column("session", "left", style="accent"),
        Column("ended", "left"),
        Column("actual", style="strong"),
        Column("baseline"),
        Column("delta"),
        Column("worse by"),
    ]
    blocks: list[Block] = [
        Heading("Incident report", told.title),
        Facts(facts),
        Heading("Sessions"),
        Table(columns, [_row(one, kpi, zone) for one in told.sessions]),
        Heading("Probable cause", "what speaks for it"),
        *(Line(cause, "", 2) for cause in told.causes),
        Heading("What to do"),
        *(Line(action, "", 2) for action in told.actions),
    ]
    return Document(blocks)


def _row(one: IncidentSession, kpi: Kpi | None, zone: tzinfo) -> list[str]:
    return [
        one.name, minute(one.ended_at, zone), _show(kpi, one.value), _show(kpi, one.mean),
        ("+" if one.delta >= 0 else "-") + _show(kpi, abs(one.delta)), f"{one.deviations:.1f} sd",
    ]  # fmt: skip


def _show(kpi: Kpi | None, value: float | None) -> str:
    if kpi is None:
        return UNKNOWN if value is None else f"{value:.3g}"
    return show_value(kpi, value)
