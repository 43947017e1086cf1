"""KPIs of a selection of sessions, or of one session, beside their baselines."""

from __future__ import annotations

import sqlite3
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from tachograph.analysis.kpis import Direction, Kpi, Status, load_kpis
from tachograph.app.filters import Filter
from tachograph.app.find_session import find_session, short_names
from tachograph.app.learn.fold import judge_again, load_baselines
from tachograph.app.learn.points import load_points
from tachograph.errors import NotFound
from tachograph.learning.alerts import Alert
from tachograph.learning.baselines import Baseline
from tachograph.learning.records import Group, Point
from tachograph.model import to_datetime
from tachograph.report.sanitise import harmless

Trend = Literal["up", "down", "stable"]


class KpiSummary(msgspec.Struct, frozen=True):
    """One KPI over many sessions."""

    kpi: str
    title: str
    unit: str
    better: Direction
    sessions: int
    """Sessions that have it."""
    lacking: int
    """Sessions that it applies to, but whose data is missing."""
    median: float
    p25: float
    p75: float
    status: Status | None
    """Of the median, against the thresholds; null where there are none for everybody."""
    target: float | None
    warning: float | None
    critical: float | None
    baseline: Baseline | None
    """Of the agent type, all model families together; null when there is none."""


class KpiGroup(msgspec.Struct, frozen=True):
    """The sessions of one agent and agent type."""

    agent: str
    agent_type: str
    sessions: int
    incomplete: int
    """Sessions of which some KPI's data is missing."""
    kpis: list[KpiSummary]


class KpiReport(msgspec.Struct, frozen=True):
    """KPIs by agent type."""

    timezone: str
    sessions: int
    groups: list[KpiGroup]


class SessionKpi(msgspec.Struct, frozen=True):
    """One KPI of one session beside the baseline that it was held against."""

    kpi: str
    title: str
    unit: str
    better: Direction
    value: float | None
    """Null where its data is missing."""
    lacking: str | None
    """Why it is missing."""
    status: Status | None
    """Against the thresholds."""
    baseline_mean: float | None
    baseline_sd: float | None
    deviations: float | None
    """Standard deviations from the baseline, positive when worse; null without a baseline."""
    trend: Trend | None
    """Of the sessions up to this one."""
    percentile: float | None
    """Share of all earlier and later sessions of the agent type that were no better, 0 to 1."""


class SessionKpis(msgspec.Struct, frozen=True):
    """All KPIs of one session."""

    id: str
    name: str
    agent: str
    agent_type: str
    model_family: str
    project: str | None
    title: str
    task_type: str | None
    started_at: datetime
    ended_at: datetime
    completeness: float | None
    """Share of the KPIs that apply whose data is there."""
    kpis: list[SessionKpi]
    alerts: list[Alert]


def report_kpis(connection: sqlite3.Connection, chosen: Filter, agent_type: str | None = None) -> KpiReport:
    """KPIs of the sessions that began within ``chosen``, by agent and agent type, the largest group first."""
    where, values = _condition(chosen)
    if agent_type is not None:
        where, values = f"{where} AND agent_type = ?", [*values, agent_type]
    groups: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for point in load_points(connection, where, values):
        groups[point.group.agent, point.group.agent_type].append(point)
    if agent_type is not None and not groups:
        _check_type(connection, agent_type)
    baselines = load_baselines(connection)
    found = [
        _sum_up(agent, name, points, baselines.get(Group(name, agent, "*"), {}))
        for (agent, name), points in groups.items()
    ]
    found.sort(key=lambda group: (-group.sessions, group.agent_type, group.agent))
    return KpiReport(chosen.zone_name, sum(group.sessions for group in found), found)


def report_session_kpis(connection: sqlite3.Connection, name: str) -> SessionKpis:
    """The KPIs of the session called ``name``, also of one that only telemetry knows. Raises NotFound."""
    text = name.encode("utf-8", "replace").decode()  # an argument may hold any bytes
    told = connection.execute(
        "SELECT session FROM points WHERE origin = 'telemetry' AND (session = ?1 OR session = agent || ':' || ?1)",
        (text,),
    ).fetchone()
    return describe_session(connection, str(told[0]) if told else find_session(connection, name))


