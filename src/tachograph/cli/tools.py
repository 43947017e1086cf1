"""``tacho tools``."""

from __future__ import annotations

import typing

import click

from tachograph.app.tools import By, Sort, ToolGroup, ToolReport, ToolStats, report_tools
from tachograph.app.workspace import Workspace
from tachograph.cli._options import MANY, chosen_filter, filter_options, json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._session import report_connection
from tachograph.report.document import Block, Column, Document, Heading, Line, Table
from tachograph.report.units import UNKNOWN, count, duration, percent, tokens, usd

_SHOWN = 30
"""Groups that a person is shown unless --limit says otherwise."""
_EMPTY = {
    "tool": "No tool calls in this selection.",
    "category": "No tool calls in this selection.",
    "server": "No calls of MCP servers in this selection.",
    "command": "No shell calls in this selection.",
}


@click.command()
@click.option(
    "--by", type=click.Choice(typing.get_args(By)), default="tool", show_default=True, help="What to group by."
)
@click.option(
    "--sort", type=click.Choice(typing.get_args(Sort)), default="calls", show_default=True, help="What comes first."
)
@click.option(
    "--limit", type=click.IntRange(0, MANY), metavar="N", help=f"How many; 0: all [default: {_SHOWN}; all with --json]."
)
@filter_options
@update_option
@json_option
def command(
    by: By, sort: Sort, limit: int | None, as_json: bool, no_ingest: bool,
    since: str | None, until: str | None, project: str | None, agent: str | None, tz: str | None,
) -> None:  # fmt: skip
    """Show tool calls, dated by call: how many, how they ended, how long they took, what they carried.

    The error rate is errors / (ok + errors); calls that a person refused (denied), that were stopped with another one
    (cancelled) or that have no result in the log are not in it. Time is the median as the tool reports it, else from
    call to result, waiting for permission included. The result's size is in characters, as the model got it. Cost is
    that of the responses that made the calls, split evenly among the calls of a response: what deciding on the
    calls cost, not what reading their results cost later.

    --by server shows MCP servers alone, --by command shell calls alone, under what they run: git commit, pytest,
    npm run build (cd, sudo and variables before it are passed over).
    """
    workspace = Workspace()
    chosen = chosen_filter(workspace, since, until, project, agent, tz)
    with report_connection(workspace, no_ingest) as connection:
        report = report_tools(
            connection, by, chosen, sort, (None if as_json else _SHOWN) if limit is None else limit or None
        )
    print_json("tools", report) if as_json else print_document(_describe(report))


def _describe(report: ToolReport) -> Document:
    total = report.total
    if not total.calls:
        return Document([Line(_EMPTY[report.by])])
    columns = [
        Column(report.by, "left", flexible=True),
        Column("calls"),
        Column("errors"),
        Column("rate", style="strong"),
        Column("denied", rank=2),
        Column("cancelled", rank=5),
        Column("time"),
        Column("result", rank=3),
        Column("total", rank=4),
        Column("cost"),
        Column("share", rank=6),
    ]
    blocks: list[Block] = [
        Heading(f"Tool calls by {report.by}", f"API-equivalent, USD; time zone {report.timezone}"),
        Table(
            columns,
            [_row(_name(group, report.by), group, total) for group in report.groups],
            _row("total", total, total),
        ),
    ]
    return Document([*blocks, *_remarks(report)])


def _name(group: ToolGroup, by: By) -> str:
    return group.key or ("(no command)" if by == "command" else "(unnamed)")


def _row(key: str, group: ToolStats, total: ToolStats) -> list[str]:
    return [
        key,
        count(group.calls),
        count(group.errors),
        percent(group.errors, group.ok + group.errors),
        count(group.denied),
        count(group.cancelled),
        UNKNOWN if group.median_ms is None else duration(round(group.median_ms)),
        UNKNOWN if group.median_result_chars is None else tokens(round(group.median_result_chars)),
        tokens(group.result_chars) if group.results else UNKNOWN,
        _cost(group),
        percent(group.usd or 0, total.usd or 0),
    ]


def _cost(group: ToolStats) -> str:
    if group.usd is None and not group.unpriced_calls:
        return UNKNOWN
    return usd(group.usd, lower_bound=group.unpriced_calls + group.unattributed_calls > 0)


def _remarks(report: ToolReport) -> list[Block]:
    total = report.total
    found: list[Block] = []
    if len(report.groups) < report.matching:
        found.append(Line(f"{count(report.matching - len(report.groups))} more: --limit 0 shows all.", "dim"))
    reported = percent(total.reported_times, total.timed_calls)
    found.append(
        Line(
            f"rate: errors among calls that ran to their end · time: median, reported by the tool for {reported} of the"
            " calls, else from call to result · result: characters, median and total · cost: of the responses that"
            " made the calls",
            "dim",
        )
    )
    if total.unpriced_calls:
        found.append(Line(f"≥ {count(total.unpriced_calls)} calls were made by responses that are unpriced.", "warn"))
    if total.unattributed_calls:
        unknown = count(total.unattributed_calls)
        found.append(Line(f"{unknown} calls carry no cost: their log does not say which response made them.", "dim"))
    if total.missing:
        found.append(Line(f"{count(total.missing)} calls have no result in the log.", "dim"))
    return found
