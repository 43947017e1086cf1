"""The page on tools: what was called, how it ended, how long it took, what it carried."""

from __future__ import annotations

import msgspec

from tachograph.app.dashboard.cells import cost_cell
from tachograph.app.dashboard.desk import Params
from tachograph.app.dashboard.failed_calls import RecentFailures
from tachograph.app.dashboard.links import link, session_link
from tachograph.app.dashboard.page import Page, Param
from tachograph.app.dashboard.tool_sums import SLOW_SECONDS, SORTS, ToolPage, ToolUse, gather_tools
from tachograph.app.retries import FailureCluster
from tachograph.app.scope import Scope
from tachograph.report.units import count, counted
from tachograph.report.view import (
    Beside,
    Block,
    Card,
    Cards,
    Cell,
    Chart,
    Column,
    Empty,
    Grid,
    Note,
    Series,
    Tone,
    View,
)

_MANY_ERRORS = 0.20
"""Share of failed calls from which a tool is pointed out: one in five."""
_LEGEND = (
    "Error rate: failed calls among those that ran to their end; refused and cancelled ones, and those without a result"
    " in the log, are not in it. Time: the span in which the median lies, as the tool reports it, else from call to"
    " result, waiting for permission included. Cost: of the responses that made the calls, split evenly among the calls"
    " of a response; what reading their results cost later is not in it."
)


def show(data: ToolPage, scope: Scope, _params: Params) -> View:
    """Cards, the tools, the course of time, and what fails."""
    lead = "Tool calls made in the range, subagents' included."
    if not data.total.calls:
        everything = link("tools", msgspec.structs.replace(scope, range="all", first=None, last=None))
        return View("Tools", [Empty("No tool calls in this range.", "", everything, "All tool calls")], lead)
    blocks: list[Block] = [
        _cards(data.total),
        Beside([[_calls(data)], [_error_rate(data)]]),
        _failures(data.failures),
        _grid("tools", "By tool", "Tool", data.tools, data),
        Note(_LEGEND, "dim"),
        _grid("categories", "By kind of work", "Kind", data.categories, data),
    ]
    if data.servers:
        blocks.append(_grid("servers", "By MCP server", "Server", data.servers, data))
    return View("Tools", blocks, lead)


def _cards(total: ToolUse) -> Cards:
    failed = f"{count(total.errors)} of {counted(total.ok + total.errors, 'finished call')}"
    cards = [
        Card("Tool calls", Cell(total.calls)),
        Card("Failed", Cell(total.error_rate, note=failed), "percent"),
        Card("Denied", Cell(total.denied, note="refused by a person")),
        Card("Typical time", Cell(describe_median(total)), "text"),
        Card("Cost", msgspec.structs.replace(_cost(total), note="of the responses that made the calls"), "usd"),
    ]
    return Cards([msgspec.structs.replace(card, how="tools") for card in cards])


def _grid(id: str, title: str, first: str, uses: list[ToolUse], data: ToolPage) -> Grid:
    columns = [
        Column("name", first, wide=True),
        Column("calls", "Calls", "count", sort="calls"),
        Column("errors", "Errors", "count", "Calls that failed.", "errors", low=True),
        Column("error_rate", "Error rate", "percent", "Among the calls that ran to their end.", "error-rate"),
        Column("denied", "Denied", "count", "Refused by a person.", low=True),
        Column("cancelled", "Cancelled", "count", "Stopped because another one of the same answer was.", low=True),
        Column("missing", "No result", "count", "Without a result in the log.", low=True),
        Column("time", "Typical time", "text", "The span in which the median lies.", "time", low=True),
        Column(
            "slow", f"≥ {SLOW_SECONDS} s", "percent", f"Share of calls that took {SLOW_SECONDS} s or more.", low=True
        ),
        Column("result", "Result, chars", "tokens", "Mean length of a result in characters.", "result", low=True),
        Column("cost", "Cost", "usd", "Of the responses that made the calls.", "cost"),
    ]
    rows = [_row(one) for one in uses]
    return Grid(id, title, columns, rows, sorted_by=data.sort, how="tools")