def describe_session(connection: sqlite3.Connection, id: str) -> SessionKpis:
    """The KPIs of the session ``id``, held against what was usual when it ended. Raises NotFound."""
    judged = next(judge_again(connection, {id: None}), None)
    if judged is None:
        raise NotFound(
            f"The session {id} has no KPIs: no response of a model is its own.", slug="no_kpis",
            hint="tacho show tells what its log holds.",
        )  # fmt: skip
    point = judged.point
    peers = list(load_points(connection, "agent_type = ? AND agent = ?", (point.group.agent_type, point.group.agent)))
    title = connection.execute("SELECT coalesce(title, opening, '') FROM sessions WHERE id = ?", (id,)).fetchone()
    kpis = [
        _session_kpi(kpi, point, judged.before.get(name), judged.deviations.get(name), judged.trends.get(name), peers)
        for name, kpi in load_kpis().items()
        if name in point.values or name in point.lacking
    ]
    return SessionKpis(
        id=id, name=short_names(connection, [id])[id], agent=point.group.agent, agent_type=point.group.agent_type,
        model_family=point.group.family, project=point.project, title=title[0] if title else "",
        task_type=point.task_type, started_at=to_datetime(point.started_at), ended_at=to_datetime(point.ended_at),
        completeness=point.completeness, kpis=kpis, alerts=list(judged.alerts),
    )  # fmt: skip


def _session_kpi(
    kpi: Kpi, point: Point, baseline: Baseline | None, deviation: object, trend: Trend | None, peers: Sequence[Point]
) -> SessionKpi:
    value = point.values.get(kpi.name)
    others = [one.values[kpi.name] for one in peers if kpi.name in one.values and one.session != point.session]
    no_better = None
    if value is not None and others:
        no_better = sum(other == value or kpi.is_worse(other, value) for other in others) / len(others)
    return SessionKpi(
        kpi=kpi.name, title=kpi.title, unit=kpi.unit, better=kpi.better, value=value,
        lacking=point.lacking.get(kpi.name), status=None if value is None else kpi.status(value),
        baseline_mean=baseline.mean if baseline else None, baseline_sd=baseline.sd if baseline else None,
        deviations=getattr(deviation, "deviations", None), trend=trend, percentile=no_better,
    )  # fmt: skip


def _sum_up(agent: str, agent_type: str, points: Sequence[Point], baselines: dict[str, Baseline]) -> KpiGroup:
    summaries = []
    for name, kpi in load_kpis().items():
        values = sorted(point.values[name] for point in points if name in point.values)
        lacking = sum(name in point.lacking for point in points)
        if values:
            summaries.append(_summary(kpi, values, lacking, baselines.get(name)))
    return KpiGroup(agent, agent_type, len(points), sum(bool(point.lacking) for point in points), summaries)


def _summary(kpi: Kpi, values: list[float], lacking: int, baseline: Baseline | None) -> KpiSummary:
    median = statistics.median(values)
    low, high = values[len(values) // 4], values[(3 * len(values)) // 4 - (len(values) % 4 == 0)]
    return KpiSummary(
        kpi.name, kpi.title, kpi.unit, kpi.better, len(values), lacking, median, low, high, kpi.status(median),
        kpi.target, kpi.warning, kpi.critical, baseline if baseline and baseline.mean is not None else None,
    )  # fmt: skip


def _condition(chosen: Filter) -> tuple[str, list[object]]:
    where, values = chosen.where("points.started_at", "points")
    return where, list(values)


def _check_type(connection: sqlite3.Connection, agent_type: str) -> None:
    known = [name for (name,) in connection.execute("SELECT DISTINCT agent_type FROM points ORDER BY 1")]
    if agent_type not in known:
        raise no_such_type(agent_type, known)


def no_such_type(agent_type: str, known: Iterable[str]) -> NotFound:
    """What to say of an agent type that has no session."""
    listed = ", ".join(list(known)[:12]) or "none yet"
    return NotFound(
        f"No session is of the agent type {harmless(agent_type)!r}.", slug="no_such_type",
        hint=f"There are {harmless(listed)}.",
    )  # fmt: skip
