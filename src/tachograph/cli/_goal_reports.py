"""``tacho goal retro-timeline`` and ``report``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tachograph.app.workspace import Workspace
from tachograph.cli._goal_options import chosen_place, chosen_zone, place_options
from tachograph.cli._options import json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.errors import UsageError

_MOST = 1000
"""Goals of a window."""


def add_report_commands(group: click.Group) -> None:
    """Let the group have the commands that tell of many goals at once."""
    for one in (retro_timeline_command, report_command):
        group.add_command(one)


@click.command("retro-timeline")
@click.option(
    "--window", type=click.IntRange(1, _MOST), default=5, show_default=True, metavar="N",
    help="Look at N product goals before and after each retrospective.",
)  # fmt: skip
@place_options
@update_option
@json_option
def retro_timeline_command(window: int, repo: Path, ledger: Path | None, no_ingest: bool, as_json: bool) -> None:
    """Show product goals before and after each retrospective.

    Retrospectives are goals of type retro that are over, and Markdown files in docs/retros by the commit that added
    them. Success rate, exact fits, attempts, cost per success and known cost, the difference with its 95 % interval
    and n, and a warning where n is too small.
    """
    from tachograph.app.goals.ledgers import open_known
    from tachograph.app.goals.retro import retro_timeline
    from tachograph.app.goals.retro_events import find_retro_files
    from tachograph.cli._goal_retro import describe_timeline
    from tachograph.cli._session import report_connection

    workspace = Workspace()
    place = chosen_place(workspace, repo, ledger)
    known, files = open_known(place), find_retro_files(place.root)
    with report_connection(workspace, no_ingest) as connection:
        found = retro_timeline(connection, known, files, window)
    if as_json:
        print_json("goal_retro_timeline", found)
    else:
        print_document(describe_timeline(found, chosen_zone(workspace)))


@click.command("report")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE instead of printing it.")
@place_options
@update_option
@json_option
def report_command(out: Path | None, repo: Path, ledger: Path | None, no_ingest: bool, as_json: bool) -> None:
    """Tell all goals with their attempts, costs and figures as Markdown.

    It is made from the ledger and the history each time, and says the same as long as both do. An earlier report at
    FILE is replaced, any other file is not.
    """
    from tachograph.app.goals.ledgers import open_known
    from tachograph.app.goals.report import report_goals, report_markdown, write_markdown
    from tachograph.cli._session import note, report_connection

    if out is not None and as_json:
        raise UsageError("Ask for a file with --out or for --json, not for both.")
    workspace = Workspace()
    known = open_known(chosen_place(workspace, repo, ledger))
    with report_connection(workspace, no_ingest) as connection:
        found = report_goals(connection, known)
    if as_json:
        print_json("goal_report", found)
        return
    text = report_markdown(found, chosen_zone(workspace))
    if out is None:
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        return
    write_markdown(out, text)
    note(f"Written to {out}.")
