"""``tacho goal start``, ``continue``, ``finish``, ``update``, ``merge`` and ``ensure-active``."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click
from msgspec import UNSET

from tachograph.app.goals.book import Book
from tachograph.app.workspace import Workspace
from tachograph.cli._goal_options import chosen_place, chosen_zone, open_book, place_options, read_moment
from tachograph.cli._options import MANY, json_option
from tachograph.errors import UsageError
from tachograph.model.goal import FAILURE_REASONS, GOAL_TYPES, RESULT_FITS, Goal

_CENT = Decimal("0.01")
_REASON = click.Choice(FAILURE_REASONS)
_notes = click.option("--notes", default="", metavar="TEXT", help="What else is to be known; stored redacted.")
_agent = click.option("--agent", metavar="NAME", help="Who works on it; found out where an agent runs this.")
_model = click.option("--model", metavar="NAME", help="With which model.")


def add_write_commands(group: click.Group) -> None:
    """Let the group have the commands that change a ledger."""
    for one in (start, resume, finish, update, merge, ensure_active):
        group.add_command(one)


@click.command("start")
@click.option("--title", required=True, metavar="TEXT", help="What is wanted, in a few words; stored redacted.")
@click.option("--type", "kind", type=click.Choice(GOAL_TYPES), required=True, help="What kind of work it is.")
@_notes
@click.option("--supersedes", metavar="ID", help="A goal that this one takes up again.")
@click.option("--started-at", metavar="WHEN", help="When it began, unless now.")
@_agent
@_model
@place_options
@json_option
def start(
    title: str, kind: Any, notes: str, supersedes: str | None, started_at: str | None, agent: str | None,
    model: str | None, repo: Path, ledger: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Begin a goal and its first attempt."""
    from tachograph.cli._session import note

    workspace = Workspace()
    place = chosen_place(workspace, repo, ledger)
    book, new = open_book(workspace, place, agent, model), not place.path.exists()
    began = read_moment(started_at, chosen_zone(workspace))
    _tell(workspace, book, book.start(title, kind, notes=notes, supersedes=supersedes, started_at=began), as_json)
    if new:
        note(f"this is the first goal in {place.path}.")


