"""Suggestions, trials, decisions, alerts and incidents: what the loop found, and what was done about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime

import msgspec

from tachograph.analysis.kpis import load_kpis
from tachograph.app.alerts import AlertRow, IncidentSummary
from tachograph.app.dashboard.desk import Desk, Params
from tachograph.app.dashboard.unseen_alerts import AlertCount, count_unseen
from tachograph.app.find_session import short_names
from tachograph.app.learn.decisions import load_acks
from tachograph.app.suggestions import DecisionRow, SuggestionRow, list_decisions, list_suggestions
from tachograph.app.trials import TrialRow, list_trials
from tachograph.errors import NotFound
from tachograph.learning.alerts import Alert, Incident
from tachograph.model import to_datetime
from tachograph.report.sanitise import harmless

MOST_ALERTS = 30
MOST_INCIDENTS = 20
MOST_DECISIONS = 100


class LoopData(msgspec.Struct, frozen=True):
    """All of it is about the whole history, whatever range, project or agent other pages show."""

    activation: str
    """auto or manual: whether free places are filled by themselves."""
    hooks: list[str]
    """Agents whose hooks are installed: without any nobody is told anything."""
    suggestions: list[SuggestionRow]
    """What fits the last weeks' sessions, and all that is or was under test; active ones first, then by saving."""
    trials: list[TrialRow]
    """The latest first."""
    trial: TrialRow | None
    """The one that was asked for."""
    decisions: list[DecisionRow]
    """The latest hundred, the latest first."""
    alerts: list[AlertRow]
    """The latest thirty warnings and critical ones, seen or not; among the latest 2,000 alerts of all kinds."""
    unseen_alerts: AlertCount
    """Those of the whole history that nobody has looked at."""
    incidents: list[IncidentSummary]
    """The latest twenty."""
    last_round: datetime | None
    """When the loop last found something new; null: never."""


def gather_loop(desk: Desk, params: Params) -> LoopData:
    """See :class:`LoopData`. Raises NotFound for a trial that there is not."""
    connection = desk.connection
    offered = list_suggestions(connection, desk.workspace, None)
    trials = list_trials(connection).trials
    at = connection.execute("SELECT value FROM meta WHERE name = 'loop_at'").fetchone()
    return LoopData(
        activation=offered.activation, hooks=offered.hooks, suggestions=offered.suggestions, trials=trials,
        trial=_find(trials, params.get("trial", "")), decisions=list_decisions(connection).decisions[:MOST_DECISIONS],
        alerts=list(latest_alerts(connection)), unseen_alerts=count_unseen(connection),
        incidents=latest_incidents(connection),
        last_round=to_datetime(int(at[0])) if at and at[0] else None,
    )  # fmt: skip


def _find(trials: list[TrialRow], name: str) -> TrialRow | None:
    if not name:
        return None
    for one in trials:
        if one.id == name:
            return one
    raise NotFound(f"There is no trial {harmless(name)!r}.", slug="no_trial", hint="tacho trials list shows them all.")


def latest_alerts(connection: sqlite3.Connection, limit: int = MOST_ALERTS) -> Iterator[AlertRow]:
    """Warnings and critical alerts, the latest first, whatever the user said of them."""
    latest = "SELECT record FROM alerts WHERE severity = ? ORDER BY at DESC, id LIMIT ?"
    rows = [row for name in ("critical", "warning") for row in connection.execute(latest, (name, limit))]
    found = sorted((msgspec.json.decode(record, type=Alert) for (record,) in rows), key=lambda one: (-one.at, one.id))
    found = found[:limit]
    names = short_names(connection, {one.session for one in found if one.session})
    acks, kpis = load_acks(connection), load_kpis()
    for one in found:
        yield AlertRow(
            id=one.id, severity=one.severity, rule=one.rule, kpi=one.kpi,
            title=kpis[one.kpi].title if one.kpi in kpis else one.kpi, session=one.session,
            session_name=names.get(one.session, ""), agent_type=one.group.agent_type if one.group else "",
            agent=one.group.agent if one.group else "", at=to_datetime(one.at), value=one.value, mean=one.mean,
            deviations=one.deviations, consecutive=one.consecutive, action=one.action, verdict=acks.get(one.id),
        )  # fmt: skip


class _When(msgspec.Struct, frozen=True):
    """As much of an incident as its place among the others needs."""

    id: str
    at: int


def latest_incidents(connection: sqlite3.Connection, limit: int = MOST_INCIDENTS) -> list[IncidentSummary]:
    """The latest incidents, the last one first."""
    rows = connection.execute("SELECT record FROM loop_records WHERE kind = 'incident'").fetchall()
    when = msgspec.msgpack.Decoder(_When)
    records = sorted(((when.decode(record), record) for (record,) in rows), key=lambda pair: (-pair[0].at, pair[0].id))
    return [_sum_up(msgspec.msgpack.decode(record, type=Incident)) for _, record in records[:limit]]


def _sum_up(one: Incident) -> IncidentSummary:
    return IncidentSummary(
        one.id, one.kpi, one.group.agent_type, one.group.agent, one.group.family, to_datetime(one.at),
        [row.session for row in one.sessions], list(one.causes), list(one.actions),
    )  # fmt: skip
