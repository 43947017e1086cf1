"""``tacho retries``."""

from __future__ import annotations

import typing
from datetime import tzinfo

import click

from tachograph.app.retries import By, FailureCluster, RetryReport, RetrySignals, Signal, report_retries
from tachograph.app.workspace import Workspace
from tachograph.cli._options import MANY, chosen_filter, filter_options, json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._session import report_connection
from tachograph.report.document import Block, Column, Document, Heading, Line, Table
from tachograph.report.units import UNKNOWN, count

_LEGEND = (
    "Each count with the share of sessions that have at least one. follow-ups: prompts after the first ·"
    " interrupted: stopped by a person · reopened: with the first prompt of another session of the project in the 24"
    " hours before · spawns: subagents started, never a retry"
)


@click.command()
@click.option(
    "--by", type=click.Choice(typing.get_args(By)), default="project", show_default=True, help="What to group by."
)
@click.option(
    "--limit",
    type=click.IntRange(0, MANY),
    default=10,
    show_default=True,
    metavar="N",
    help="How many clusters of failed calls to show; 0: all.",
)
@filter_options
@update_option
@json_option
def command(
    by: By, limit: int, as_json: bool, no_ingest: bool,
    since: str | None, until: str | None, project: str | None, agent: str | None, tz: str | None,
) -> None:  # fmt: skip
    """Show how often work had to be asked for again, and where tool calls fail.

    Four signals of main sessions (by their start), kept apart because they mean different things. Follow-ups: prompts
    after the first one; most are the normal course of work. Interruptions: a person stopped the agent. Structural
    retries ("reopened"): another session of the same project opened with the same first prompt within 24 hours
    before. Subagent spawns: how much is delegated; never counted as retries.

    Beside each count stands the share of sessions that have at least one. --by model takes the model that gave most of
    a session's own output; --by branch the last branch named.
    """
    workspace = Workspace()
    chosen = chosen_filter(workspace, since, until, project, agent, tz)
    with report_connection(workspace, no_ingest) as connection:
        report = report_retries(connection, by, chosen, limit)
    print_json("retries", report) if as_json else print_document(_describe(report, chosen.zone))


def _describe(report: RetryReport, zone: tzinfo) -> Document:
    if not report.total.sessions and not report.failed_calls:
        hint = Line("tacho doctor shows where logs were looked for.", "dim")
        return Document([Line("No sessions in this selection."), hint])
    columns = [
        Column(report.by, "left", flexible=True, keep_end=report.by == "project"),
        Column("sessions"),
        Column("follow-ups"),
        Column("interrupted"),
        Column("reopened", style="strong"),
        Column("spawns", rank=1),
    ]
    nameless = "(none)" if report.by == "branch" else "(unknown)"
    blocks: list[Block] = [
        Heading(f"Retry signals by {report.by}", f"main sessions by their start; time zone {report.timezone}"),
        Table(
            columns,
            [_row(group.key or nameless, group) for group in report.groups],
            _row("total", report.total),
        ),
        Line(_LEGEND, "dim"),
    ]
    return Document([*blocks, *_describe_failures(report, zone)])


def _row(key: str, group: RetrySignals) -> list[str]:
    signals = (group.follow_ups, group.interruptions, group.structural_retries, group.subagent_spawns)
    return [key, count(group.sessions), *(_cell(signal) for signal in signals)]


def _cell(signal: Signal) -> str:
    if signal.rate is None:
        return UNKNOWN
    return f"{count(signal.count)} · {100 * signal.rate:3.0f} %" if signal.count else "0"


def _describe_failures(report: RetryReport, zone: tzinfo) -> list[Block]:
    if not report.failed_calls:
        return [Line(), Line("No tool call failed by itself.")]
    if not report.failures:
        return []
    columns = [
        Column("calls"),
        Column("sessions", rank=1),
        Column("last", "left", rank=2),
        Column("tool", "left", flexible=True),
        Column("command", "left", flexible=True),
        Column("error", "left", flexible=True),
    ]
    shown = sum(cluster.calls for cluster in report.failures)
    remark = (
        f"{count(shown)} of {count(report.failed_calls)} failed calls, the largest {len(report.failures)} of"
        f" {count(report.failure_clusters)} clusters"
    )
    return [
        Heading("Where calls fail", remark),
        Table(columns, [_failure_row(cluster, zone) for cluster in report.failures]),
    ]


def _failure_row(cluster: FailureCluster, zone: tzinfo) -> list[str]:
    return [
        count(cluster.calls),
        count(cluster.sessions),
        cluster.last_at.astimezone(zone).date().isoformat(),
        cluster.tool,
        cluster.target or "",
        cluster.error or "(no text)",
    ]
