"""Sessions before and after a change, like with like: matched by size and task type, with an interval.

A plain difference of two periods mixes what changed with what was asked for: a week of large tasks costs more than a
week of small ones. Here sessions are compared within strata (coarsened exact matching: Iacus, King & Porro, Political
Analysis 20, 2012): the same task type, and a size within a factor of two. What has no like on the other side takes no
part.

What counts as size is the caller's choice. It must be nothing that the change acts on: matching by a consequence of the
change takes a part of the effect out (Rosenbaum, JRSS A 147, 1984).
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Literal, NamedTuple

import msgspec

from tachograph.analysis.bootstrap import COVERAGE, RESAMPLES, add_interval

LEAST_PAIRS = 10
"""Pairs of like sessions below which no number is given: from there on the interval covers the truth in about 95 % of
simulated histories, normal, uniform or log-normal, in strata down to LEAST_EACH (docs/how-to/compare.md)."""
LEAST_EACH = 2
"""Sessions that a stratum needs on each side: from a single one no spread can be told."""

_LARGE, _MANY_PAIRS = 100, 300
"""Sessions of one side of a stratum from which on the mean of a resample is drawn as what it then comes to, normal; and
pairs from which on all are, for then their sum is."""
_LARGEST = 1e100
"""Values beyond are left out: their squares are no numbers."""

Scale = Literal["linear", "log"]


class Observation(NamedTuple):
    """One session, and the value that is compared."""

    value: float
    size: int | None
    """At least 1; None or less: it cannot be matched."""
    task_type: str | None
    """None, too, is a stratum: openings of which no type can be told (slash commands, pasted text) are alike."""


class Difference(msgspec.Struct, frozen=True):
    """How far the sessions after lie from those before. On a log scale means are geometric."""

    before: float
    """Mean, in the metric's unit."""
    after: float
    difference: float
    """``after - before``."""
    low: float | None
    """Lower end of the 95 % bootstrap interval of the difference; null where there is none."""
    high: float | None
    reason: str
    """Why there is no interval; empty where there is one."""


class Compared(msgspec.Struct, frozen=True):
    """One metric, both sides."""

    before: int
    """Sessions that have the metric; so ``after``."""
    after: int
    before_matched: int
    """Of those, sessions in strata that both sides share; so ``after_matched``."""
    after_matched: int
    strata: int
    """Such strata."""
    pairs: int
    """Sum of the smaller sides of these strata: as many sessions have a like one of their own."""
    matched: Difference | None
    """Null with fewer than LEAST_PAIRS pairs."""
    naive: Difference | None
    """Of all sessions as they are; null with ``matched``."""


class _Cell(NamedTuple):
    """One side of a stratum."""

    weight: float
    """Of its mean in the difference: below 0 before, above 0 after."""
    values: list[float]

    @property
    def mean(self) -> float:
        return math.fsum(self.values) / len(self.values)

    @property
    def variance(self) -> float:
        """Of the values, from the sample: at least two."""
        mean = self.mean
        return math.fsum((value - mean) ** 2 for value in self.values) / (len(self.values) - 1)


_Strata = list[tuple[list[float], list[float]]]


def compare(
    before: Sequence[Observation], after: Sequence[Observation], *, scale: Scale = "linear", by_size: bool = True,
    seed: int = 42,
) -> Compared:  # fmt: skip
    """Hold the sessions ``after`` against those ``before``; the same for the same ``seed``, whatever their order.

    A stratum weighs as much as its smaller side has sessions: as if each of them had been paired with a like one. So
    neither a stratum that hardly occurs on one side, nor the side with more sessions decides. ``by_size`` false
    matches by task type alone, for metrics that are a count of the size itself.

    On a log scale values of 0 or less are left out.
    """
    sides = (_usable(before, scale), _usable(after, scale))
    strata = _match(sides, by_size)
    pairs = sum(min(map(len, stratum)) for stratum in strata)
    enough = pairs >= LEAST_PAIRS
    chance = random.Random(seed)
    whole = [(sorted(one.value for one in sides[0]), sorted(one.value for one in sides[1]))]
    return Compared(
        len(sides[0]),
        len(sides[1]),
        sum(len(stratum[0]) for stratum in strata),
        sum(len(stratum[1]) for stratum in strata),
        len(strata),
        pairs,
        _differ(strata, scale, chance) if enough else None,
        _differ(whole, scale, chance) if enough else None,
    )


