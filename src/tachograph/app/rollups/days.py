"""Days of a time zone, as SQL computes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

DAY_MS = 86_400_000
_FIRST_YEAR, _LAST_YEAR = 2000, 2200
"""No session has an earlier or a later time: see ``sources/_clock.py``."""
_EPOCH = date(1970, 1, 1).toordinal()
_STEP = timedelta(hours=12)
"""No zone has changed its clock and changed it back within so short a time."""


def day_expression(column: str, zone: tzinfo, first_ms: int, last_ms: int) -> str:
    """SQL for the number of the day since 1970-01-01 in which the moment ``column`` (ms UTC, not before 2000) lies.

    It holds for moments from ``first_ms`` to ``last_ms``.
    """
    spans = list_offsets(zone, _year_of(first_ms), _year_of(last_ms))
    cases = "".join(f" WHEN {column} >= {start} THEN {column} + {offset}" for start, offset in reversed(spans[1:]))
    shifted = f"CASE{cases} ELSE {column} + {spans[0][1]} END" if cases else f"{column} + {spans[0][1]}"
    return f"(({shifted}) / {DAY_MS})"


def month_expression(day: str) -> str:
    """SQL for the number of the month since January 1970 of the day with the number ``day``."""
    date = f"{day} * 86400, 'unixepoch'"
    return f"(CAST(strftime('%Y', {date}) AS INTEGER) * 12 + CAST(strftime('%m', {date}) AS INTEGER) - {1970 * 12 + 1})"


def day_limits(day: int, zone: tzinfo) -> tuple[int, int]:
    """The first moment of the day with this number and of the one after it, ms UTC."""
    return _first_moment(day, zone), _first_moment(day + 1, zone)


def day_number(at: int, zone: tzinfo) -> int:
    """The number of the day since 1970-01-01 in which ``at`` (ms UTC) lies."""
    return datetime.fromtimestamp(at / 1000, zone).toordinal() - _EPOCH


@lru_cache(maxsize=16)
def list_offsets(zone: tzinfo, first_year: int, last_year: int) -> list[tuple[int, int]]:
    """From which moment on (ms UTC) the zone's clock is how far from UTC (ms), in these years; the earliest first."""
    at, end = datetime(first_year, 1, 1, tzinfo=UTC) - timedelta(days=1), datetime(last_year + 1, 1, 2, tzinfo=UTC)
    offset = _offset(at, zone)
    found = [(_to_ms(at), offset)]
    while at < end:
        later = at + _STEP
        if _offset(later, zone) != offset:
            start = _find_change(at, later, zone)
            offset = _offset(later, zone)
            found.append((_to_ms(start), offset))
        at = later
    return found


def _find_change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The first second at which the offset is that of ``after``."""
    offset = _offset(before, zone)
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(datetime.fromtimestamp(middle, UTC), zone) == offset:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)


def _first_moment(day: int, zone: tzinfo) -> int:
    """When the day begins: at midnight, or at the first moment after it where the clock leaves midnight out."""
    low, high = (day - 2) * 86_400, (day + 2) * 86_400
    while high - low > 1:
        middle = (low + high) // 2
        if day_number(middle * 1000, zone) < day:
            low = middle
        else:
            high = middle
    return high * 1000


def _offset(at: datetime, zone: tzinfo) -> int:
    offset = at.astimezone(zone).utcoffset() or timedelta()
    return offset // timedelta(milliseconds=1)


def _to_ms(at: datetime) -> int:
    return int(at.timestamp()) * 1000


def _year_of(at: int) -> int:
    return min(max(datetime.fromtimestamp(at / 1000, UTC).year, _FIRST_YEAR), _LAST_YEAR)
