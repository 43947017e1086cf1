"""``tacho goal sync``, ``coverage``, ``audit`` and ``compare``: a ledger and the history."""

from __future__ import annotations

import time
from pathlib import Path

import click

from tachograph.app.workspace import Workspace
from tachograph.cli._goal_options import chosen_place, chosen_zone, place_options
from tachograph.cli._options import MANY, json_option, update_option
from tachograph.cli._output import print_document, print_json


def add_history_commands(group: click.Group) -> None:
    """Let the group have the commands that hold a ledger against the history."""
    for one in (sync, coverage, audit, compare):
        group.add_command(one)


@click.command()
@place_options
@update_option
@json_option
def sync(repo: Path, ledger: Path | None, no_ingest: bool, as_json: bool) -> None:
    """Note in the ledger what this machine's sessions used for its goals.

    So that clones without these logs know it. Only what differs from what the ledger has is written: a second run
    writes nothing. Costs that are shown come from this machine's history where it knows a session, else from these
    notes. Session ids and sums are written; nothing of what was said in a session is.
    """
    from tachograph.app.goals.sync import sync as note_usage
    from tachograph.cli._goal_account import describe_sync
    from tachograph.cli._session import report_connection

    workspace = Workspace()
    place = chosen_place(workspace, repo, ledger)
    with report_connection(workspace, no_ingest) as connection:
        report = note_usage(connection, place)
    print_json("goal_sync", report) if as_json else print_document(describe_sync(report))


@click.command()
@click.argument("goal", metavar="[ID]", required=False)
@place_options
@update_option
@json_option
def coverage(goal: str | None, repo: Path, ledger: Path | None, no_ingest: bool, as_json: bool) -> None:
    """Show why the cost of a goal is missing or partial, and whether it can be recovered.

    Without ID all goals are looked at.
    """
    from tachograph.app.goals.book import find_goal, read
    from tachograph.app.goals.coverage import of_goal, report_coverage
    from tachograph.cli._goal_account import describe_coverage
    from tachograph.cli._session import report_connection

    workspace = Workspace()
    place = chosen_place(workspace, repo, ledger)
    state = read(place).state
    chosen = None if goal is None else find_goal(state, goal)
    with report_connection(workspace, no_ingest) as connection:
        report = report_coverage(connection, place, state)
    if chosen is not None:
        report = of_goal(report, chosen.id)
    print_json("goal_coverage", report) if as_json else print_document(describe_coverage(report))


@click.command()
@click.option(
    "--stale-days", type=click.IntRange(1, MANY), default=7, show_default=True, metavar="N",
    help="An open goal is stale after this many days without an event or a response.",
)  # fmt: skip
@place_options
@update_option
@json_option
def audit(stale_days: int, repo: Path, ledger: Path | None, no_ingest: bool, as_json: bool) -> None:
    """Find what the ledger probably says wrongly: likely misses, likely partial fits, stale goals, low coverage.

    Each comes with the command that mends it. Nothing is changed; whether it is so, only you can tell.
    """
    from tachograph.app.goals.audit import audit as look_through
    from tachograph.app.goals.book import read
    from tachograph.cli._goal_account import describe_audit
    from tachograph.cli._session import report_connection

    workspace = Workspace()
    place = chosen_place(workspace, repo, ledger)
    reading = read(place)
    with report_connection(workspace, no_ingest) as connection:
        report = look_through(connection, place, reading, time.time_ns() // 1_000_000, stale_days)
    print_json("goal_audit", report) if as_json else print_document(describe_audit(report))


@click.command()
@click.option(
    "--limit", type=click.IntRange(0, MANY), default=20, show_default=True, metavar="N",
    help="How many sessions and overlaps to list; 0: all.",
)  # fmt: skip
@place_options
@update_option
@json_option
def compare(limit: int, repo: Path, ledger: Path | None, no_ingest: bool, as_json: bool) -> None:
    """Hold the ledger against the history: sessions without a goal, goals without a session, overlaps.

    Looked at are the project's sessions from the start of the first goal up to now.
    """
    from tachograph.app.goals.book import read
    from tachograph.app.goals.history import compare_history
    from tachograph.cli._goal_account import describe_comparison
    from tachograph.cli._session import report_connection

    workspace = Workspace()
    place = chosen_place(workspace, repo, ledger)
    state = read(place).state
    with report_connection(workspace, no_ingest) as connection:
        report = compare_history(connection, place, state, time.time_ns() // 1_000_000, limit)
    if as_json:
        print_json("goal_compare", report)
    else:
        print_document(describe_comparison(report, chosen_zone(workspace)))
