"""``tacho cost``."""

from __future__ import annotations

import typing

import click

from tachograph.app.cost import By, CostGroup, CostReport, Reconciliation, reconcile, report_cost
from tachograph.app.find_session import label_sessions
from tachograph.app.totals import Totals
from tachograph.app.workspace import Workspace
from tachograph.cli._options import chosen_filter, filter_options, json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._session import report_connection
from tachograph.report.document import Block, Column, Document, Heading, Line, Table
from tachograph.report.units import UNKNOWN, count, counted, percent, tokens, usd

_REASONS = {
    "synthetic": "messages made by the agent's own program, not by a model",
    "api_error": "API errors shown as messages",
    "null_info": "rate-limit notices without usage",
    "repeat": "notices that repeat a count",
}
_NAMELESS = {"project": "(unknown)", "branch": "(none)"}


@click.command()
@click.option(
    "--by", type=click.Choice(typing.get_args(By)), default="day", show_default=True, help="What to group by."
)
@click.option("--reconcile", "reconciling", is_flag=True, help="Show how raw log lines become counted responses.")
@filter_options
@update_option
@json_option
def command(
    by: By, reconciling: bool, as_json: bool, no_ingest: bool,
    since: str | None, until: str | None, project: str | None, agent: str | None, tz: str | None,
) -> None:  # fmt: skip
    """Show what was spent, dated by response: API-equivalent cost in USD at list prices."""
    workspace = Workspace()
    chosen = chosen_filter(workspace, since, until, project, agent, tz)
    with report_connection(workspace, no_ingest) as connection:
        if reconciling:
            steps = reconcile(connection, chosen)
            print_json("reconcile", steps) if as_json else print_document(_describe_steps(steps))
            return
        report = report_cost(connection, by, chosen)
        names = {} if as_json or by != "session" else label_sessions(connection, [group.key for group in report.groups])
    print_json("cost", report) if as_json else print_document(_describe(report, names))


def _describe(report: CostReport, names: dict[str, str]) -> Document:
    if not report.total.responses:
        return Document(
            [Line("No responses in this selection."), Line("tacho doctor shows where logs were looked for.", "dim")]
        )
    columns = [
        Column(report.by.replace("-", " "), "left", flexible=True, keep_end=report.by == "project"),
        Column("cost", style="strong"),
        Column("share", rank=4),
        Column("sessions", rank=2),
        Column("responses", rank=5),
        Column("input"),
        Column("cache read"),
        Column("cache write"),
        Column("output"),
        Column("reasoning", rank=6),
    ]
    rows = [
        _row(names.get(group.key) or group.key or _NAMELESS.get(report.by, "(none)"), group, report.total)
        for group in report.groups
    ]
    blocks: list[Block] = [
        Heading(f"Cost by {report.by}", f"API-equivalent, USD; time zone {report.timezone}"),
        Table(columns, rows, _row("total", report.total, report.total)),
    ]
    return Document([*blocks, *remarks(report.total)])


def _row(key: str, group: Totals | CostGroup, total: Totals) -> list[str]:
    return [
        key,
        usd(group.usd, lower_bound=group.unpriced_responses > 0),
        UNKNOWN if group.usd is None else percent(group.usd, total.usd or 0),
        count(group.sessions),
        count(group.responses),
        tokens(group.input),
        tokens(group.cache_read),
        tokens(group.cache_write_5m + group.cache_write_1h),
        tokens(group.output),
        tokens(group.reasoning),
    ]


def remarks(total: Totals) -> list[Block]:
    """What a reader has to know about ``total`` to take it right."""
    found: list[Block] = []
    if total.unpriced_responses:
        share = percent(total.unpriced_responses, total.responses)
        names = ", ".join(total.unpriced_models)
        found.append(
            Line(f"≥: {counted(total.unpriced_responses, 'response')} ({share}) without a known price: {names}", "warn")
        )
    if total.output_unreliable_responses:
        share = percent(total.output_unreliable_responses, total.responses)
        found.append(
            Line(f"Output of {counted(total.output_unreliable_responses, 'response')} ({share}) is a lower bound: "
                 "their agent version recorded a placeholder.", "dim")
        )  # fmt: skip
    return found


def _describe_steps(steps: Reconciliation) -> Document:
    rows = [["log lines with usage", count(steps.raw_lines)]]
    rows += [[f"– {_REASONS.get(reason, reason)}", count(-number)] for reason, number in steps.skipped.items()]
    rows += [
        ["– further lines of a response already seen in the same log", count(-steps.further_lines)],
        ["= responses in the logs", count(steps.responses)],
        ["– copies that another session owns (forks, resumed or moved logs)", count(-steps.copies)],
    ]
    columns = [Column("from lines to responses", "left", flexible=True), Column("number")]
    return Document([Heading("How the count comes about"), Table(columns, rows, ["= counted", count(steps.counted)])])
