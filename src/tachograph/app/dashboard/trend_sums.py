"""Verdicts and waste by kind of task, and KPIs by kind of agent, over time."""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict

import msgspec

from tachograph.analysis.kpis import Kpi, load_kpis
from tachograph.app.dashboard.time_axis import Axis
from tachograph.app.learn.fold import load_baselines
from tachograph.app.rollups.cubes import FindingSums, KpiSums, VerdictSums
from tachograph.app.rollups.read import add_up
from tachograph.app.scope import Scope
from tachograph.learning.baselines import Baseline
from tachograph.learning.records import Group

FEW = 3
"""Fewer sessions than these in one step say next to nothing."""


class TaskTrend(msgspec.Struct, frozen=True):
    """The main sessions of one kind of task by the step in which they began, subagents folded in."""

    task_type: str
    """Empty: the first prompt does not tell."""
    sessions: list[int]
    """By step; so the next two."""
    verdicts: dict[str, list[int]]
    """Verdict of the token axis -> sessions."""
    wasteful: list[int]
    """Sessions with a finding of waste."""


class AgentTypeCount(msgspec.Struct, frozen=True):
    """An agent type and how many of its sessions have the KPI that most of them have."""

    agent_type: str
    sessions: int


class KpiTrend(msgspec.Struct, frozen=True):
    """One KPI of one agent type by the step in which the sessions ended, each session by itself."""

    kpi: str
    title: str
    unit: str
    better: str
    """up or down."""
    sessions: list[int]
    """With a value; by step."""
    means: list[float | None]
    """Arithmetic mean over those sessions; null without one."""
    baseline_mean: float | None
    """Of the baseline as it is now, all model families together; null, so the next two: there is none."""
    low: float | None
    """Where single sessions usually lie: mean ± standard deviation of the baseline, not below 0."""
    high: float | None
    is_log: bool
    """The baseline's mean is the geometric one, and its range from mean / e^sd to mean × e^sd."""


def trend_tasks(connection: sqlite3.Connection, scope: Scope, axis: Axis) -> list[TaskTrend]:
    """Every kind of task of ``scope``, that with most sessions first."""
    place = {number: at for at, number in enumerate(axis.numbers)}
    found: dict[str, TaskTrend] = {}

    def held(task_type: object) -> TaskTrend:
        name = str(task_type)
        return found.setdefault(name, TaskTrend(name, [0] * len(place), {}, [0] * len(place)))

    for (number, task_type), sums in add_up(connection, FindingSums, scope, by=(axis.step, "task_type")):
        if (at := place.get(int(number))) is not None:
            one = held(task_type)
            one.sessions[at] += sums.sessions
            one.wasteful[at] += sums.wasteful
    for (number, task_type, verdict), judged in add_up(
        connection, VerdictSums, scope, by=(axis.step, "task_type", "verdict")
    ):
        if (at := place.get(int(number))) is not None:
            counts = held(task_type).verdicts.setdefault(str(verdict), [0] * len(place))
            counts[at] += judged.sessions
    return sorted(found.values(), key=lambda one: (-sum(one.sessions), one.task_type))


def count_types(connection: sqlite3.Connection, scope: Scope) -> tuple[list[AgentTypeCount], dict[str, dict[str, int]]]:
    """Agent types, that with most sessions first; and for each the sessions by KPI."""
    by_type: dict[str, dict[str, int]] = defaultdict(dict)
    for (agent_type, kpi), sums in add_up(connection, KpiSums, scope, by=("agent_type", "kpi")):
        if sums.sessions:
            by_type[str(agent_type)][str(kpi)] = sums.sessions
    counts = [AgentTypeCount(name, max(kpis.values())) for name, kpis in by_type.items()]
    return sorted(counts, key=lambda one: (-one.sessions, one.agent_type)), by_type


def trend_kpis(
    connection: sqlite3.Connection, scope: Scope, axis: Axis, agent_type: str, names: list[str]
) -> list[KpiTrend]:
    """The KPIs called ``names`` of one agent type, in that order."""
    place = {number: at for at, number in enumerate(axis.numbers)}
    sums: dict[str, list[KpiSums]] = {name: [KpiSums() for _ in place] for name in names}
    for (number, kpi), one in add_up(
        connection, KpiSums, scope, by=(axis.step, "kpi"), only={"agent_type": agent_type}
    ):
        if (at := place.get(int(number))) is not None and kpi in sums:
            sums[str(kpi)][at] = one
    baselines = load_baselines(connection).get(Group(agent_type, scope.agent or "*", "*"), {})
    kpis = load_kpis()
    return [_trend(kpis[name], sums[name], baselines.get(name)) for name in names]


def _trend(kpi: Kpi, sums: list[KpiSums], baseline: Baseline | None) -> KpiTrend:
    low, high = usual_range(kpi, baseline)
    return KpiTrend(
        kpi=kpi.name, title=kpi.title, unit=kpi.unit, better=kpi.better, sessions=[one.sessions for one in sums],
        means=[one.mean for one in sums], baseline_mean=baseline.mean if low is not None and baseline else None,
        low=low, high=high, is_log=kpi.scale == "log",
    )  # fmt: skip


def usual_range(kpi: Kpi, baseline: Baseline | None) -> tuple[float | None, float | None]:
    """Mean ± standard deviation in the KPI's unit; None for what is still a default or has no spread."""
    if baseline is None or baseline.mean is None or baseline.sd is None or baseline.status == "bootstrap":
        return None, None
    if kpi.scale == "log":
        factor = math.exp(min(baseline.sd, 50.0))
        return baseline.mean / factor, baseline.mean * factor
    return max(0.0, baseline.mean - baseline.sd), baseline.mean + baseline.sd
