"""What is marked on charts of KPIs: alerts, and where trials began and ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from typing import Literal

import msgspec

from tachograph.app.dashboard.time_axis import Axis, step_of
from tachograph.app.learn.decisions import find_activations, load_decisions
from tachograph.app.learn.trials import load_trials
from tachograph.app.scope import Scope
from tachograph.learning.alerts import Alert
from tachograph.learning.alerts.judge import BEYOND
from tachograph.learning.suggestions import load_catalogue

LOOKED_AT = 500
"""Alerts of each severity, the latest of the range, among which marks are looked for: more would take too long."""
_LATEST = "SELECT record FROM alerts WHERE severity = ? AND at >= ? AND at < ? ORDER BY at DESC LIMIT ?"
_NEVER = 2**62


class TrendMark(msgspec.Struct, frozen=True):
    """Something that happened in one step of time."""

    kpi: str
    at: int
    """Number of the step, from 0."""
    kind: Literal["alert", "trial"]
    label: str
    severity: str = ""
    """Of alerts, the gravest: warning or critical."""
    session: str = ""
    """Of a single alert."""


def find_marks(
    connection: sqlite3.Connection, scope: Scope, axis: Axis, agent_type: str, kpis: Collection[str]
) -> list[TrendMark]:
    """Critical alerts, grave warnings and trials about ``kpis`` of one agent type, by KPI and time."""
    marks = [
        *_mark_alerts(connection, scope, axis, agent_type, kpis),
        *_mark_trials(connection, scope, axis, agent_type),
    ]
    return sorted((one for one in marks if one.kpi in kpis), key=lambda one: (one.kpi, one.at, one.kind, one.label))


def _mark_alerts(
    connection: sqlite3.Connection, scope: Scope, axis: Axis, agent_type: str, kpis: Collection[str]
) -> Iterator[TrendMark]:
    chosen = scope.filter
    since, until = chosen.since or 0, chosen.until if chosen.until is not None else _NEVER
    by_step: dict[tuple[str, int], list[Alert]] = {}
    wanted = set(kpis)
    severities = ("critical", "warning")
    rows = (row for name in severities for row in connection.execute(_LATEST, (name, since, until, LOOKED_AT)))
    for (record,) in rows:
        one = msgspec.json.decode(record, type=Alert)
        if one.kpi not in wanted or not _is_about(one, agent_type, scope) or not _is_grave(one):
            continue
        at = step_of(axis, one.at, scope.zone)
        if at is not None:
            by_step.setdefault((one.kpi, at), []).append(one)
    for (kpi, at), found in by_step.items():
        severity = "critical" if any(one.severity == "critical" for one in found) else "warning"
        if len(found) == 1:
            label, session = f"{severity}: {found[0].rule.replace('_', ' ')}", found[0].session
        else:
            label, session = f"{len(found)} alerts, gravest {severity}", ""
        yield TrendMark(kpi, at, "alert", label, severity, session)


def _is_about(one: Alert, agent_type: str, scope: Scope) -> bool:
    group = one.group
    return group is not None and group.agent_type == agent_type and scope.agent in (None, group.agent)


def _is_grave(one: Alert) -> bool:
    """Worth a mark: milder warnings are every sixth session, and a chart full of marks tells nothing."""
    return one.severity == "critical" or (one.deviations is not None and one.deviations > BEYOND)


def _mark_trials(connection: sqlite3.Connection, scope: Scope, axis: Axis, agent_type: str) -> Iterator[TrendMark]:
    catalogue, states = load_catalogue(), load_trials(connection)
    for one in find_activations(load_decisions(connection)):
        if one.agent_type != agent_type or one.suggestion not in catalogue:
            continue
        kpi = catalogue[one.suggestion].kpi
        state = states.get(one.trial)
        moments = {"began": one.started_at, "ended": one.closed.at if one.closed else None}
        if state is not None and state.decided_at is not None:
            moments.pop("ended")
            moments[state.state.replace("_", " ")] = state.decided_at
        for what, at_ms in moments.items():
            at = None if at_ms is None else step_of(axis, at_ms, scope.zone)
            if at is not None:
                yield TrendMark(kpi, at, "trial", f"trial of {one.suggestion}: {what}")
