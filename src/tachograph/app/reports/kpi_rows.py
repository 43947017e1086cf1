"""A session's KPIs as a report tells them: beside the baseline, the thresholds and the other sessions."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from typing import Literal

import msgspec

from tachograph.analysis.kpis import Direction, Kpi, Status, load_kpis
from tachograph.app.learn.figures import show_deviation, show_value
from tachograph.learning.alerts import Alert
from tachograph.learning.records import Point
from tachograph.learning.review import Judged

Verdict = Literal["PASS", "WARNING", "CRITICAL"]
Trend = Literal["up", "down", "stable"]

REGRESSION = 1.0
"""Standard deviations on the bad side from which a KPI is listed as a regression (the plan's warning)."""


class ReportedKpi(msgspec.Struct, frozen=True, kw_only=True):
    """One KPI of one session."""

    kpi: str
    title: str
    unit: str
    better: Direction
    value: float
    baseline_mean: float | None
    """What it was held against; null: there is no baseline and no default."""
    baseline_sd: float | None
    """In the KPI's unit; of KPIs on a logarithmic scale that of the natural logarithm."""
    baseline_sessions: int
    """Sessions that the baseline was made from; below 5 it is the KPI's conservative default."""
    delta: float | None
    """Value less baseline."""
    delta_share: float | None
    """The same as a share of the baseline; null where that is 0."""
    deviations: float | None
    """Standard deviations from the baseline, positive when worse."""
    verdict: Verdict
    """By the alert about it."""
    level: Status | None
    """Against the KPI's own thresholds; null where there are none for everybody."""
    trend: Trend | None
    """Where the last sessions, this one included, lie against the long run; null in bootstrap."""
    percentile: float | None
    """Share of the other sessions of the agent type that were no better, 0 to 1; null without others."""


class Regression(msgspec.Struct, frozen=True):
    """A KPI that was worse than usual, or than a rule allows."""

    kpi: str
    title: str
    deviations: float | None
    """Standard deviations on the bad side; null: without a baseline, a rule's bound was passed."""
    consecutive: int
    """Sessions in a row on the bad side, this one included; 0: this one alone does not count as one."""
    evidence: str
    """The numbers, in words."""


class Peers:
    """The other sessions of an agent type, to say how many of them were no better."""

    def __init__(self, points: Iterable[Point]) -> None:
        self._values: dict[str, list[float]] = defaultdict(list)
        for point in points:
            for name, value in point.values.items():
                self._values[name].append(value)
        for values in self._values.values():
            values.sort()

    def share_no_better(self, kpi: Kpi, value: float) -> float | None:
        """Of one of these sessions: the share of the others whose value was no better than its ``value``."""
        values = self._values.get(kpi.name, [])
        if len(values) < 2:
            return None
        count = bisect_right(values, value) if kpi.better == "up" else len(values) - bisect_left(values, value)
        return (count - 1) / (len(values) - 1)


def report_kpis(judged: Judged, peers: Peers) -> list[ReportedKpi]:
    """The KPIs that the session has, in order of name."""
    verdicts = verdicts_of(judged.alerts)
    return [
        _report_kpi(kpi, judged, peers, verdicts.get(name, "PASS"))
        for name, kpi in load_kpis().items()
        if name in judged.point.values
    ]


def verdicts_of(alerts: Iterable[Alert]) -> dict[str, Verdict]:
    """The verdict on each KPI that has an alert graver than info."""
    told: dict[str, Verdict] = {"warning": "WARNING", "critical": "CRITICAL"}
    return {one.kpi: told[one.severity] for one in alerts if one.severity in told}


def verdict_on(alerts: Iterable[Alert]) -> Verdict:
    """The verdict on a session: that of its gravest alert."""
    found = set(verdicts_of(alerts).values())
    return "CRITICAL" if "CRITICAL" in found else "WARNING" if "WARNING" in found else "PASS"


def find_regressions(judged: Judged) -> list[Regression]:
    """KPIs worse than usual by :data:`REGRESSION` or with a warning at least, the worst first."""
    grave = {one.kpi: one for one in judged.alerts if one.severity != "info"}
    found = []
    for name, kpi in load_kpis().items():
        deviation, alert = judged.deviations.get(name), grave.get(name)
        worse = deviation.deviations if deviation is not None else None
        if name in judged.point.values and (alert is not None or (worse is not None and worse >= REGRESSION)):
            consecutive = alert.consecutive if alert is not None else 0
            found.append(Regression(name, kpi.title, worse, consecutive, _tell(kpi, judged, alert)))
    return sorted(found, key=lambda one: (one.deviations is None, -(one.deviations or 0.0), one.kpi))


def _tell(kpi: Kpi, judged: Judged, alert: Alert | None) -> str:
    """The numbers that prove a regression."""
    baseline, deviation = judged.before.get(kpi.name), judged.deviations.get(kpi.name)
    told = show_value(kpi, judged.point.values[kpi.name])
    if baseline is not None and deviation is not None:
        made_from = f"of {baseline.n} sessions" if baseline.status != "bootstrap" else "assumed before there is one"
        told += (
            f" against {show_value(kpi, deviation.mean)} ± {show_deviation(kpi, deviation.sd)}, baseline {made_from}"
        )
    level = kpi.status(judged.point.values[kpi.name])
    if level in ("warning", "critical"):
        bound = kpi.warning if level == "warning" else kpi.critical
        told += f"; past the {level} threshold of {show_value(kpi, bound)}"
    if alert is not None and alert.consecutive > 1:
        told += f"; session {alert.consecutive} in a row on the bad side"
    return told


def _report_kpi(kpi: Kpi, judged: Judged, peers: Peers, verdict: Verdict) -> ReportedKpi:
    value = judged.point.values[kpi.name]
    baseline, deviation = judged.before.get(kpi.name), judged.deviations.get(kpi.name)
    mean = baseline.mean if baseline is not None else None
    delta = None if mean is None else value - mean
    return ReportedKpi(
        kpi=kpi.name, title=kpi.title, unit=kpi.unit, better=kpi.better, value=value, baseline_mean=mean,
        baseline_sd=baseline.sd if baseline is not None else None,
        baseline_sessions=baseline.n if baseline is not None else 0, delta=delta,
        delta_share=None if delta is None or not mean else delta / abs(mean),
        deviations=deviation.deviations if deviation is not None else None, verdict=verdict, level=kpi.status(value),
        trend=judged.trends.get(kpi.name), percentile=peers.share_no_better(kpi, value),
    )  # fmt: skip
