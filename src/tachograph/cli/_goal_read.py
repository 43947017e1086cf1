"""``tacho goal list``, ``show``, ``fsck`` and ``import``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tachograph.app.workspace import Workspace
from tachograph.cli._goal_options import chosen_place, chosen_zone, place_options, read_moment
from tachograph.cli._options import MANY, json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.model.goal import GOAL_STATUSES, GOAL_TYPES


def add_read_commands(group: click.Group) -> None:
    """Let the group have the commands that show a ledger."""
    for one in (list_command, show, fsck, import_command):
        group.add_command(one)


@click.command("list")
@click.option("--status", type=click.Choice(GOAL_STATUSES), help="Only goals of this status.")
@click.option("--type", "kind", type=click.Choice(GOAL_TYPES), help="Only goals of this type.")
@click.option("--since", metavar="WHEN", help="Only goals that were open after this date, time, or 7d (days ago).")
@click.option(
    "--limit", type=click.IntRange(0, MANY), default=20, show_default=True, metavar="N", help="How many; 0: all."
)
@click.option("--effective", is_flag=True, help="Goals that supersede one another are one, which ends as the last.")
@place_options
@update_option
@json_option
def list_command(
    status: Any, kind: Any, since: str | None, limit: int, effective: bool, repo: Path, ledger: Path | None,
    no_ingest: bool, as_json: bool,
) -> None:  # fmt: skip
    """List goals, the open ones first, with what each cost."""
    from tachograph.app.goals.book import read
    from tachograph.app.goals.telling import list_goals
    from tachograph.cli._goal import describe_goals
    from tachograph.cli._session import report_connection

    workspace = Workspace()
    zone = chosen_zone(workspace)
    place = chosen_place(workspace, repo, ledger)
    reading = read(place)
    after = read_moment(since, zone)
    with report_connection(workspace, no_ingest) as connection:
        found = list_goals(
            place, reading, connection, status=status, kind=kind, since=after, limit=limit, effective=effective
        )
    print_json("goals", found) if as_json else print_document(describe_goals(found, zone))


@click.command()
@click.argument("goal", metavar="ID")
@place_options
@update_option
@json_option
def show(goal: str, repo: Path, ledger: Path | None, no_ingest: bool, as_json: bool) -> None:
    """Show one goal: its attempts, and what it cost to the response."""
    from tachograph.app.goals.book import find_goal, read
    from tachograph.app.goals.telling import tell_goal
    from tachograph.app.goals.usage import measure
    from tachograph.cli._goal import describe_goal
    from tachograph.cli._session import report_connection

    workspace = Workspace()
    place = chosen_place(workspace, repo, ledger)
    state = read(place).state
    found = find_goal(state, goal)
    with report_connection(workspace, no_ingest) as connection:
        told = tell_goal(state, found, measure(connection, place, state.goals).goals.get(found.key))
    print_json("goal", told) if as_json else print_document(describe_goal(told, chosen_zone(workspace)))


@click.command()
@click.option("--repair", is_flag=True, help="Put it in order; the ledger as it was is kept beside it.")
@place_options
@json_option
def fsck(repair: bool, repo: Path, ledger: Path | None, as_json: bool) -> int:
    """Look the ledger through: what is wrong, on which line, what it means.

    Exits with 1 when lines are lost for the count, as a torn line or a merge marker is, and were not repaired.
    """
    from tachograph.app.goals.fsck import examine, repair_ledger
    from tachograph.cli._goal import describe_fsck

    workspace = Workspace()
    place = chosen_place(workspace, repo, ledger)
    report = repair_ledger(place) if repair else examine(place)
    print_json("goal_fsck", report) if as_json else print_document(describe_fsck(report))
    return int(not report.repaired and any(one.repairable and not one.harmless for one in report.problems))


@click.command("import")
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path))
@place_options
@json_option
def import_command(source: Path, repo: Path, ledger: Path | None, as_json: bool) -> None:
    """Take over another ledger: one of ours, or one that ai-agents-metrics kept. Doing it again adds nothing."""
    from tachograph.app.goals.imports import import_ledger
    from tachograph.cli._goal import describe_import

    workspace = Workspace()
    report = import_ledger(chosen_place(workspace, repo, ledger), source)
    print_json("goal_import", report) if as_json else print_document(describe_import(report))