@click.command("continue")
@click.argument("goal", metavar="ID")
@click.option("--failure-reason", type=_REASON, required=True, help="Why the attempt under way failed.")
@_notes
@click.option("--started-at", metavar="WHEN", help="When the next attempt began, unless now.")
@_agent
@_model
@place_options
@json_option
def resume(
    goal: str, failure_reason: Any, notes: str, started_at: str | None, agent: str | None, model: str | None,
    repo: Path, ledger: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """The attempt under way has failed: begin the next one.

    The reason belongs to the attempt that failed, and stays there when the goal succeeds. The notes are the next
    attempt's.
    """
    workspace = Workspace()
    book = open_book(workspace, chosen_place(workspace, repo, ledger), agent, model)
    began = read_moment(started_at, chosen_zone(workspace))
    _tell(workspace, book, book.resume(goal, failure_reason, notes=notes, started_at=began), as_json)


@click.command("finish")
@click.argument("goal", metavar="ID")
@click.option("--status", type=click.Choice(("success", "fail")), required=True, help="How it ended.")
@click.option("--result-fit", type=click.Choice(RESULT_FITS), help="How the result met what was wanted (product).")
@click.option("--failure-reason", type=_REASON, help="Why it failed; needed with --status fail.")
@_notes
@click.option("--finished-at", metavar="WHEN", help="When it ended, unless now.")
@place_options
@json_option
def finish(
    goal: str, status: Any, result_fit: Any, failure_reason: Any, notes: str, finished_at: str | None, repo: Path,
    ledger: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Close a goal, and the attempt under way with it."""
    workspace = Workspace()
    book = open_book(workspace, chosen_place(workspace, repo, ledger))
    ended = read_moment(finished_at, chosen_zone(workspace))
    closed = book.finish(
        goal, status, result_fit=result_fit, failure_reason=failure_reason, notes=notes, finished_at=ended
    )
    _tell(workspace, book, closed, as_json)


@click.command("update")
@click.argument("goal", metavar="ID")
@click.option("--title", metavar="TEXT", help="Another title.")
@click.option("--type", "goal_type", type=click.Choice(GOAL_TYPES), help="Another type.")
@click.option("--notes", metavar="TEXT", help="Other notes, in place of those that are there.")
@click.option("--result-fit", type=click.Choice((*RESULT_FITS, "none")), help="Another fit; none takes it away.")
@click.option("--failure-reason", type=_REASON, help="Another reason, of the goal or of --attempt.")
@click.option("--attempt", type=click.IntRange(1, MANY), metavar="N", help="Change this attempt, not the goal.")
@click.option("--agent", metavar="NAME", help="Another agent; none takes it away.")
@click.option("--model", metavar="NAME", help="Another model; none takes it away.")
@click.option("--started-at", metavar="WHEN", help="When it really began.")
@click.option("--finished-at", metavar="WHEN", help="When it really ended.")
@click.option("--supersedes", metavar="ID", help="The goal that it takes up again; none takes that away.")
@click.option("--reopen", is_flag=True, help="It is not over after all: open it and its last attempt again.")
@click.option("--link", multiple=True, metavar="SESSION", help="This session worked for it; may be given often.")
@click.option("--unlink", multiple=True, metavar="SESSION", help="This session did not.")
@click.option("--add-usd", metavar="AMOUNT", help="Cost that no log shows; kept apart, marked as typed in.")
@click.option("--add-tokens", type=click.IntRange(-MANY, MANY), metavar="N", help="Tokens that no log shows.")
@click.option("--usage-note", default="", metavar="TEXT", help="Where these come from.")
@place_options
@json_option
def update(
    goal: str, repo: Path, ledger: Path | None, as_json: bool, add_usd: str | None, add_tokens: int | None,
    usage_note: str, **given: Any,
) -> None:  # fmt: skip
    """Correct what the ledger says of a goal. What was said before stays in the file."""
    workspace = Workspace()
    book = open_book(workspace, chosen_place(workspace, repo, ledger))
    wanted = {name: value for name, value in given.items() if value not in (None, (), False)}
    if not wanted and add_usd is None and add_tokens is None:
        raise UsageError("Nothing to change was given.", hint="tacho goal update --help shows what can be.")
    amount, added = _amount(add_usd), add_usd is not None or add_tokens is not None
    changed = _change(workspace, book, goal, wanted) if wanted else None
    if added:
        changed = book.add_usage(goal, amount, add_tokens, usage_note)
    assert changed is not None
    shown = {"sessions": bool({"link", "unlink"} & wanted.keys()), "manual": added}
    _tell(workspace, book, changed, as_json, links=False, **shown)


def _change(workspace: Workspace, book: Book, goal: str, wanted: dict[str, Any]) -> Goal:
    from tachograph.cli._goal_sessions import session_ids
    from tachograph.ledger.events import Changes

    zone = chosen_zone(workspace)
    fields: dict[str, Any] = {
        name: wanted[name] for name in ("title", "goal_type", "notes", "failure_reason") if name in wanted
    }  # fmt: skip
    for name in ("started_at", "finished_at"):
        if name in wanted:
            fields[name] = read_moment(wanted[name], zone)
    for name in ("result_fit", "agent", "model"):
        if name in wanted:
            fields[name] = None if wanted[name] == "none" else wanted[name]
    superseded = wanted.get("supersedes")
    changes = Changes(
        **fields, status="in_progress" if wanted.get("reopen") else UNSET,
        supersedes=None if superseded == "none" else UNSET,
    )  # fmt: skip
    return book.update(
        goal, changes, supersedes=None if superseded == "none" else superseded, attempt=wanted.get("attempt"),
        link=session_ids(workspace, wanted.get("link", ())), unlink=session_ids(workspace, wanted.get("unlink", ())),
    )  # fmt: skip


def _amount(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        amount = Decimal("nan")
    if not amount.is_finite() or abs(amount) >= MANY:
        raise UsageError(f"{text[:40]!r} is no amount in USD.", hint="Such as 1.50; -1.50 takes something back.")
    return f"{amount:f}" if amount != amount.quantize(_CENT) else f"{amount:.2f}"


@click.command("merge")
@click.argument("kept", metavar="KEEP")
@click.argument("dropped", metavar="DROP")
@place_options
@json_option
def merge(kept: str, dropped: str, repo: Path, ledger: Path | None, as_json: bool) -> None:
    """Two goals were one: KEEP gets the attempts, sessions and notes of DROP, which is no goal any more."""
    workspace = Workspace()
    book = open_book(workspace, chosen_place(workspace, repo, ledger))
    _tell(workspace, book, book.merge(kept, dropped), as_json, links=False)


@click.command("ensure-active")
@_agent
@_model
@place_options
@json_option
def ensure_active(agent: str | None, model: str | None, repo: Path, ledger: Path | None, as_json: bool) -> None:
    """Make a draft of a goal when work has started in the git tree and no goal is open.

    Work: files changed, added, deleted or untracked since the last commit, the ledger itself left out. The draft
    begins when the oldest of them was last written, as far as that was after the commit and after the last goal.
    """
    from tachograph.app.goals import recovery
    from tachograph.cli._goal import describe_ensured
    from tachograph.cli._output import print_document, print_json

    workspace = Workspace()
    place = chosen_place(workspace, repo, ledger)
    ensured = recovery.ensure_active(open_book(workspace, place, agent, model), place)
    if as_json:
        print_json("goal_ensure_active", ensured)
    else:
        print_document(describe_ensured(ensured, chosen_zone(workspace)))


def _tell(workspace: Workspace, book: Book, goal: Goal, as_json: bool, *, links: bool = True, **shown: bool) -> None:
    """``links``: the session in which it was written works for the goal; ``shown`` goes to ``describe_change``."""
    from tachograph.app.goals.telling import tell_goal
    from tachograph.cli._goal import describe_change
    from tachograph.cli._output import print_document, print_json

    told = tell_goal(book.state(), goal)
    if as_json:
        print_json("goal", told)
    else:
        linked = book.author.session if links else None
        print_document(describe_change(told, chosen_zone(workspace), linked=linked, **shown))
