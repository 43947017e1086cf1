"""``tacho score``."""

from __future__ import annotations

import sys

import click

from tachograph.app.find_session import current_folder, find_last
from tachograph.app.score_targets import ScoreOptions, score_targets
from tachograph.app.workspace import Workspace
from tachograph.cli._options import json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._progress import progress_bar
from tachograph.cli._scores import describe_scores
from tachograph.cli._session import note
from tachograph.errors import UsageError
from tachograph.report.sanitise import harmless

_UNREADABLE = 4


@click.command()
@click.argument("targets", nargs=-1, metavar="TARGET...")
@click.option("--last", is_flag=True, help="The session that ended last in the project you stand in, else in all.")
@click.option("--judge", is_flag=True, help="Ask the judge (a local model) about the trajectory now.")
@click.option("--no-store", is_flag=True, help="Leave the warehouse as it is: keep nothing of what is read and judged.")
@update_option
@json_option
def command(targets: tuple[str, ...], last: bool, judge: bool, no_store: bool, no_ingest: bool, as_json: bool) -> int:
    """Score sessions on three axes: token economy, trajectory quality, proven waste.

    TARGET is a log file, a folder of logs (searched recursively), or a session's id as tacho sessions lists it. The
    axes are independent, each says what it is worth, and there is no sum of them. The exit code is 4 when a log could
    not be read; the others are scored all the same.
    """
    if not targets and not last:
        raise UsageError("Name a log, a folder or a session, or ask for --last.", hint="tacho sessions lists them.")
    workspace = Workspace()
    here = workspace.clean.name(current_folder())
    options = ScoreOptions(judge=judge, store=not no_store, update=workspace.settings.ingest_auto and not no_ingest)
    with progress_bar() as on_progress:
        report = score_targets(
            workspace,
            targets,
            options,
            find_more=(lambda connection: [find_last(connection, here)]) if last else None,
            note=note,
            on_progress=on_progress,
        )
    print_json("score", report) if as_json else print_document(describe_scores(report))
    for one in report.unreadable:
        print(f"tacho: {harmless(one.target)} was not scored: {harmless(one.reason)}.", file=sys.stderr)
    return _UNREADABLE if report.unreadable else 0
