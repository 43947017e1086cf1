"""The steps of a chart over time: days, weeks or months, as the length of the range allows."""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal

import msgspec

from tachograph.app.rollups.read import day_of, month_number, month_of
from tachograph.app.scope import Scope

Step = Literal["day", "week", "month"]

_EPOCH = date(1970, 1, 1)
_DAYS, _WEEKS = 90, 400
"""The longest ranges, in days, that are shown by day and by week: more than about a hundred bars are a blur."""


class Axis(msgspec.Struct, frozen=True):
    """Equal steps of time, without gaps."""

    step: Step
    starts: list[date]
    """First day of every step: the day, the Monday, the first of the month."""

    @property
    def labels(self) -> list[str]:
        """``2026-11-01``; of months ``2026-11``."""
        return [start.isoformat()[: 7 if self.step == "month" else 10] for start in self.starts]

    @property
    def numbers(self) -> list[int]:
        """The steps as :func:`tachograph.app.rollups.read.add_up` gives them, grouped by ``step``."""
        return [month_number(start) if self.step == "month" else (start - _EPOCH).days for start in self.starts]


def history_begin(connection: sqlite3.Connection) -> date | None:
    """The first day of the whole history with a response or a session; None when there is none that has a time."""
    query = "SELECT min(span) FROM roll.{} WHERE grain = 0 AND project = 0 AND span > 0"  # day 0: what has no time
    found = [connection.execute(query.format(table)).fetchone()[0] for table in ("usage_cells", "session_cells")]
    return min((day_of(span) for span in found if span is not None), default=None)


def make_axis(scope: Scope, begin: date | None, most_days: int = _DAYS) -> Axis:
    """The steps from the beginning of the range to its end, of what lies between ``begin`` and today.

    Before ``begin`` nothing is known; from then on a step without anything is truly empty. Ranges of more than
    ``most_days`` days go by week.
    """
    last = min(scope.last or scope.today, scope.today)
    if begin is None or begin > last:
        return Axis("day", [])
    first = max(scope.first or begin, begin)
    days = (last - first).days + 1
    step: Step = "day" if days <= most_days else "week" if days <= _WEEKS else "month"
    return Axis(step, _starts(step, first, last) if days > 0 else [])


def step_of(axis: Axis, at_ms: int, zone: tzinfo) -> int | None:
    """The step that a moment lies in; None when it lies before the first one."""
    day = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone).date()
    place = bisect_right(axis.starts, day) - 1
    return place if place >= 0 else None


def start_of(day: date, step: Step) -> date:
    """First day of the step that ``day`` lies in; a week begins on Monday."""
    if step == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step == "month" else day


def _starts(step: Step, first: date, last: date) -> list[date]:
    if step == "month":
        return [month_of(number) for number in range(month_number(first), month_number(last) + 1)]
    length = 7 if step == "week" else 1
    start = start_of(first, step)
    return [start + timedelta(days=length * n) for n in range((last - start).days // length + 1)]
