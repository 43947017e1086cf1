"""``tacho goal infer``."""

from __future__ import annotations

import sys
from datetime import tzinfo
from pathlib import Path
from typing import Any

import click
import msgspec

from tachograph.app.goals.accept import Accepted, Decision, accept, check
from tachograph.app.goals.book import Book, read
from tachograph.app.goals.infer import Proposal, Proposals, dismiss, infer_goals
from tachograph.app.workspace import Workspace
from tachograph.cli._goal_asking import ENDINGS, ask_all, describe_proposal
from tachograph.cli._goal_options import chosen_place, chosen_zone, open_book, place_options, read_moment
from tachograph.cli._options import MANY, json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.errors import NotFound, UsageError
from tachograph.model.goal import FAILURE_REASONS, GOAL_TYPES, RESULT_FITS
from tachograph.report.document import Block, Document, Heading, Line
from tachograph.report.units import counted


def add_infer_command(group: click.Group) -> None:
    """Let the group have the command."""
    group.add_command(infer)


@click.command()
@click.option("--since", metavar="WHEN", help="Only sessions from this date, time, or 7d (seven days ago) on.")
@click.option("--until", metavar="WHEN", help="Only sessions up to, not including, this date or time.")
@click.option("--accept", "accepted", multiple=True, metavar="ID", help="Note this proposal as a goal (p-…).")
@click.option("--accept-all", is_flag=True, help="Note all whose commits or pull requests tell that they succeeded.")
@click.option("--never", multiple=True, metavar="ID", help="Do not propose this one again, on this machine.")
@click.option("--title", metavar="TEXT", help="Another title than the proposed one (with --accept).")
@click.option("--type", "goal_type", type=click.Choice(GOAL_TYPES), help="Another type (with --accept).")
@click.option("--status", type=click.Choice(ENDINGS), help="How it ended (with --accept).")
@click.option("--result-fit", type=click.Choice(RESULT_FITS), help="How the result met what was wanted.")
@click.option("--failure-reason", type=click.Choice(FAILURE_REASONS), help="Why it failed (with --status fail).")
@click.option(
    "--attempt-reason", type=click.Choice(FAILURE_REASONS),
    help="Why it had to be asked again: each session that did becomes an attempt.",
)  # fmt: skip
@click.option(
    "--limit", type=click.IntRange(0, MANY), default=10, show_default=True, metavar="N", help="How many; 0: all."
)
@place_options
@update_option
@json_option
def infer(
    since: str | None, until: str | None, accepted: tuple[str, ...], accept_all: bool, never: tuple[str, ...],
    limit: int, repo: Path, ledger: Path | None, no_ingest: bool, as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Propose goals from history: sessions that were about the same thing, to be accepted, edited or turned down.

    Sessions go together when they were on one branch (not a default one), have one pull request, are forks of each
    other, or began with the same or a similar prompt within days; each proposal says why. Asks one by one on a
    terminal, else prints the list. Why something failed is never guessed.
    """
    from tachograph.cli._session import report_connection

    workspace = Workspace()
    zone, place = chosen_zone(workspace), chosen_place(workspace, repo, ledger)
    decision = Decision(**given)
    if not accepted and decision != Decision():
        raise UsageError("--title, --status and the like go with --accept.")
    state = read(place).state
    with report_connection(workspace, no_ingest) as connection:
        found = infer_goals(
            connection, place, state, workspace.folder, read_moment(since, zone), read_moment(until, zone)
        )
    book = open_book(workspace, place)
    if never:
        dismiss(workspace.folder, [one.session for name in never for one in _named(found, name).sessions])
    if accepted or accept_all:
        report = _accept_all(book, found, accepted, decision)
        print_json("goal_infer_accepted", report) if as_json else print_document(_describe_accepted(report))
    elif never:
        click.echo(f"{counted(len(never), 'proposal')} turned down.", err=True)
    elif as_json:
        print_json("goal_infer", msgspec.structs.replace(found, proposals=found.proposals[: limit or None]))
    elif found.proposals and sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty():
        ask_all(book, workspace.folder, found.proposals[: limit or None], zone)
    else:
        print_document(_describe(found, limit, zone))


def _named(found: Proposals, name: str) -> Proposal:
    named = [one for one in found.proposals if name.startswith("p-") and one.id.startswith(name)]
    if len(named) != 1:
        told = f"{len(named)} proposals begin with {name}." if named else f"No proposal is called {name}."
        raise NotFound(told, hint="tacho goal infer lists them; more sessions, another id.")
    return named[0]


def _accept_all(book: Book, found: Proposals, names: tuple[str, ...], decision: Decision) -> Accepted:
    """The named ones as decided, or all of which it is known how they ended."""
    chosen = [_named(found, name) for name in names] or [one for one in found.proposals if one.status]
    left = [] if names else [one.id for one in found.proposals if not one.status]
    for one in chosen:
        check(one, decision)  # all of them, before the first is written
    return Accepted([accept(book, one, decision).id for one in chosen], left)


def _describe_accepted(report: Accepted) -> Document:
    blocks: list[Block] = [Line(f"{counted(len(report.goals), 'goal')} noted", "strong")]
    blocks += [Line(name, indent=2) for name in report.goals]
    if report.left:
        passed = f"{counted(len(report.left), 'proposal')} left: nothing tells how they ended."
        blocks.append(Line(f"{passed} tacho goal infer --accept ID --status …", "dim"))
    return Document(blocks)


def _describe(found: Proposals, limit: int, zone: tzinfo) -> Document:
    looked = f"{counted(found.sessions, 'session')} of the project, {found.taken:,} with a goal already"
    if not found.proposals:
        return Document([Line(f"Nothing to propose: {looked}."), Line("tacho sessions lists them.", "dim")])
    shown = found.proposals[: limit or None]
    remark = looked if len(shown) == len(found.proposals) else f"the latest {len(shown)} · {looked}"
    blocks: list[Block] = [Heading(counted(len(found.proposals), "proposal"), remark)]
    for one in shown:
        blocks += [Line(), *describe_proposal(one, zone)]
    hint = "tacho goal infer --accept ID [--status …] notes one; --never ID turns one down."
    return Document([*blocks, Line(), Line(hint, "dim")])
