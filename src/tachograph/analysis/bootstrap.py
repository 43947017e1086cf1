"""How sure a number is: its interval over resamples of the sessions that it comes from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import msgspec

RESAMPLES = 2000
"""Resamples behind an interval; 1,000 to 2,000 are the usual advice for percentile intervals (Efron & Tibshirani,
An Introduction to the Bootstrap, 1993, section 14.5)."""
COVERAGE = 0.95


class Statistic(msgspec.Struct, frozen=True):
    """A number with its 95 % bootstrap percentile interval."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""
    """Why the value, or its interval, is null; empty when all three are known."""


def add_interval(value: float, resampled: Iterable[float | None], tail: float = (1 - COVERAGE) / 2) -> Statistic:
    """``value`` with the interval that leaves out the share ``tail`` of the resamples' values at either end.

    The interval is null when the number is undefined (None) in more than 5 % of the resamples, for then its ends cannot
    be told, and when all resamples give the same, which says more of their small number than of certainty.
    """
    drawn = list(resampled)
    found = sorted(one for one in drawn if one is not None)
    if not found or len(found) < COVERAGE * len(drawn):
        return Statistic(value, reason="too few sessions for an interval")
    if found[0] == found[-1]:
        return Statistic(value, reason="no spread to tell an interval from")
    return Statistic(value, find_quantile(found, tail), find_quantile(found, 1 - tail))


def find_quantile(ordered: Sequence[float], share: float) -> float:
    """Linear interpolation between the two nearest of the ``ordered`` values; ``share`` is 0 to 1."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
