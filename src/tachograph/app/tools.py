"""What tools were called, how they did, and what the calls carried in cost."""

from __future__ import annotations

import sqlite3
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Literal

import msgspec

from tachograph.analysis.commands import command_head
from tachograph.app.filters import Filter
from tachograph.app.totals import PICO
from tachograph.warehouse.query_files import read_query

By = Literal["tool", "server", "command", "category"]
Sort = Literal["calls", "errors", "error-rate", "time", "result", "cost"]

_KEYS: dict[By, str] = {
    "tool": "t.name",
    "server": "CASE WHEN t.category LIKE 'mcp:%' THEN substr(t.category, 5) END",
    "command": "CASE t.category WHEN 'shell' THEN coalesce(t.command, '') END",
    "category": "t.category",
}
_COSTS = (
    "SELECT position, sum_pico(cost_pico), sum(cost_pico IS NULL) FROM counted_responses"
    " WHERE segment = ? GROUP BY position"
)
_FIRST, _LAST = -(2**63), 2**63 - 1


class ToolStats(msgspec.Struct):
    """Calls of one tool, MCP server, command or category."""

    calls: int
    ok: int
    errors: int
    """Calls that failed by themselves."""
    denied: int
    """Calls that a person refused."""
    cancelled: int
    """Calls stopped because another one of the same answer failed or was refused."""
    missing: int
    """Calls without a result in the log."""
    error_rate: float | None
    """``errors / (ok + errors)``; null when no call ran to its end."""
    median_ms: float | None
    """Median duration of the calls that ran to their end; null when none is known."""
    timed_calls: int
    """Calls of which a duration is known."""
    reported_times: int
    """Those of them whose duration the tool reports; the others' is from call to result, waiting for permission
    included."""
    result_chars: int
    """Length of all results, characters."""
    median_result_chars: float | None
    results: int
    """Calls of which the result's length is known."""
    usd: float | None
    """API-equivalent cost of the responses that made the calls, split evenly among the calls of a response; null when
    nothing of it is priced."""
    unpriced_calls: int
    """Calls whose response is unpriced, in whole or in part: above 0, ``usd`` is a lower bound."""
    unattributed_calls: int
    """Calls of which the log does not say which response made them: they carry no cost."""


class ToolGroup(ToolStats, kw_only=True):
    """Statistics under their key; empty for shell calls whose command is not stored."""

    key: str


class ToolReport(msgspec.Struct):
    """Tool calls in total and by group."""

    by: By
    sort: Sort
    timezone: str
    total: ToolStats
    matching: int
    """Number of groups, shown or not."""
    groups: list[ToolGroup]


_ORDERS: dict[Sort, Callable[[ToolGroup], float | None]] = {
    "calls": lambda group: group.calls,
    "errors": lambda group: group.errors,
    "error-rate": lambda group: group.error_rate,
    "time": lambda group: group.median_ms,
    "result": lambda group: group.result_chars,
    "cost": lambda group: group.usd,
}


def report_tools(
    connection: sqlite3.Connection, by: By, chosen: Filter, sort: Sort = "calls", limit: int | None = None
) -> ToolReport:
    """Statistics of the calls made within ``chosen``, the first ``limit`` groups of them; one pass over the calls.

    ``server`` covers calls of MCP servers alone, ``command`` those of shells alone; so does the total then. A command
    is named by its head, see :func:`tachograph.analysis.commands.command_head`.
    """
    tallies = _tally(connection, by, chosen)
    groups = [ToolGroup(**msgspec.structs.asdict(tally.close()), key=key) for key, tally in tallies.items()]
    value = _ORDERS[sort]
    groups.sort(key=lambda group: (-(found if (found := value(group)) is not None else -1.0), -group.calls, group.key))
    total = _add_up(tallies.values()).close()
    return ToolReport(by, sort, chosen.zone_name, total, len(groups), groups[:limit])


