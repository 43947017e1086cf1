"""Attributes of spans and log records, whatever dialect they are written in, as values that can be relied on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Attributes = Mapping[str, Any]

_VENDOR = "integritystudio."
"""Newer versions of the hooks write their own attributes with this prefix."""
MOST_TOKENS = 10**11
"""More cannot be one session's; it is a fault."""
_EARLIEST, _LATEST = 946_684_800_000, 7_258_118_400_000
"""The years 2000 and 2200, ms."""
_SCALES = ((1e11, 0.001), (1e14, 1.0), (1e17, 1e3), (float("inf"), 1e6))
"""Below the first, divided by the second, a count is one of milliseconds."""
_VALUES = ("stringValue", "intValue", "doubleValue", "boolValue")


def read_attributes(raw: object) -> dict[str, Any]:
    """Attributes by name: from an object, as the JavaScript SDK dumps it, or from OTLP's list of keys and values.

    The vendor's prefix is taken off; of a name with it and the same without, the one with it counts.
    """
    found = raw if isinstance(raw, dict) else _read_list(raw) if isinstance(raw, list) else {}
    for name in [name for name in found if name.startswith(_VENDOR)]:
        found[name.removeprefix(_VENDOR)] = found[name]
    return found


def _read_list(items: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in items:
        value = item.get("value") if isinstance(item, dict) else None
        if isinstance(value, dict) and isinstance(item.get("key"), str):
            found[item["key"]] = next((value[kind] for kind in _VALUES if kind in value), None)
    return found


def read_resource(raw: object) -> dict[str, Any]:
    """Attributes of a span's resource: they may lie in it directly, or below ``attributes``."""
    if isinstance(raw, dict) and "attributes" in raw:
        return read_attributes(raw["attributes"])
    return read_attributes(raw)


def read_moment(raw: object) -> int | None:
    """Milliseconds since 1970 UTC of ``[seconds, nanoseconds]``, ISO-8601 text, or a count since then.

    A count is one of seconds, milliseconds, microseconds or nanoseconds: between 2000 and 2200 its size tells which.
    None when there is none or it lies outside 2000 to 2200.
    """
    at: float | None = None
    if isinstance(raw, list) and len(raw) == 2:
        seconds, nanos = map(read_number, raw)
        if seconds is not None and nanos is not None:
            at = (seconds + nanos / 1e9) * 1000
    elif isinstance(raw, str) and not raw.isdecimal():
        at = _read_iso(raw)
    elif (number := read_number(raw)) is not None:
        at = number / next(scale for limit, scale in _SCALES if number < limit)
    return round(at) if at is not None and _EARLIEST <= at < _LATEST else None


def _read_iso(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000
    except (ValueError, OverflowError):
        return None


def read_number(raw: object) -> float | None:
    """A finite number, also as text (OTLP writes whole ones so)."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    if isinstance(raw, str) and not (raw.isascii() and len(raw) <= 40):
        return None
    try:
        number = float(raw)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e300 else None


def find(attributes: Attributes, *names: str) -> Any:
    """The first of ``names`` that is there."""
    for name in names:
        value = attributes.get(name)
        if value is not None:
            return value
    return None


def find_text(attributes: Attributes, *names: str) -> str:
    """As :func:`find`, a text without white space around it; ``""`` when there is none."""
    value = find(attributes, *names)
    return value.strip() if isinstance(value, str) else ""


def find_flag(attributes: Attributes, name: str) -> bool | None:
    """As :func:`find`, true or false, also as text; None for anything else."""
    value = find(attributes, name)
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def find_count(attributes: Attributes, *names: str) -> int | None:
    """As :func:`find`, a number of tokens or characters; None when it is none or beyond reason."""
    number = read_number(find(attributes, *names))
    return int(number) if number is not None and 0 <= number <= MOST_TOKENS else None
