"""Which part of the history a page is about: the range of days, the project, the agent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import msgspec

from tachograph.app.filters import Filter
from tachograph.errors import UsageError

RANGES = {"7d": 7, "30d": 30, "90d": 90, "365d": 365, "all": 0}
"""Days up to and including today; 0: no limit."""
DEFAULT_RANGE = "30d"


class Scope(msgspec.Struct, frozen=True):
    """Whole days of the user's zone."""

    today: date
    range: str = DEFAULT_RANGE
    """A key of RANGES, or ``custom``."""
    first: date | None = None
    """First day; None: from the beginning on."""
    last: date | None = None
    """Last day, itself included; None: up to now."""
    project: str | None = None
    """Exactly this project."""
    agent: str | None = None
    zone: tzinfo = UTC
    zone_name: str = "UTC"

    @property
    def days(self) -> int | None:
        """Length of the range; None when it has no beginning."""
        return None if self.first is None else ((self.last or self.today) - self.first).days + 1

    @property
    def previous(self) -> Scope | None:
        """The same number of days just before; None when the range has no beginning."""
        if self.first is None or self.days is None:
            return None
        last = self.first - timedelta(days=1)
        return msgspec.structs.replace(self, range="custom", first=self.first - timedelta(days=self.days), last=last)

    @property
    def filter(self) -> Filter:
        """The same for what is asked of the warehouse (there a project is matched by a part of its path)."""
        since = None if self.first is None else self._midnight(self.first)
        until = None if self.last is None else self._midnight(self.last + timedelta(days=1))
        return Filter(since, until, self.project, self.agent, self.zone, self.zone_name)

    @property
    def query(self) -> dict[str, str]:
        """The parameters of an address that say the same; what is the default is left out."""
        found: dict[str, str] = {}
        if self.range == "custom":
            found |= {"from": str(self.first)} if self.first else {}
            found |= {"to": str(self.last)} if self.last else {}
        elif self.range != DEFAULT_RANGE:
            found["range"] = self.range
        found |= {"project": self.project} if self.project is not None else {}
        found |= {"agent": self.agent} if self.agent is not None else {}
        return found

    def _midnight(self, day: date) -> int:
        return round(datetime.combine(day, time(), self.zone).timestamp() * 1000)


def parse_scope(params: Mapping[str, str], zone: tzinfo, zone_name: str, now_ms: int) -> Scope:
    """The scope that an address asks for. Raises UsageError for what makes no sense."""
    today = datetime.fromtimestamp(now_ms / 1000, zone).date()
    name = params.get("range") or ("custom" if params.get("from") or params.get("to") else DEFAULT_RANGE)
    if name == "custom":
        first, last = _read_day(params.get("from")), _read_day(params.get("to"))
    elif name in RANGES:
        last = None
        first = today - timedelta(days=RANGES[name] - 1) if RANGES[name] else None
    else:
        raise UsageError(f"There is no range {name!r}.", slug="bad_range", hint=f"Known ones: {', '.join(RANGES)}.")
    if first is not None and last is not None and last < first:
        raise UsageError("The range ends before it begins.", slug="empty_span")
    return Scope(today, name, first, last, params.get("project") or None, params.get("agent") or None, zone, zone_name)


def _read_day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no date.", slug="bad_date", hint="Use 2026-11-01.") from error
    if not date(1970, 1, 2) <= found <= date(9000, 1, 1):  # so that neighbours and other zones are dates, too
        raise UsageError(f"{text!r} lies outside of what can be asked for.", slug="bad_date", hint="Use 2026-11-01.")
    return found
