"""What the cells of a file of commands may hold, and what they mean."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

Kind = Literal["text", "count", "number", "flag", "time"]
"""Of a column's values; a count is a whole number, a time ISO-8601 in UTC."""

EXPECTED: dict[Kind, str] = {
    "text": "a text",
    "count": "a whole number",
    "number": "a number",
    "flag": "true or false (1 or 0)",
    "time": "a time such as 2026-11-01T10:00:00Z, or seconds or milliseconds since 1970",
}
"""What a cell is to hold, in words."""

_MS_FROM = 1e11
"""A bare number of at least this is ms since 1970, a smaller one seconds (until the year 5138)."""
_FLAGS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}


def read_cell(kind: Kind, value: Any) -> Any:
    """What a cell of a file says; None: nothing. Raises ValueError, TypeError or OverflowError for another kind."""
    return _READERS[kind](value)


def _count(value: Any) -> int | None:
    number = _number(value)
    if number is None:
        return None
    if number != int(number):
        raise ValueError("no whole number")
    return int(number)


def _number(value: Any) -> float | None:
    number = float(value)
    if math.isnan(number):  # what tables in memory have where nothing is
        return None
    if math.isinf(number):
        raise ValueError("no finite number")
    return number


def _flag(value: Any) -> bool:
    known = _FLAGS.get(str(value).lower())
    if known is None:
        raise ValueError("neither true nor false")
    return known


def _time(value: Any) -> int | None:
    if isinstance(value, datetime):
        moment = value
    else:
        try:
            number = _number(value)
            return None if number is None else round(number if abs(number) >= _MS_FROM else number * 1000)
        except ValueError:
            moment = datetime.fromisoformat(value)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


_READERS: dict[Kind, Callable[[Any], Any]] = {
    "text": str,
    "count": _count,
    "number": _number,
    "flag": _flag,
    "time": _time,
}
