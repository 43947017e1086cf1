"""What a week's sessions were like against what was usual: the best, what got worse, the KPIs by agent type."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tachograph.analysis.kpis import Direction, Kpi, Status, load_kpis
from tachograph.app.reports.kpi_rows import Trend
from tachograph.learning.alerts import Alert
from tachograph.learning.baselines import Baseline, BaselineTable
from tachograph.learning.records import Group, Point
from tachograph.learning.review import Judged

BETTER = -1.0
"""Deviations up to this count as better than usual: by at least one standard deviation."""
MOST_PERFORMERS = 5
MOST_REGRESSIONS = 10
MOST_GROUPS = 3
LEAST_SESSIONS = 3
"""An agent type with fewer sessions in the week gets no table of KPIs: their medians would say nothing."""


class Better(msgspec.Struct, frozen=True):
    """A KPI in which a session was better than usual."""

    kpi: str
    title: str
    value: float
    mean: float
    deviations: float
    """Standard deviations from the baseline; below 0 is better."""


class Performer(msgspec.Struct, frozen=True):
    """A session that was better than usual."""

    session: str
    agent_type: str
    agent: str
    kpis: list[Better]
    """The most remarkable first."""


class WeekRegression(msgspec.Struct, frozen=True, kw_only=True):
    """A KPI of one group of sessions that got worse in the week."""

    agent_type: str
    agent: str
    model_family: str
    kpi: str
    title: str
    critical: int
    """Sessions with a critical alert about it."""
    warnings: int
    sessions: int
    """Sessions of the group in the week that have the KPI."""
    consecutive: int
    """Sessions in a row on the bad side, at most."""
    worst: float | None
    """Standard deviations of the worst one; null: there was no baseline, a rule's bound was passed."""
    worst_session: str
    median: float
    """In the week."""
    mean: float | None
    """The baseline that the worst one was held against."""
    trend: Trend | None
    """At the week's end."""


class WeekKpi(msgspec.Struct, frozen=True, kw_only=True):
    """One KPI of an agent type over the week."""

    kpi: str
    title: str
    better: Direction
    sessions: int
    median: float
    median_before: float | None
    """In the week before; null: no session had it."""
    baseline_mean: float | None
    """Over all model families, as it is now."""
    baseline_sd: float | None
    level: Status | None
    """Of the median, against the KPI's own thresholds."""
    trend: Trend | None
    """At the week's end."""


class WeekGroup(msgspec.Struct, frozen=True):
    """The KPIs of one agent and agent type."""

    agent_type: str
    agent: str
    sessions: int
    kpis: list[WeekKpi]


def find_performers(judged: Iterable[Judged]) -> list[Performer]:
    """The sessions that were better than usual in most KPIs, without those that have a critical alert."""
    found = []
    for one in judged:
        better = _find_better(one)
        if better and all(alert.severity != "critical" for alert in one.alerts):
            group = one.point.group
            found.append(Performer(one.point.session, group.agent_type, group.agent, better))
    found.sort(key=lambda one: (-len(one.kpis), one.kpis[0].deviations, one.session))
    return found[:MOST_PERFORMERS]


def _find_better(judged: Judged) -> list[Better]:
    kpis = load_kpis()
    better = [
        Better(name, kpis[name].title, one.value, one.mean, one.deviations)
        for name, one in judged.deviations.items()
        if one.deviations <= BETTER and judged.before[name].status != "bootstrap" and name in kpis
    ]
    return sorted(better, key=lambda one: (one.deviations, one.kpi))


def find_week_regressions(judged: Sequence[Judged]) -> list[WeekRegression]:
    """What got worse: with a critical alert, or with warnings in sessions that follow one another. The worst first."""
    alerts: dict[tuple[Group, str], list[Alert]] = defaultdict(list)
    for one in judged:
        for alert in one.alerts:
            if alert.severity != "info" and alert.session and alert.kpi in load_kpis():
                alerts[one.point.group, alert.kpi].append(alert)
    found = [
        _regression(group, load_kpis()[kpi], told, judged)
        for (group, kpi), told in alerts.items()
        if any(one.severity == "critical" or one.consecutive > 1 for one in told)
    ]
    found.sort(key=lambda one: (-one.critical, -one.consecutive, -(one.worst or 0.0), one.agent_type, one.kpi))
    return found


def _regression(group: Group, kpi: Kpi, alerts: Sequence[Alert], judged: Sequence[Judged]) -> WeekRegression:
    own = [one for one in judged if one.point.group == group and kpi.name in one.point.values]
    worst = max(alerts, key=lambda one: (one.deviations or 0.0, one.session))
    critical = sum(one.severity == "critical" for one in alerts)
    return WeekRegression(
        agent_type=group.agent_type, agent=group.agent, model_family=group.family, kpi=kpi.name, title=kpi.title,
        critical=critical, warnings=len(alerts) - critical, sessions=len(own),
        consecutive=max(one.consecutive for one in alerts), worst=worst.deviations, worst_session=worst.session,
        median=statistics.median(one.point.values[kpi.name] for one in own), mean=worst.mean,
        trend=_last_trend(kpi.name, own),
    )  # fmt: skip


def group_kpis(judged: Sequence[Judged], before: Sequence[Point], table: BaselineTable) -> list[WeekGroup]:
    """The KPIs of the agent types with most sessions."""
    now: dict[tuple[str, str], list[Judged]] = defaultdict(list)
    for one in judged:
        now[one.point.group.agent_type, one.point.group.agent].append(one)
    earlier: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for point in before:
        earlier[point.group.agent_type, point.group.agent].append(point)
    largest = sorted((key for key in now if len(now[key]) >= LEAST_SESSIONS), key=lambda key: (-len(now[key]), key))
    return [
        WeekGroup(*key, len(now[key]), _week_kpis(now[key], earlier[key], table.get(Group(*key, "*"), {})))
        for key in largest[:MOST_GROUPS]
    ]


def _week_kpis(now: Sequence[Judged], before: Sequence[Point], baselines: Mapping[str, Baseline]) -> list[WeekKpi]:
    found = []
    for name, kpi in load_kpis().items():
        values = [one.point.values[name] for one in now if name in one.point.values]
        earlier = [point.values[name] for point in before if name in point.values]
        if values:
            median, baseline = statistics.median(values), baselines.get(name)
            found.append(
                WeekKpi(
                    kpi=name, title=kpi.title, better=kpi.better, sessions=len(values), median=median,
                    median_before=statistics.median(earlier) if earlier else None,
                    baseline_mean=baseline.mean if baseline else None, baseline_sd=baseline.sd if baseline else None,
                    level=kpi.status(median), trend=_last_trend(name, now),
                )
            )  # fmt: skip
    return found


def _last_trend(kpi: str, judged: Sequence[Judged]) -> Trend | None:
    return next((one.trends[kpi] for one in reversed(judged) if kpi in one.trends), None)