def stratum_of(size: int) -> tuple[int, int]:
    """The smallest and the largest size of the stratum that ``size`` (at least 1) lies in: 1, 2–3, 4–7, 8–15 …"""
    low = 1 << (size.bit_length() - 1)
    return low, 2 * low - 1


def _usable(side: Sequence[Observation], scale: Scale) -> list[Observation]:
    least = 0.0 if scale == "log" else -_LARGEST
    kept = [one for one in side if least < one.value < _LARGEST]
    return [one._replace(value=math.log(one.value)) for one in kept] if scale == "log" else kept


def _match(sides: tuple[Sequence[Observation], Sequence[Observation]], by_size: bool) -> _Strata:
    """The values of each stratum that both sides share, in an order that depends on nothing else."""
    found: dict[tuple[int, str], tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for number, side in enumerate(sides):
        for one in side:
            if not by_size:
                found[0, one.task_type or ""][number].append(one.value)
            elif one.size is not None and one.size >= 1:
                found[stratum_of(one.size)[0], one.task_type or ""][number].append(one.value)
    shared = [found[key] for key in sorted(found) if min(map(len, found[key])) >= LEAST_EACH]
    return [(sorted(first), sorted(second)) for first, second in shared]


def _differ(strata: _Strata, scale: Scale, chance: random.Random) -> Difference:
    weights = [min(map(len, stratum)) for stratum in strata]
    cells = [
        _Cell(sign * weight / sum(weights), values)
        for weight, stratum in zip(weights, strata, strict=True)
        for sign, values in zip((-1, 1), stratum, strict=True)
    ]
    before, after = (math.fsum(abs(one.weight) * one.mean for one in side) for side in (cells[::2], cells[1::2]))
    large = _LARGE if sum(weights) < _MANY_PAIRS else 0
    told = add_interval(after - before, _resample(cells, large, chance), _tail(cells))
    if scale == "linear":
        return Difference(before, after, after - before, told.low, told.high, told.reason)
    level = math.exp(before)
    low, high = (None if end is None else level * math.expm1(end) for end in (told.low, told.high))
    return Difference(level, math.exp(after), level * math.expm1(after - before), low, high, told.reason)


def _resample(cells: Sequence[_Cell], large: int, chance: random.Random) -> list[float]:
    """The difference in each resample of the sessions within each side of each stratum.

    Of n sessions n - 1 are drawn: then the spread of the mean is that of means of n sessions, while n draws of a few
    would spread too little (Rao & Wu, JASA 83, 1988).
    """
    totals = [0.0] * RESAMPLES
    for cell in cells:
        draw = _drawer(cell, large, chance)
        totals = [total + cell.weight * draw() for total in totals]
    return totals


def _drawer(cell: _Cell, large: int, chance: random.Random) -> Callable[[], float]:
    """A function that draws the mean of one resample of the cell, as normal from ``large`` sessions on."""
    values, number = cell.values, len(cell.values) - 1
    if values[0] == values[-1]:
        return lambda: values[0]
    if number < large:
        return lambda: sum(chance.choices(values, k=number)) / number
    mean, spread = cell.mean, math.sqrt(cell.variance / len(values))
    return lambda: chance.gauss(mean, spread)


def _tail(cells: Sequence[_Cell]) -> float:
    """The share of resamples to leave out at either end, fewer the fewer sessions the spread was told from.

    The expanded percentile interval (Hesterberg, The American Statistician 69, 2015): the normal distribution's tail
    beyond Student's t, with the degrees of freedom of Welch and Satterthwaite.
    """
    tail = (1 - COVERAGE) / 2
    parts = [(cell.weight**2 * cell.variance / len(cell.values), len(cell.values) - 1) for cell in cells]
    spread = math.fsum(part for part, _ in parts)
    if not spread:
        return tail
    freedom = 1 / math.fsum((part / spread) ** 2 / free for part, free in parts)
    return NormalDist().cdf(-_student(NormalDist().inv_cdf(1 - tail), freedom))


def _student(z: float, freedom: float) -> float:
    """The quantile of Student's t where the normal one is ``z`` (Abramowitz & Stegun 1964, 26.7.5)."""
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return math.fsum(term / freedom**power for power, term in enumerate(terms))