def _row(one: ToolUse) -> list[Cell]:
    tone: Tone = "warn" if one.errors > 1 and (one.error_rate or 0) >= _MANY_ERRORS else ""
    return [
        Cell(one.key or "(unnamed)"),
        Cell(one.calls),
        _number(one.errors),
        Cell(one.error_rate, tone=tone),
        _number(one.denied),
        _number(one.cancelled),
        _number(one.missing),
        Cell(describe_median(one), title=f"of {counted(one.timed_calls, 'timed call')}"),
        Cell(one.slow_share),
        Cell(None if one.chars_per_result is None else round(one.chars_per_result)),
        _cost(one),
    ]


def _number(value: int) -> Cell:
    return Cell(value, tone="" if value else "dim")


def _cost(one: ToolUse) -> Cell:
    if one.usd is None and not one.unpriced_calls:
        return Cell("")  # no log says which response made them
    return cost_cell(one.usd, one.unpriced_calls + one.unattributed_calls, one.calls)


def describe_median(one: ToolUse) -> str | None:
    """``1–2 s``, ``under 0.125 s``, ``1,024 s or more``: exactly what is known of the median; None when nothing is."""
    if one.median_from is None:
        return None
    if one.median_to is None:
        return f"{one.median_from:,g} s or more"
    if not one.median_from:
        return f"under {one.median_to:,g} s"
    return f"{one.median_from:,g}–{one.median_to:,g} s"


def _calls(data: ToolPage) -> Chart:
    series = [
        Series("ok", [one.ok for one in data.steps]),
        Series("failed", [one.errors for one in data.steps]),
        Series("denied, cancelled or without a result", [one.calls - one.ok - one.errors for one in data.steps]),
    ]
    return Chart(
        "calls", f"Calls by {data.step}", f"Tool calls by {data.step} and how they ended, dated by call.", "stacked",
        [one.start for one in data.steps], series, "count", live=True, how="tools",
    )  # fmt: skip


def _error_rate(data: ToolPage) -> Chart:
    return Chart(
        "error-rate", "Error rate", f"Failed calls among those that ran to their end, by {data.step}.", "lines",
        [one.start for one in data.steps], [Series("error rate", [one.error_rate for one in data.steps])], "percent",
        live=True, how="tools",
    )  # fmt: skip


def _failures(found: RecentFailures) -> Grid:
    columns = [
        Column("error", "Error", wide=True),
        Column("tool", "Tool"),
        Column("target", "Command", low=True),
        Column("calls", "Calls", "count"),
        Column("sessions", "Sessions", "count", low=True),
        Column("last", "Last", "moment", low=True),
    ]
    rows = [_failure_row(one) for one in found.shown]
    last = "" if found.complete else f" among the range's last {count(found.looked_at)}"
    shown = sum(one.calls for one in found.shown)
    description = (
        f"{count(shown)} of {counted(found.calls, 'failed call')}{last}, alike in tool, command and the error's first"
        " telling line. A failure need not be a mistake: a failing test before a fix is how work goes."
    )
    return Grid(
        "failures", "Where calls fail", columns, rows, description, empty="No call failed by itself.", how="tools"
    )


def _failure_row(one: FailureCluster) -> list[Cell]:
    return [
        Cell(one.error or "(no text)", session_link(one.last_session)),
        Cell(one.tool),
        Cell(one.target or ""),
        Cell(one.calls),
        Cell(one.sessions),
        Cell(one.last_at),
    ]


PAGE = Page(
    "tools",
    "Tools",
    gather_tools,
    show,
    "Tool calls made in the range: by tool, kind of work and MCP server, over time, and where they fail.",
    order=5,
    params=(Param("sort", "What comes first; the highest first.", SORTS, "calls"),),
)
