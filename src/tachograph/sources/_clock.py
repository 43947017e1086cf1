"""Timestamps of logs, as milliseconds."""

from __future__ import annotations

from datetime import datetime, timezone

_DAYS: dict[str, int] = {}


def parse_timestamp(text: str | None) -> int | None:
    """Milliseconds since 1970 UTC of an ISO-8601 timestamp; None when there is none or it makes no sense.

    A timestamp without a zone is taken as UTC, as both agents write it.
    """
    if not text:
        return None
    try:
        if len(text) == 24 and text[23] == "Z" and text[19] == ".":
            day = _DAYS.get(text[:10])
            if day is not None:
                return day + int(text[11:13]) * 3600000 + int(text[14:16]) * 60000 + int(text[17:19]) * 1000 + int(text[20:23])
            _remember_day(text[:10])
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return round(moment.timestamp() * 1000)


def _remember_day(day: str) -> None:
    if len(_DAYS) > 5000:
        _DAYS.clear()
    _DAYS[day] = int(datetime.fromisoformat(day).replace(tzinfo=timezone.utc).timestamp() * 1000)
