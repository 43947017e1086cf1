"""Any metric before and after: the matched difference, the naive one beside it, and what else is different."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from tachograph.analysis.comparison import LEAST_PAIRS, Compared, Observation, compare, stratum_of
from tachograph.analysis.kpis import Direction
from tachograph.app.compare.candidates import Candidate, find_candidates, observe
from tachograph.app.compare.metrics import COUNTS_TURNS, Chosen
from tachograph.app.compare.sides import Moment, Side
from tachograph.app.filters import Filter
from tachograph.errors import NotFound
from tachograph.model import to_datetime
from tachograph.report.sanitise import harmless

Reading = Literal["better", "worse", "more", "less", "unclear", "too_few"]

SHIFT = 0.1
"""Difference of two shares from which on it is told."""
_MOST_SHIFTS = 12

_SIZE, _TASK_TYPE = "size", "task type"


class SideMoment(msgspec.Struct, frozen=True):
    """A bound of a side: what was given, and what it stands for."""

    given: str
    at: datetime
    commit: str | None
    """Hash of the commit whose date it is; null: it is a date itself."""


class ComparedSide(msgspec.Struct, frozen=True):
    """One side of the comparison."""

    since: datetime | None
    """Sessions that began from here on; null: from the first one on."""
    until: datetime | None
    """Up to, not including, here; null: up to the last one."""
    moments: list[SideMoment]
    sessions: int
    """Main sessions."""


class MetricComparison(msgspec.Struct, frozen=True):
    """One metric on both sides."""

    metric: str
    title: str
    unit: str
    better: Direction | None
    """Null: more of it is neither good nor bad."""
    scale: Literal["linear", "log"]
    """log: means are geometric, and the interval is that of a ratio, shown in the metric's unit."""
    matched_by: list[str]
    compared: Compared
    reading: Reading
    """What the interval of the matched difference says: ``unclear`` where it holds 0, or there is none."""
    reason: str
    """Of too few what is there and what is needed; else empty."""


class Shift(msgspec.Struct, frozen=True):
    """Something else that is different between the sides."""

    kind: str
    """size (turns), task type, agent, model or project."""
    name: str
    before_share: float
    """Share of the side's sessions, 0 to 1."""
    after_share: float
    is_matched: bool
    """Whether matching takes it out of the difference."""


class ComparisonReport(msgspec.Struct, frozen=True):
    """The history before and after."""

    timezone: str
    before: ComparedSide
    after: ComparedSide
    straddling: int
    """Sessions that began before and went on after: left out."""
    least_pairs: int
    """Pairs of like sessions that a number needs."""
    seed: int
    metrics: list[MetricComparison]
    shifts: list[Shift]
    """The greatest first; at most twelve."""
    not_proven: str
    """What none of these numbers shows."""


NOT_PROVEN = (
    "No control group: whatever else changed at that time (models, agents, projects, you) is part of the difference."
    " The proof is a trial: tacho trials."
)


def report_comparison(
    connection: sqlite3.Connection, sides: tuple[Side, Side], metrics: Sequence[Chosen], chosen: Filter, seed: int
) -> ComparisonReport:
    """Every one of ``metrics`` on both sides. Raises NotFound when one is no number."""
    found = find_candidates(connection, *sides, chosen)
    before, after = (observe(connection, side, metrics) for side in (found.before, found.after))
    compared = []
    for one in metrics:
        _check_part(one, before[one.name] + after[one.name])
        by_size = one.name not in COUNTS_TURNS
        result = compare(before[one.name], after[one.name], scale=one.scale, by_size=by_size, seed=seed)
        compared.append(_tell(one, result, by_size))
    return ComparisonReport(
        chosen.zone_name, _tell_side(sides[0], len(found.before)), _tell_side(sides[1], len(found.after)),
        found.straddling, LEAST_PAIRS, seed, compared, _find_shifts(found.before, found.after), NOT_PROVEN,
    )  # fmt: skip


def _check_part(metric: Chosen, observed: Sequence[Observation]) -> None:
    """A kind that occurs nowhere is most likely misspelt: no difference is to be told of it."""
    if metric.part and observed and not any(one.value for one in observed):
        raise NotFound(f"No session of either side has any {harmless(metric.name)!r}.", slug="no_metric")


def _tell_side(side: Side, sessions: int) -> ComparedSide:
    since, until = (None if at is None else to_datetime(at) for at in (side.since, side.until))
    return ComparedSide(since, until, [_tell_moment(one) for one in side.moments], sessions)


def _tell_moment(moment: Moment) -> SideMoment:
    return SideMoment(moment.given, to_datetime(moment.at), moment.commit)


def _tell(metric: Chosen, result: Compared, by_size: bool) -> MetricComparison:
    reason = ""
    if result.matched is None:
        reason = (
            f"{result.pairs} pairs of like sessions, {LEAST_PAIRS} needed"
            f" (sessions with this metric: {result.before} before, {result.after} after)"
        )
    matched_by = [_SIZE, _TASK_TYPE] if by_size else [_TASK_TYPE]
    return MetricComparison(
        metric.name, metric.title, metric.unit, metric.better, metric.scale, matched_by, result,
        _read(metric.better, result), reason,
    )  # fmt: skip


def _read(better: Direction | None, result: Compared) -> Reading:
    if result.matched is None:
        return "too_few"
    low, high = result.matched.low, result.matched.high
    if low is None or high is None or low <= 0 <= high:
        return "unclear"
    if better is None:
        return "more" if low > 0 else "less"
    return "better" if (low > 0) == (better == "up") else "worse"


def _find_shifts(before: Sequence[Candidate], after: Sequence[Candidate]) -> list[Shift]:
    if not before or not after:
        return []
    found = [
        shift
        for kind, name_of in _KINDS.items()
        for shift in _shifts_of(kind, map(name_of, before), map(name_of, after))
    ]
    found.sort(key=lambda one: (-abs(one.after_share - one.before_share), one.kind, one.name))
    return found[:_MOST_SHIFTS]


def _shifts_of(kind: str, before: Iterator[str], after: Iterator[str]) -> Iterator[Shift]:
    counts = (Counter(before), Counter(after))
    for name in counts[0] | counts[1]:
        first, second = (count[name] / count.total() for count in counts)
        if abs(second - first) >= SHIFT:
            yield Shift(kind, name, first, second, kind in (_SIZE, _TASK_TYPE))


def _name_size(one: Candidate) -> str:
    if one.turns is None or one.turns < 1:
        return "no turns"
    low, high = stratum_of(one.turns)
    return "1 turn" if high == 1 else f"{low}–{high} turns"


_KINDS: dict[str, Callable[[Candidate], str]] = {
    _SIZE: _name_size,
    _TASK_TYPE: lambda one: one.point.task_type or "(unknown)",
    "agent": lambda one: one.point.group.agent,
    "model": lambda one: one.point.group.family,
    "project": lambda one: one.point.project or "(unknown)",
}
