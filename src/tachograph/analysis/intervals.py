"""How sure a number from a history is: intervals of shares and of anything else, and an exact test of signs."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from tachograph.analysis.bootstrap import RESAMPLES, add_interval

LEAST = 6
"""Units below which no interval is drawn from resamples: with five, not even five equal signs (p = 1/16) could speak
against chance at 95 %."""
MOST_DRAWS, FEWEST_RESAMPLES = 2_000_000, 400
"""With many units there are fewer resamples, as many as these draws allow; of 400, ten lie beyond an end."""

_Z = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""

Unit = TypeVar("Unit")


class Interval(NamedTuple):
    """Both ends, at 95 %."""

    low: float
    high: float


def wilson(part: int, whole: int) -> Interval | None:
    """The score interval of the share ``part / whole``; None when there is no whole.

    Holds for independent units, down to the smallest numbers (Wilson, JASA 22, 1927; Brown, Cai & DasGupta,
    Statistical Science 16, 2001).
    """
    if not whole:
        return None
    share, square = part / whole, _Z * _Z
    centre = (share + square / (2 * whole)) / (1 + square / whole)
    half = _Z * math.sqrt(share * (1 - share) / whole + square / (4 * whole * whole)) / (1 + square / whole)
    return Interval(0.0 if not part else centre - half, 1.0 if part == whole else centre + half)


def bootstrap(
    units: Sequence[Unit], measure: Callable[[Sequence[Unit]], float | None], *, seed: int = 42
) -> Interval | None:
    """The percentile interval of ``measure`` over resamples of ``units``, the same for the same ``seed``.

    A unit is what is independent of the others, such as a session with all that happened in it. None with fewer than
    :data:`LEAST` units, and where :func:`add_interval` finds that the ends cannot be told.
    """
    value = measure(units)
    if value is None or len(units) < LEAST:
        return None
    chance = random.Random(seed)
    count = max(FEWEST_RESAMPLES, min(RESAMPLES, MOST_DRAWS // len(units)))
    drawn = (measure(chance.choices(units, k=len(units))) for _ in range(count))
    found = add_interval(value, drawn)
    return None if found.low is None or found.high is None else Interval(found.low, found.high)


def ratio_of_sums(units: Sequence[tuple[float, float]]) -> float | None:
    """Sum of the first numbers / sum of the second ones; None when the latter is 0. A measure for clustered shares."""
    whole = math.fsum(unit[1] for unit in units)
    return math.fsum(unit[0] for unit in units) / whole if whole else None


def sign_test(more: int, less: int) -> float | None:
    """The exact two-sided probability, if both signs were equally likely, of so unequal numbers; ties are left out.

    None when there is nothing to compare. (Binomial distribution; Conover, Practical Nonparametric Statistics, 1999.)
    """
    number = more + less
    if not number:
        return None
    tail = ways = 1  # of none, then of one more each time
    for few in range(min(more, less)):
        ways = ways * (number - few) // (few + 1)
        tail += ways
    return min(1.0, 2 * tail / (1 << number))
