"""Which suggestions fit what the recent sessions of an agent type show, the most saving first."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from tachograph.analysis.axes.quantiles import Sample
from tachograph.analysis.kpis import Kpi
from tachograph.learning.records import Point, in_order
from tachograph.learning.suggestions.catalogue import (
    PRIORITIES,
    Bound,
    ComparisonCondition,
    DetectorCondition,
    KpiCondition,
    Priority,
    Suggestion,
)
from tachograph.learning.suggestions.model_choice import Choice, find_choices
from tachograph.learning.suggestions.savings import Estimate, estimate_saving

WEEK_MS = 7 * 24 * 60 * 60 * 1000
RECENT_WEEKS = 4
"""Sessions that ended longer ago no longer tell what to do. A choice, not a measurement."""
MOST_SESSIONS = 20
"""A KPI's median is that of the last so many sessions, so that a change of habit shows within some days."""
LEAST_SESSIONS = 3
"""Fewer values of a KPI, or fewer sessions with a finding, show no habit: as many as make an incident."""

_SHOWN_SESSIONS = 5
_ODD = re.compile(r"[^A-Za-z0-9_.:-]")


class WasteSum(msgspec.Struct, frozen=True):
    """What a detector found in the recent sessions of one agent type."""

    detector: str
    agent_type: str
    usd: float | None
    """In the whole period; None: no finding is priced."""
    findings: int
    sessions: int
    """That have at least one."""
    weeks: float
    """Length of the period."""
    agent: str = ""
    """Whose sessions; empty: it does not matter."""


class Offer(msgspec.Struct, frozen=True):
    """A suggestion that fits an agent type now, and why."""

    suggestion: str
    """Id in the catalogue."""
    agent_type: str
    numbers: dict[str, float]
    """For the slots of its guidance, see render."""
    evidence: tuple[str, ...]
    """For people: clauses of ours, and session ids with any odd character replaced."""
    usd_per_week: float | None
    """Expected saving, an estimate; None: it cannot be told."""
    basis: str
    """What the saving goes by."""
    priority: Priority
    agent: str = ""
    """Whose sessions it is about; empty: all of the agent type."""


def find_offers(
    points: Sequence[Point],
    waste: Sequence[WasteSum],
    catalogue: Mapping[str, Suggestion],
    kpis: Mapping[str, Kpi],
    now: int,
    told: Collection[str] = (),
) -> list[Offer]:
    """Every suggestion whose condition holds, at most one offer for each agent type; see rank_offers for the order.

    Each agent's sessions are looked at by themselves: what one agent's cache does says nothing of another's. Where
    a suggestion fits an agent type of several agents, it is offered to the one that would save most, those ``told``
    (whom hooks can speak to) before others. Of ``points``, those that ended in the :data:`RECENT_WEEKS` weeks up to
    ``now`` (ms UTC) count. A suggestion about a KPI that ``kpis`` has not, or that has not the threshold asked for, is
    not offered.
    """
    recent = [point for point in sorted(points, key=in_order) if now - RECENT_WEEKS * WEEK_MS < point.ended_at <= now]
    found: dict[tuple[str, str], Offer] = {}
    for agent in sorted({point.group.agent for point in recent} | {one.agent for one in waste}):
        by_type: dict[str, list[Point]] = defaultdict(list)
        for point in recent:
            if point.group.agent == agent:
                by_type[point.group.agent_type].append(point)
        own = [one for one in waste if one.agent == agent]
        offers = [*_kpi_offers(catalogue, by_type, kpis, now), *_other_offers(catalogue, by_type, own, now)]
        for offer in offers:
            about = (offer.suggestion, offer.agent_type)
            one = msgspec.structs.replace(offer, agent=agent)
            both = [found[about], one] if about in found else [one]
            found[about] = rank_offers([each for each in both if each.agent in told] or both)[0]
    return rank_offers(list(found.values()))


def find_session_offers(point: Point, kpis: Mapping[str, Kpi], catalogue: Mapping[str, Suggestion]) -> list[Offer]:
    """The suggestions whose KPI condition holds for the values of one session alone, by priority.

    What a week would save cannot be told from one session.
    """
    offers = []
    for suggestion, when in _about_kpis(catalogue):
        bound = _bound(when, kpis)
        value = point.values.get(when.kpi)
        if bound is not None and value is not None and kpis[when.kpi].is_worse(value, bound):
            told = Estimate(None, "no estimate: one session does not make a week")
            offers.append(_kpi_offer(suggestion, kpis[when.kpi], [point], value, bound, told))
    return rank_offers(offers)


def rank_offers(offers: Sequence[Offer]) -> list[Offer]:
    """By expected saving, the largest first; then those without one by priority; ties by id and agent type."""
    return sorted(
        offers,
        key=lambda offer: (
            math.inf if offer.usd_per_week is None else -offer.usd_per_week,
            PRIORITIES.index(offer.priority),
            offer.suggestion,
            offer.agent_type,
        ),
    )


# ---------------------------------------------------------------------------------------------------------- KPIs


def _about_kpis(catalogue: Mapping[str, Suggestion]) -> Iterator[tuple[Suggestion, KpiCondition]]:
    return ((one, one.when) for one in catalogue.values() if isinstance(one.when, KpiCondition))


