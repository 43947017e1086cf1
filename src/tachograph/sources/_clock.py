"""Timestamps of logs, as milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime

_MINUTES: dict[str, int] = {}
"""Milliseconds of ``YYYY-MM-DDTHH:MM:``: a log's lines lie close together."""

_EARLIEST = 946_684_800_000
"""The year 2000."""
_LATEST = 7_258_118_400_000
"""The year 2200."""


def parse_timestamp(text: str | None) -> int | None:
    """Milliseconds since 1970 UTC of an ISO-8601 timestamp; None when there is none or it makes no sense.

    A timestamp without a zone is taken as UTC, as both agents write it.
    """
    if not text:
        return None
    try:
        if len(text) == 24 and text[23] == "Z" and text[19] == "." and text[16] == ":":
            minute = _MINUTES.get(text[:17])
            if minute is None:
                minute = _remember_minute(text[:17])
            return minute + int(text[17:19]) * 1000 + int(text[20:23])
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return _plausible(round(moment.timestamp() * 1000))
    except (ValueError, OverflowError):
        return None


def _plausible(at: int) -> int:
    """``at``; raises ValueError where no agent can have written it, and no calendar of every zone can show it."""
    if not _EARLIEST <= at < _LATEST:
        raise ValueError(at)
    return at


def _remember_minute(start: str) -> int:
    if len(_MINUTES) > 5000:
        _MINUTES.clear()
    moment = datetime.fromisoformat(start + "00").replace(tzinfo=UTC)
    _plausible(int(moment.timestamp()) * 1000)
    minute = _MINUTES[start] = int(moment.timestamp()) * 1000
    return minute
