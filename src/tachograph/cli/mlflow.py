"""``tacho mlflow``."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tachograph.app.workspace import Workspace
from tachograph.cli._options import chosen_filter, filter_options, json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._progress import progress_bar
from tachograph.cli._session import note
from tachograph.errors import UsageError
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Table
from tachograph.report.sanitise import harmless
from tachograph.report.units import UNKNOWN, count, counted, tokens, usd

if TYPE_CHECKING:
    from tachograph.mlflow.setup import Change, SetupReport
    from tachograph.mlflow.writing import LoggedSession, LogReport

_UNREADABLE = 4
_uri_option = click.option(
    "--tracking-uri", metavar="URI", help="Where MLflow keeps its traces; what MLflow itself would use when left out."
)


@click.group()
def command() -> None:
    """Put sessions into MLflow, and set up MLflow's own tracing. Needs: pip install 'tachograph[mlflow]'."""


@command.command("log")
@click.argument("sessions", nargs=-1, metavar="[SESSION]...")
@_uri_option
@click.option("--experiment", metavar="NAME", help="The whole name of the experiment; it is made if there is none.")
@click.option(
    "--expect", "file", metavar="FILE", type=click.Path(path_type=Path), help="Check the sessions: results as feedback."
)
@click.option("--case", metavar="ID", help="The test case of FILE whose expectations hold.")
@click.option("--dry-run", is_flag=True, help="Show what would be logged, without asking MLflow for anything.")
@filter_options
@update_option
@json_option
def log_command(
    sessions: tuple[str, ...], tracking_uri: str | None, experiment: str | None, file: Path | None, case: str | None,
    dry_run: bool, no_ingest: bool, as_json: bool,
    since: str | None, until: str | None, project: str | None, agent: str | None, tz: str | None,
) -> int:  # fmt: skip
    """Write sessions into MLflow as traces, each once however often this runs.

    SESSION is a log file, a folder of logs, or a session's id as tacho sessions lists it. Without one, --since,
    --until, --project and --agent choose main sessions by their start. Subagents go with the session that started
    them. A session that has grown is brought up to date. What tools were given is sent without secrets.

    The exit code is 4 when a log could not be read; the others are logged all the same.
    """
    from tachograph.mlflow.writing import LogRequest, log_sessions, mains_within

    by_time = any((since, until, project, agent))
    if bool(sessions) == by_time:
        raise UsageError(
            "Name sessions, or choose them with --since, --until, --project or --agent.",
            hint="tacho sessions lists them.",
        )
    if case is not None and file is None:
        raise UsageError("--case goes with --expect.")
    workspace = Workspace()
    chosen = chosen_filter(workspace, since, until, project, agent, tz)
    request = LogRequest(
        targets=sessions,
        find_more=mains_within(chosen) if by_time else None,
        tracking_uri=tracking_uri,
        experiment=experiment,
        expectations=file,
        case=case,
        dry_run=dry_run,
        update=workspace.settings.ingest_auto and not no_ingest,
    )
    with progress_bar() as on_progress:
        report = log_sessions(workspace, request, note=note, on_progress=on_progress)
    print_json("mlflow_log", report) if as_json else print_document(_describe_log(report))
    for one in report.unreadable:
        print(f"tacho: {harmless(one)} (not logged)", file=sys.stderr)
    return _UNREADABLE if report.unreadable else 0


def _describe_log(report: LogReport) -> Document:
    where = " · ".join(
        part for part in (report.tracking_uri or "", report.experiment or "", "dry run" * report.dry_run) if part
    )
    outcomes = Counter(one.outcome for one in report.sessions)
    has_checks = any(one.checks is not None for one in report.sessions)
    columns = [
        Column("session", "left"),
        Column("about", "left", flexible=True),
        Column("", "left", style="strong"),
        Column("spans"),
        Column("read", rank=1),
        Column("written", rank=1),
        Column("cost"),
        *([Column("yes"), Column("no"), Column("skip", rank=1)] if has_checks else []),
        *([] if report.dry_run else [Column("trace", "left", rank=2)]),
    ]
    told = ", ".join(f"{number:,} {outcome}" for outcome, number in outcomes.items())
    return Document(
        [
            Heading("MLflow", where),
            Table(columns, [_log_row(one, columns) for one in report.sessions]),
            Line(f"{counted(len(report.sessions), 'session')}: {told}"),
            *_tell_traces(report),
        ]
    )


def _tell_traces(report: LogReport) -> list[Line]:
    """Where the traces' ids are: in a table of this width they are the first to be left out."""
    traces = [one.trace for one in report.sessions if one.trace]
    if not traces or report.dry_run:
        return []
    return [Line(f"trace {traces[0]}" if len(traces) == 1 else "--json shows the traces' ids.", "dim")]


def _log_row(one: LoggedSession, columns: list[Column]) -> list[str]:
    checks = one.checks
    cells = {
        "session": one.name,
        "about": one.title,
        "": one.outcome,
        "spans": count(one.spans),
        "read": tokens(one.input_tokens),
        "written": tokens(one.output_tokens),
        "cost": usd(one.usd),
        "yes": count(checks.yes) if checks else "",
        "no": count(checks.no) if checks else "",
        "skip": count(checks.skip) if checks else "",
        "trace": one.trace or "",
    }
    return [cells[column.title] for column in columns]


@command.command("setup")
@_uri_option
@click.option("--experiment", metavar="NAME", help="The whole name of the experiment that traces go into.")
@click.option(
    "--directory",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The project to set up; the one you stand in when left out.",
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def setup_command(
    tracking_uri: str | None, experiment: str | None, directory: Path, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Have MLflow trace Claude Code in a project: runs and verifies `mlflow autolog claude`.

    Says first what that changes. Asks before it runs anything; without a terminal it needs --yes.
    """
    from tachograph.mlflow.setup import plan_setup, set_up

    directory = directory.resolve()
    report = plan_setup(directory, tracking_uri, experiment)
    if not as_json:
        print_document(_describe_setup(report))
    if not (yes or dry_run):
        if as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
            hint = "Give --yes, or --dry-run to look only."
            raise UsageError("There is no way to ask whether to run it.", slug="cannot_ask", hint=hint)
        click.confirm("Run this?", abort=True, err=True)
    if not dry_run:
        report = set_up(directory, tracking_uri, experiment)
        note(f"done, and {harmless(report.settings_file)} is as it was to be.")
    if as_json:
        print_json("mlflow_setup", report)


def _describe_setup(report: SetupReport) -> Document:
    blocks: list[Block] = [
        Heading("MLflow's tracing of Claude Code", report.directory),
        Facts([("runs", " ".join(report.command)), *(("which runs", line) for line in report.also_runs)]),
        Heading("Changes", f"{report.settings_file}, env"),
        Table(
            [Column("variable", "left"), Column("now", "left", flexible=True), Column("then", "left", flexible=True)],
            [_change_row(change) for change in report.changes],
        ),
    ]
    return Document([*blocks, *(Line(one, "dim") for one in report.notes)])


def _change_row(change: Change) -> list[str]:
    after = {"set": change.after or "", "removed": UNKNOWN, "decided": "(MLflow finds it out)"}[change.kind]
    return [change.name, UNKNOWN if change.before is None else change.before, after]
