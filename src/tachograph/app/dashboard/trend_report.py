"""All that the page of trends tells."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date

import msgspec

from tachograph.analysis.kpis import load_kpis
from tachograph.app.dashboard.desk import Desk, Params
from tachograph.app.dashboard.time_axis import history_begin, make_axis
from tachograph.app.dashboard.trend_marks import TrendMark, find_marks
from tachograph.app.dashboard.trend_sums import (
    FEW,
    AgentTypeCount,
    KpiTrend,
    TaskTrend,
    count_types,
    trend_kpis,
    trend_tasks,
)
from tachograph.app.kpis import no_such_type
from tachograph.app.rollups.read import day_of
from tachograph.app.scope import Scope
from tachograph.errors import NotFound, UsageError
from tachograph.report.sanitise import harmless

MOST_DAYS = 14
"""Longer ranges go by week: by day most people have too few sessions for a share to say anything."""
MOST_CHARTS = 6
"""KPIs that are told without being asked for."""
NOT_TOLD = "not told"
"""What a kind of task is called that the first prompt does not tell."""


class TrendsData(msgspec.Struct, frozen=True):
    """Verdicts and waste are dated by the session's beginning, KPIs by its end."""

    step: str
    """day, week (from Monday) or month."""
    labels: list[str]
    """The first day of each step, or its month."""
    few: int
    """Steps with fewer sessions than this say little."""
    tasks: list[TaskTrend]
    """Kinds of tasks, that with most sessions first."""
    task: str | None
    """The kind that was asked for."""
    agent_types: list[AgentTypeCount]
    """That with most sessions first."""
    agent_type: str | None
    """Whose KPIs are told; null: no session has any."""
    known_kpis: list[str]
    """KPIs that this agent type has within the range."""
    kpis: list[KpiTrend]
    marks: list[TrendMark]
    """Alerts and trials; of alerts those among the latest 2,000 of the range."""


def gather_trends(desk: Desk, scope: Scope, params: Params) -> TrendsData:
    """See :class:`TrendsData`. Raises NotFound and UsageError for a type, task or KPI that is none."""
    connection = desk.connection
    axis = make_axis(scope, _first_day(connection), MOST_DAYS)
    tasks = trend_tasks(connection, scope, axis)
    types, sessions = count_types(connection, scope)
    chosen = _choose_type(params.get("type", ""), types)
    known = sorted(sessions.get(chosen or "", {}), key=lambda name: (-sessions[chosen or ""][name], name))
    known = [name for name in known if name in load_kpis()]
    names = _choose_kpis(params.get("kpi", ""), known)
    return TrendsData(
        step=axis.step, labels=axis.labels, few=FEW, tasks=tasks, task=_choose_task(params.get("task", ""), tasks),
        agent_types=types, agent_type=chosen, known_kpis=known,
        kpis=trend_kpis(connection, scope, axis, chosen, names) if chosen is not None else [],
        marks=find_marks(connection, scope, axis, chosen, names) if chosen is not None else [],
    )  # fmt: skip


def _first_day(connection: sqlite3.Connection) -> date | None:
    """Of the whole history, sessions that only telemetry knows included."""
    [(span,)] = connection.execute("SELECT min(span) FROM roll.kpi_cells WHERE grain = 0 AND project = 0 AND span > 0")
    days = [history_begin(connection), None if span is None else day_of(span)]
    return min((day for day in days if day is not None), default=None)


def _choose_type(wanted: str, types: Sequence[AgentTypeCount]) -> str | None:
    names = [one.agent_type for one in types]
    if not wanted:
        return names[0] if names else None
    if wanted not in names:
        raise no_such_type(wanted, names)
    return wanted


def _choose_kpis(wanted: str, known: list[str]) -> list[str]:
    if not wanted:
        return known[:MOST_CHARTS]
    if wanted not in load_kpis():
        raise UsageError(
            f"There is no KPI {harmless(wanted)!r}.", slug="unknown_kpi", hint=f"There are {', '.join(load_kpis())}."
        )
    return [wanted] if wanted in known else []


def _choose_task(wanted: str, tasks: Sequence[TaskTrend]) -> str | None:
    if not wanted:
        return None
    name = "" if wanted == NOT_TOLD else wanted
    if name not in [one.task_type for one in tasks]:
        raise NotFound(f"No session of this range is of the kind {harmless(wanted)!r}.", slug="no_such_task")
    return name