def _kpi_offers(
    catalogue: Mapping[str, Suggestion], by_type: Mapping[str, Sequence[Point]], kpis: Mapping[str, Kpi], now: int
) -> Iterator[Offer]:
    for suggestion, when in _about_kpis(catalogue):
        bound = _bound(when, kpis)
        if bound is None:
            continue
        kpi = kpis[when.kpi]
        for recent in by_type.values():
            seen = [point for point in recent if when.kpi in point.values][-MOST_SESSIONS:]
            if len(seen) < LEAST_SESSIONS:
                continue
            median = Sample(sorted(point.values[when.kpi] for point in seen)).quantile(50)
            if kpi.is_worse(median, bound):
                told = estimate_saving(suggestion.saving, kpi, recent, _weeks(recent, now))
                yield _kpi_offer(suggestion, kpi, seen, median, bound, told)


def _bound(when: KpiCondition, kpis: Mapping[str, Kpi]) -> float | None:
    """The number that the condition names; None when the KPI has none."""
    kpi = kpis.get(when.kpi)
    if kpi is None:
        return None
    thresholds: dict[Bound, float | None] = {"target": kpi.target, "warning": kpi.warning, "critical": kpi.critical}
    return thresholds[when.worse_than] if isinstance(when.worse_than, str) else when.worse_than


def _kpi_offer(
    suggestion: Suggestion, kpi: Kpi, seen: Sequence[Point], median: float, bound: float, told: Estimate
) -> Offer:
    worst = sorted(seen, key=lambda point: point.values[kpi.name], reverse=kpi.better == "down")
    return Offer(
        suggestion=suggestion.id,
        agent_type=seen[0].group.agent_type,
        numbers={"sessions": float(len(seen)), "value": median, "bound": bound},
        evidence=(
            f"{kpi.name} {median:.3g} (median of {_sessions(len(seen))}), bound {bound:.3g}",
            *_ids([point.session for point in worst]),
        ),
        usd_per_week=told.usd_per_week,
        basis=told.basis,
        priority=suggestion.priority,
    )


# ---------------------------------------------------------------------------------------------- waste and models


def _other_offers(
    catalogue: Mapping[str, Suggestion], by_type: Mapping[str, Sequence[Point]], waste: Sequence[WasteSum], now: int
) -> Iterator[Offer]:
    for suggestion in catalogue.values():
        if isinstance(suggestion.when, DetectorCondition):
            yield from (_waste_offer(suggestion, one) for one in waste if _is_enough(suggestion.when, one))
        elif isinstance(suggestion.when, ComparisonCondition):
            for recent in by_type.values():
                yield from _choice_offer(suggestion, suggestion.when.min_sessions, recent, now)


def _is_enough(when: DetectorCondition, one: WasteSum) -> bool:
    if one.detector != when.detector or one.findings < when.min_findings or one.sessions < LEAST_SESSIONS:
        return False
    return one.usd is None or one.usd / _at_least_one(one.weeks) >= when.min_usd_per_week


def _waste_offer(suggestion: Suggestion, one: WasteSum) -> Offer:
    weeks = _at_least_one(one.weeks)
    return Offer(
        suggestion=suggestion.id,
        agent_type=one.agent_type,
        numbers={"findings": float(one.findings), "sessions": float(one.sessions), "weeks": float(round(weeks))},
        evidence=(f"{one.detector}: {one.findings} findings in {_sessions(one.sessions)}, {weeks:.1f} weeks",),
        usd_per_week=one.usd / weeks if one.usd is not None else None,
        basis="estimate, at most: what the findings cost"
        if one.usd is not None
        else "no estimate: no finding is priced",
        priority=suggestion.priority,
    )


def _choice_offer(suggestion: Suggestion, least: int, recent: Sequence[Point], now: int) -> Iterator[Offer]:
    """The choice that would save most, if there is one."""
    weeks = _weeks(recent, now)
    best = max(find_choices(recent, least), key=_spared, default=None)
    if best is not None:
        yield Offer(
            suggestion=suggestion.id,
            agent_type=recent[0].group.agent_type,
            numbers={
                "sessions": float(len(best.sessions)),
                "usd": best.usd,
                "other_sessions": float(len(best.other_sessions)),
                "other_usd": best.other_usd,
            },
            evidence=(
                f"{best.task_type}: {best.cheaper} ({_sessions(len(best.other_sessions))}) against {best.usual}"
                f" ({_sessions(len(best.sessions))}), not worse in {', '.join(best.compared)}",
                *_ids(best.other_sessions),
            ),
            usd_per_week=_spared(best) / weeks,
            basis="estimate: the difference of the medians, for each session with the usual model",
            priority=suggestion.priority,
        )


def _spared(choice: Choice) -> float:
    return (choice.usd - choice.other_usd) * len(choice.sessions)


def _weeks(recent: Sequence[Point], now: int) -> float:
    """Weeks that the sessions span, at least one: a history of a day is not taken for seven of them."""
    return min(float(RECENT_WEEKS), _at_least_one((now - min(point.ended_at for point in recent)) / WEEK_MS))


def _at_least_one(weeks: float) -> float:
    return max(1.0, weeks)


def _sessions(number: int) -> str:
    return "1 session" if number == 1 else f"{number} sessions"


def _ids(sessions: Sequence[str]) -> list[str]:
    return [_ODD.sub("?", session) for session in sessions[:_SHOWN_SESSIONS]]
