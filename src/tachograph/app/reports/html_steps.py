"""The steps of a report's charts, and whether sessions become cheaper."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Literal

import msgspec

Direction = Literal["improving", "steady", "worsening"]

MOST_DAYS = 30
"""Longer ranges are shown by week, from Monday on, and by month where weeks are too many to be told apart."""
IMPROVING, WORSENING = 0.85, 1.15
"""Ratios of the second half to the first, beyond which a trend is called so. A convention, no test of significance."""
LEAST_STEPS = 4


class Trend(msgspec.Struct, frozen=True):
    """Cost per session in the second half of the range against the first."""

    ratio: float
    """Mean of the second half's steps by the mean of the first half's."""
    direction: Direction
    """improving: below 0.85; worsening: above 1.15."""
    steps: int
    """Days, weeks or months that have a value."""


def judge_trend(values: Sequence[float | None]) -> Trend | None:
    """Where the cost per session of each step is going; None when fewer than four steps have one, or when the first
    half cost nothing.

    Steps without a value (no session, or none that is priced in full) are left out: a week without work is no cheap
    week. Each step counts once, however many sessions it had. Of an odd number the one in the middle is in neither
    half.
    """
    known = [value for value in values if value is not None]
    half = len(known) // 2
    if len(known) < LEAST_STEPS or not (before := fmean(known[:half])):
        return None
    ratio = fmean(known[-half:]) / before
    direction: Direction = "improving" if ratio < IMPROVING else "worsening" if ratio > WORSENING else "steady"
    return Trend(ratio, direction, len(known))
