"""What a report is about: a span of time, a project, an agent, and the time zone of its days."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import msgspec

from tachograph.errors import UsageError

QUARTER_MS = 15 * 60 * 1000
_AGO = re.compile(r"(\d{1,6})([hdwmy])")
_UNITS = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "m": timedelta(days=30),
    "y": timedelta(days=365),
}


class Filter(msgspec.Struct, frozen=True):
    """Which part of the warehouse a report covers. Times are ms UTC, half-open: since <= t < until."""

    since: int | None = None
    until: int | None = None
    project: str | None = None
    """Part of a project's path, or all of it; letter case does not matter."""
    agent: str | None = None
    zone: tzinfo = UTC
    zone_name: str = "UTC"

    def where(self, time_column: str, sessions: str = "s") -> tuple[str, list[object]]:
        """An SQL condition (``1`` when everything is meant) and its parameters.

        ``time_column`` is in ms; ``sessions`` is the alias of the sessions table whose project and agent count.
        """
        parts: list[str] = ["1"]
        values: list[object] = []
        for test, value in ((">=", self.since), ("<", self.until)):
            if value is not None:
                parts.append(f"{time_column} {test} ?")
                values.append(value)
        if self.project is not None:
            parts.append(f"instr(lower(coalesce({sessions}.project, '')), lower(?)) > 0")
            values.append(self.project)
        if self.agent is not None:
            parts.append(f"{sessions}.agent = ?")
            values.append(self.agent)
        return " AND ".join(parts), values


def make_filter(
    since: str | None = None,
    until: str | None = None,
    project: str | None = None,
    agent: str | None = None,
    tz: str | None = None,
    now_ms: int | None = None,
) -> Filter:
    """A filter from what the user typed. Raises UsageError for a moment or a zone that makes no sense."""
    zone, name = find_zone(tz)
    now = now_ms if now_ms is not None else time.time_ns() // 1_000_000
    start = parse_moment(since, zone, now) if since else None
    end = parse_moment(until, zone, now) if until else None
    if start is not None and end is not None and end <= start:
        raise UsageError("--until is not after --since.", slug="empty_span")
    return Filter(start, end, project, agent, zone, name)


def find_zone(name: str | None) -> tuple[tzinfo, str]:
    """The zone called ``name`` (an IANA name; ``local`` or nothing: the machine's own), and the name to show for it."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if not name or name.lower() == "local":
        name = _machine_zone()
    if name.upper() in ("UTC", "ETC/UTC", "Z"):
        return UTC, "UTC"
    try:
        return ZoneInfo(name), name
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            f"There is no time zone {name!r}.", slug="unknown_zone", hint="Use an IANA name such as Europe/Berlin."
        ) from error


def _machine_zone() -> str:
    """Name of the machine's zone: from TZ, else from where the system links its zone file; UTC when neither tells."""
    named = os.environ.get("TZ", "").lstrip(":")
    if named and not named.startswith("/"):
        return named
    try:
        target = str(Path("/etc/localtime").resolve())
    except OSError:
        return "UTC"
    return target.partition("zoneinfo/")[2] or "UTC"


def parse_moment(text: str, zone: tzinfo, now_ms: int) -> int:
    """Milliseconds UTC of ``2026-11-01`` (its start in ``zone``), a timestamp, or ``7d`` (that long ago).

    Units of the last: h, d, w, m (30 days), y (365 days). Raises UsageError.
    """
    ago = _AGO.fullmatch(text.strip().lower())
    if ago:
        return now_ms - int(_UNITS[ago[2]] / timedelta(milliseconds=1)) * int(ago[1])
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"{text!r} is no date.", slug="bad_date", hint="Use 2026-11-01, 2026-11-01T14:30, or 7d for seven days ago."
        ) from error
