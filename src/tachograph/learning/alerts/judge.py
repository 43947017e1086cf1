"""One value against the rules: at most one alert, and that is the gravest."""

from __future__ import annotations

import msgspec

from tachograph.analysis.kpis import Kpi
from tachograph.learning.alerts.records import SEVERITIES, Alert, Severity, name_for
from tachograph.learning.alerts.rules import Rule
from tachograph.learning.alerts.streak import REPEATED, reach
from tachograph.learning.baselines import Deviation
from tachograph.learning.records import Point

LEAST_SESSIONS = 10
"""Sessions behind a baseline before anything is critical: a spread of fewer is half guessed."""
BEYOND = 2.0
"""Standard deviations on the bad side that a critical alert needs (the plan's value)."""
AT_ONCE = 3.25
"""Cautious standard deviations from which one session is enough. With 2.0 some 6 of 100 healthy sessions would have a
critical alert in one of twenty KPIs, with 3.25 and the other conditions one (tests/unit/learning/alerts)."""

_RANK = {severity: rank for rank, severity in enumerate(SEVERITIES)}


class Case(msgspec.Struct, frozen=True, gc=False):
    """A session's value of one KPI and what is known about it."""

    kpi: Kpi
    point: Point
    value: float
    deviation: Deviation | None
    """None: there is nothing to hold it against."""
    n: int
    """Sessions behind the baseline."""
    is_repeated: bool
    """One of the two sessions before lay far out on the bad side."""
    consecutive: int
    """Sessions in a row, this one included, on the bad side."""


def find_alert(rules: tuple[Rule, ...], case: Case) -> Alert | None:
    """The gravest alert that ``rules``, in order of priority, give; of two equally grave ones the first."""
    best: tuple[int, Rule, float] | None = None
    may_be_critical: bool | None = None
    for rule in rules:
        limit = _limit(rule, case)
        if limit is None:
            continue
        rank = _RANK[rule.severity]
        if rank == 2:
            if may_be_critical is None:
                may_be_critical = is_critical(case)
            rank = 2 if may_be_critical else 1
        if best is None or rank > best[0]:
            best = rank, rule, limit
    return None if best is None else _alert(SEVERITIES[best[0]], best[1], best[2], case)


def _limit(rule: Rule, case: Case) -> float | None:
    """The limit of ``rule`` that the value has passed; None when it has not."""
    if rule.kind == "deviation":
        deviation, beyond = case.deviation, rule.beyond
        return beyond if deviation is not None and beyond is not None and deviation.deviations > beyond else None
    bound = getattr(case.kpi, rule.at) if isinstance(rule.at, str) else rule.at
    return bound if bound is not None and case.kpi.is_worse(case.value, bound) else None


def is_critical(case: Case) -> bool:
    """Whether a critical alert's conditions are met.

    Beyond two standard deviations on the bad side of a baseline of enough sessions, and past the KPI's own warning
    bound where it has one; and so far out that chance is no explanation: at once (a KPI with a warning bound only), or
    for the second time in three sessions.
    """
    deviation = case.deviation
    if deviation is None or case.n < LEAST_SESSIONS or deviation.deviations <= BEYOND:
        return False
    again = case.is_repeated and deviation.cautious > reach(REPEATED, case.n)
    if case.kpi.warning is None:
        return again
    return case.kpi.is_worse(case.value, case.kpi.warning) and (again or deviation.cautious > reach(AT_ONCE, case.n))


def _alert(severity: Severity, rule: Rule, limit: float, case: Case) -> Alert:
    point, deviation = case.point, case.deviation
    return Alert(
        id=name_for(point.session, case.kpi.name),
        session=point.session,
        group=point.group,
        kpi=case.kpi.name,
        rule=rule.id,
        severity=severity,
        priority=rule.priority,
        at=point.ended_at,
        value=case.value,
        mean=deviation.mean if deviation else None,
        sd=deviation.sd if deviation else None,
        deviations=deviation.deviations if deviation else None,
        consecutive=case.consecutive,
        action=rule.action,
        limit=limit,
    )
