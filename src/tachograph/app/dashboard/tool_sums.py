"""Tool calls of a range in sums: by tool, category and MCP server, and over time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import ClassVar

import msgspec

from tachograph.app.dashboard.desk import Desk, Params
from tachograph.app.dashboard.failed_calls import RecentFailures, find_failures
from tachograph.app.dashboard.time_axis import history_begin, make_axis
from tachograph.app.rollups.cubes import Sums, ToolSums
from tachograph.app.rollups.read import add_up
from tachograph.app.scope import Scope
from tachograph.app.tools import Sort
from tachograph.errors import UsageError

MCP = "mcp:"
SLOW_SECONDS = 32
"""The bound between two of the rollups' steps of duration from which a call is called slow."""
_FIRST_STEP = 0.0625
"""Seconds; every step of duration ends at twice that where it begins."""
_SLOW_STEP = 9
"""The step that begins at SLOW_SECONDS."""


class ToolUse(msgspec.Struct, frozen=True):
    """Calls of one tool, category or server."""

    key: str
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
    median_from: float | None
    """Seconds: the median duration of the calls that ran to their end is not below this …"""
    median_to: float | None
    """… and is below this, at most it; null beside a ``median_from``: no bound is kept. Both null: not known."""
    slow_share: float | None
    """Share of the timed calls that took 32 seconds or more."""
    timed_calls: int
    """Calls of which a duration is known."""
    chars_per_result: float | None
    """Mean length of a result, characters; null when none is known."""
    result_chars: int
    results: int
    """Calls of which the result's length is known."""
    usd: float | None
    """Cost of the responses that made the calls, split evenly among the calls of a response; null: nothing priced."""
    unpriced_calls: int
    """Above 0, ``usd`` is a lower bound; so are unattributed ones."""
    unattributed_calls: int
    """Calls of which the log does not say which response made them."""


class CallStep(msgspec.Struct, frozen=True):
    """One day, week or month."""

    start: str
    calls: int
    ok: int
    errors: int
    error_rate: float | None


class ToolPage(msgspec.Struct, frozen=True):
    """Tool calls made in the range, copies in forked sessions left out."""

    timezone: str
    sort: Sort
    total: ToolUse
    tools: list[ToolUse]
    """In the order asked for, so below."""
    categories: list[ToolUse]
    """What kind of work: shell, read, edit …; all MCP servers together as mcp."""
    servers: list[ToolUse]
    """MCP servers."""
    step: str
    """day, week or month."""
    steps: list[CallStep]
    failures: RecentFailures


class CallSums(Sums):
    """The part of the sums over calls that charts over time need."""

    table: ClassVar[str] = ToolSums.table
    keys: ClassVar[tuple[str, ...]] = ToolSums.keys

    calls: int = 0
    ok: int = 0
    errors: int = 0


_ORDERS: dict[Sort, Callable[[ToolUse], float | None]] = {
    "calls": lambda one: one.calls,
    "errors": lambda one: one.errors,
    "error-rate": lambda one: one.error_rate,
    "time": lambda one: one.median_from,
    "result": lambda one: one.chars_per_result,
    "cost": lambda one: one.usd,
}
SORTS: tuple[Sort, ...] = tuple(_ORDERS)


def gather_tools(desk: Desk, scope: Scope, params: Params) -> ToolPage:
    """Everything on the page. Raises UsageError for an order that there is not."""
    sort = _read_sort(params.get("sort") or "calls")
    cells = [
        (str(tool), str(category), sums)
        for (tool, category), sums in add_up(desk.connection, ToolSums, scope, ("tool", "category"))
        if sums.calls
    ]
    step, steps = _over_time(desk.connection, scope)
    return ToolPage(
        scope.zone_name,
        sort,
        _use("", _total(sums for _, _, sums in cells)),
        _grouped(((tool, sums) for tool, _, sums in cells), sort),
        _grouped(((category.partition(":")[0], sums) for _, category, sums in cells), sort),
        _grouped(((category[len(MCP) :], sums) for _, category, sums in cells if category.startswith(MCP)), sort),
        step,
        steps,
        find_failures(desk.connection, scope),
    )


def _grouped(cells: Iterable[tuple[str, ToolSums]], sort: Sort) -> list[ToolUse]:
    groups: dict[str, list[ToolSums]] = {}
    for key, sums in cells:
        groups.setdefault(key, []).append(sums)
    value = _ORDERS[sort]
    found = [_use(key, _total(parts)) for key, parts in groups.items()]
    return sorted(found, key=lambda one: (-(v if (v := value(one)) is not None else -1.0), -one.calls, one.key))


def _total(parts: Iterable[ToolSums]) -> ToolSums:
    columns = zip(*(msgspec.structs.astuple(part) for part in parts), strict=True)
    return ToolSums(*(sum(column) for column in columns))


def _use(key: str, sums: ToolSums) -> ToolUse:
    timed = sum(sums.times)
    median = median_between(sums.times)
    finished = sums.ok + sums.errors
    return ToolUse(
        key, sums.calls, sums.ok, sums.errors, sums.denied, sums.cancelled, sums.missing,
        sums.errors / finished if finished else None, *median,
        sum(sums.times[_SLOW_STEP:]) / timed if timed else None, timed,
        sums.result_chars / sums.results if sums.results else None, sums.result_chars, sums.results,
        sums.usd, sums.unpriced, sums.unattributed,
    )  # fmt: skip


def median_between(times: list[int]) -> tuple[float | None, float | None]:
    """The seconds between which the median lies, from the number of calls in every step of duration.

    The second is None when the median may lie in the last step, which has no end; both are without a call.
    """
    number = sum(times)
    if not number:
        return None, None
    so_far = list(accumulate(times))
    low = next(step for step, upto in enumerate(so_far) if upto > (number - 1) // 2)
    high = next(step for step, upto in enumerate(so_far) if upto > number // 2)
    start = _FIRST_STEP * 2**low if low else 0.0
    return start, None if high == len(times) - 1 else _FIRST_STEP * 2 ** (high + 1)


def _over_time(connection: sqlite3.Connection, scope: Scope) -> tuple[str, list[CallStep]]:
    axis = make_axis(scope, history_begin(connection))
    sums = {int(number): one for (number,), one in add_up(connection, CallSums, scope, (axis.step,))}
    none = CallSums()
    steps = []
    for label, number in zip(axis.labels, axis.numbers, strict=True):
        one = sums.get(number, none)
        finished = one.ok + one.errors
        steps.append(CallStep(label, one.calls, one.ok, one.errors, one.errors / finished if finished else None))
    return axis.step, steps


def _read_sort(text: str) -> Sort:
    for sort in SORTS:
        if sort == text:
            return sort
    raise UsageError(f"Tools cannot be sorted by {text!r}.", slug="bad_sort", hint=f"Known ones: {', '.join(SORTS)}.")