class _Tally:
    """What is known so far of a group's calls."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.times: array[int] | list[int] = array("q")
        self.reported = 0
        self.sizes: array[int] | list[int] = array("q")
        self.pico = 0.0
        self.priced = False
        self.unpriced = 0
        self.unattributed = 0

    def sort(self) -> _Tally:
        self.times = sorted(self.times)
        self.sizes = sorted(self.sizes)
        return self

    def close(self) -> ToolStats:
        """The numbers of a sorted tally."""
        counts = self.statuses
        finished = counts["ok"] + counts["error"]
        return ToolStats(
            calls=counts.total(),
            ok=counts["ok"],
            errors=counts["error"],
            denied=counts["denied"],
            cancelled=counts["cancelled"],
            missing=counts["missing"],
            error_rate=counts["error"] / finished if finished else None,
            median_ms=_median(self.times),
            timed_calls=len(self.times),
            reported_times=self.reported,
            result_chars=sum(self.sizes),
            median_result_chars=_median(self.sizes),
            results=len(self.sizes),
            usd=round(self.pico / PICO, 12) if self.priced else None,
            unpriced_calls=self.unpriced,
            unattributed_calls=self.unattributed,
        )


def _add_up(tallies: Collection[_Tally]) -> _Tally:
    """All ``tallies`` as one, sorted (which is quick where the parts are)."""
    total = _Tally()
    for tally in tallies:
        total.statuses.update(tally.statuses)
        total.reported += tally.reported
        total.pico += tally.pico
        total.priced |= tally.priced
        total.unpriced += tally.unpriced
        total.unattributed += tally.unattributed
    total.times = list(chain.from_iterable(tally.times for tally in tallies))
    total.sizes = list(chain.from_iterable(tally.sizes for tally in tallies))
    return total.sort()


def _tally(connection: sqlite3.Connection, by: By, chosen: Filter) -> dict[str, _Tally]:
    since = _FIRST if chosen.since is None else chosen.since
    until = _LAST if chosen.until is None else chosen.until
    query = read_query("segment_calls").format(key=_KEYS[by])
    head = command_head if by == "command" else str
    found: defaultdict[str, _Tally] = defaultdict(_Tally)
    for segment in _segments(connection, chosen):
        rows = connection.execute(query, (segment, since, until)).fetchall()
        shares = _split_costs(connection, segment, rows) if rows else {}
        for response, key, status, within, ms, reported, chars in rows:
            if not within or key is None:
                continue
            tally = found[head(key)]
            tally.statuses[status] += 1
            share = shares.get(response)
            if share is None:
                tally.unattributed += 1
            else:
                if share[0] is not None:
                    tally.pico += share[0]
                    tally.priced = True
                tally.unpriced += share[1]
            if ms is not None and ms >= 0:
                tally.times.append(ms)
                tally.reported += reported
            if chars is not None:
                tally.sizes.append(chars)
    return {key: tally.sort() for key, tally in found.items()}


def _segments(connection: sqlite3.Connection, chosen: Filter) -> Iterator[int]:
    """Segments that may hold calls within ``chosen``."""
    where, values = msgspec.structs.replace(chosen, since=None, until=None).where("0")
    rows = connection.execute(
        "SELECT g.segment FROM sessions s CROSS JOIN segments g ON g.session = s.id"
        f" WHERE (?1 IS NULL OR s.ended_at >= ?1) AND (?2 IS NULL OR s.started_at < ?2) AND {where}",
        (chosen.since, chosen.until, *values),
    )
    return (segment for (segment,) in rows)


def _split_costs(
    connection: sqlite3.Connection, segment: int, rows: Iterable[Sequence[Any]]
) -> dict[int, tuple[float | None, bool]]:
    """By place of a response: what each of its calls carries (picodollars), and whether a part of it is unpriced."""
    calls = Counter([row[0] for row in rows])
    return {
        position: (None if pico is None else pico / calls[position], unpriced > 0)
        for position, pico, unpriced in connection.execute(_COSTS, (segment,))
        if position in calls
    }


def _median(ordered: Sequence[int]) -> float | None:
    """The median of sorted values; the mean of the two in the middle when their number is even."""
    if not ordered:
        return None
    middle = len(ordered) // 2
    return float(ordered[middle]) if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
