"""The day, week or month that a moment lies in, in the reader's time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from functools import cache
from typing import Literal

from tachograph.app.filters import QUARTER_MS

Period = Literal["day", "week", "month"]


def period_labels(period: Period, zone: tzinfo) -> Callable[[int], str]:
    """A function from quarter-hours since 1970 UTC to the day, the ISO week's Monday, or the month they lie in.

    Every zone's clock is set in whole quarter-hours, so that no quarter-hour lies in two days.
    """

    @cache
    def label(quarter: int) -> str:
        day = datetime.fromtimestamp(quarter * QUARTER_MS / 1000, zone).date()
        if period == "week":
            day -= timedelta(days=day.weekday())
        return day.isoformat()[:7] if period == "month" else day.isoformat()

    return label
