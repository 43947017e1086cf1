"""``tacho learn``."""

from __future__ import annotations

import click

from tachograph.app.learn.decisions import now_ms
from tachograph.app.learn.measures import LoopStatus, Measure, measure_loop
from tachograph.app.learn.run import LearnReport, learn
from tachograph.app.workspace import Workspace
from tachograph.cli._loop import loop_connection
from tachograph.cli._options import json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._session import note
from tachograph.errors import Busy
from tachograph.report.document import Block, Column, Document, Heading, Line, Table
from tachograph.report.units import UNKNOWN, count, counted

_PATIENCE_SECONDS = 60.0
"""A round at the end of a session waits for the one before it."""


@click.group(invoke_without_command=True)
@click.option("--quiet", is_flag=True, help="Say nothing, and end quietly when another process is at it (for hooks).")
@update_option
@json_option
@click.pass_context
def command(context: click.Context, quiet: bool, no_ingest: bool, as_json: bool) -> int:
    """Go round the loop: KPIs, baselines, alerts, trials, suggestions, and the next sessions' briefing.

    Reads new logs first. Commands that report on the loop do this by themselves, and so do the hooks after a session.
    """
    if context.invoked_subcommand is not None:
        return 0
    try:
        report = learn(Workspace(), update=not no_ingest, wait_seconds=_PATIENCE_SECONDS if quiet else 10.0)
    except Busy:
        if quiet:
            return 0
        raise
    if quiet:
        return 0
    for line in report.notes:
        note(line)
    print_json("learn", report) if as_json else print_document(_describe(report))
    return 0


@command.command("status")
@update_option
@json_option
def status_command(no_ingest: bool, as_json: bool) -> None:
    """Show how the loop itself does, against the targets of the plan that it follows."""
    workspace = Workspace()
    with loop_connection(workspace, no_ingest) as connection:
        status = measure_loop(connection, now_ms())
    print_json("learn_status", status) if as_json else print_document(_describe_status(status))


def _describe(report: LearnReport) -> Document:
    blocks: list[Block] = [
        Line(
            f"{counted(report.sessions, 'session')} with KPIs, {count(report.new_sessions)} computed now,"
            f" in {report.seconds:.1f} s"
        )
    ]
    if not report.sessions:
        return Document([*blocks, Line("tacho doctor shows where logs were looked for.", "dim")])
    if not report.changed:
        return Document([*blocks, Line("Nothing has changed since the last round.", "dim")])
    new = ", ".join(f"{number} {name}" for name, number in report.alerts.items() if number)
    blocks.append(Line(f"new alerts: {new or 'none'}; new incidents: {count(report.incidents)}"))
    trials = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in sorted(report.trials.items()))
    blocks.append(Line(f"suggestions that fit: {count(report.offers)}; trials: {trials or 'none'}"))
    if report.activated or report.retired:
        blocks.append(Line(f"put to the test: {count(report.activated)}; retired: {count(report.retired)}"))
    if report.weekly_report:
        blocks.append(Line(f"weekly report: {report.weekly_report}"))
    return Document(blocks)


def _describe_status(status: LoopStatus) -> Document:
    when = f"{status.last_round:%Y-%m-%d %H:%M} UTC" if status.last_round else "never"
    columns = [
        Column("measure", "left"), Column("value", style="strong"), Column("target", "left"), Column("", "left"),
        Column("measured on"),
    ]  # fmt: skip
    return Document(
        [
            Heading("The loop", f"last round {when}, {counted(status.sessions, 'session')} with KPIs"),
            Table(columns, [_row(one) for one in status.measures]),
        ]
    )


def _row(one: Measure) -> list[str]:
    value = UNKNOWN
    if one.value is not None:
        value = f"{one.value:.1f} s" if one.unit == "seconds" else f"{100 * one.value:.0f} %"
    met = "" if one.met is None else "met" if one.met else "not met"
    return [one.title, value, one.target, met, count(one.of) if one.unit == "ratio" else ""]
