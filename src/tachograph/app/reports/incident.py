"""The report on one incident: sessions in a row that were worse in one KPI, what speaks for which cause, what to do."""

from __future__ import annotations

import sqlite3
from datetime import datetime

import msgspec

from tachograph.analysis.kpis import Direction, load_kpis
from tachograph.app.find_session import short_names
from tachograph.app.learn.fold import load_incidents
from tachograph.errors import NotFound
from tachograph.learning.alerts import Incident
from tachograph.model import to_datetime
from tachograph.report.sanitise import harmless


class IncidentSession(msgspec.Struct, frozen=True):
    """One of its sessions."""

    session: str
    name: str
    """A short name by which ``tacho show`` finds it."""
    ended_at: datetime
    value: float
    mean: float
    """The baseline that it was held against."""
    delta: float
    """Value less baseline."""
    deviations: float
    """Standard deviations on the bad side."""


class IncidentReport(msgspec.Struct, frozen=True, kw_only=True):
    """One incident."""

    id: str
    kpi: str
    title: str
    better: Direction
    agent_type: str
    agent: str
    model_family: str
    detected_at: datetime
    """End of the last of its sessions."""
    sessions: list[IncidentSession]
    """The oldest first."""
    causes: list[str]
    """What speaks for which cause."""
    actions: list[str]


def find_incident(connection: sqlite3.Connection, name: str) -> IncidentReport:
    """The incident whose id is, or begins with, ``name``. Raises NotFound."""
    found = [one for one in load_incidents(connection) if one.id.startswith(name)] if name else []
    exact = [one for one in found if one.id == name] or found
    if len(exact) == 1:
        return report_incident(connection, exact[0])
    shown = harmless(name)
    if not found:
        raise NotFound(f"No incident is called {shown}.", slug="no_incident", hint="tacho alerts list lists them.")
    raise NotFound(
        f"Several incidents begin with {shown}.", slug="ambiguous_incident",
        hint="Give more of the id: " + ", ".join(one.id for one in exact[:5]) + ".",
    )  # fmt: skip


def report_incident(connection: sqlite3.Connection, incident: Incident) -> IncidentReport:
    """The report on an incident."""
    kpi = load_kpis().get(incident.kpi)
    names = short_names(connection, [row.session for row in incident.sessions])
    rows = [
        IncidentSession(
            row.session, names[row.session], to_datetime(row.at), row.value, row.mean, row.value - row.mean,
            row.deviations,
        )
        for row in incident.sessions
    ]  # fmt: skip
    return IncidentReport(
        id=incident.id, kpi=incident.kpi, title=kpi.title if kpi else incident.kpi,
        better=kpi.better if kpi else "down", agent_type=incident.group.agent_type, agent=incident.group.agent,
        model_family=incident.group.family, detected_at=to_datetime(incident.at), sessions=rows,
        causes=list(incident.causes), actions=list(incident.actions),
    )  # fmt: skip
