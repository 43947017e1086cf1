"""``tacho label``."""

from __future__ import annotations

import sys
import time
import typing
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from typing import Any, TypeVar

import click

from tachograph.app.workspace import Workspace
from tachograph.cli._options import MANY, json_option, update_option
from tachograph.errors import UsageError
from tachograph.model import LABEL_KINDS, LabelKind

if typing.TYPE_CHECKING:
    from tachograph.app.commands.labels import LabelRecord
    from tachograph.app.commands.review import Review
    from tachograph.capture.store import CommandStore

F = TypeVar("F", bound=Callable[..., Any])


class _Targets(click.Group):
    """``tacho label TARGET`` is short for ``tacho label set TARGET``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["set", *args]
        return super().parse_args(ctx, args)


def _path_option(command: F) -> F:
    """``--path``: a store of its own."""
    return click.option(
        "--path", "folder", type=click.Path(path_type=Path), metavar="DIR", help="The store in DIR, such as .tacho."
    )(command)


@click.group(cls=_Targets, subcommand_metavar="TARGET --score 0..100 | review | list")
def command() -> None:
    """Say how commands and sessions turned out, so that models can learn from it.

    tacho label TARGET --score 80 labels one (the same as tacho label set). Your labels count more than whatever else is
    known of a command.
    """


@command.command("set", context_settings={"allow_extra_args": True})
@click.argument("target", metavar="TARGET")
@click.option("--score", type=float, metavar="0..100", help="0: of no use, or harmful; 100: just what was needed.")
@click.option(
    "--note", metavar="TEXT", help="Why; stored redacted, at most 500 characters. Without it your last note stays."
)
@click.option("--remove", is_flag=True, help="Take your label back.")
@_path_option
@json_option
@click.pass_context
def set_command(
    context: click.Context, target: str, score: float | None, note: str | None, remove: bool, folder: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Label one command or session; your label takes the place of the one you gave before.

    TARGET is a command's id or the beginning of it (evt_…), or a session by id, native id or unique prefix.
    """
    from tachograph.app.commands.events import existing_store
    from tachograph.app.commands.labels import label, remove_label
    from tachograph.capture.store import open_commands
    from tachograph.cli._output import print_json

    if context.args:
        hint = "One command or session at a time; its score comes after --score: tacho label TARGET --score 80."
        raise UsageError(f"What is {context.args[0]!r}? TARGET is {target!r} already.", hint=hint)
    if (score is None) != remove:
        raise UsageError("Give either --score or --remove.", slug="bad_score")
    workspace = Workspace()
    if note is not None:
        note = note.encode("utf-8", "replace").decode()  # an argument may hold any bytes
    with open_commands(existing_store(workspace, folder)) as store:
        if score is None:
            made = remove_label(workspace, store, target)
        else:
            made = label(workspace, store, target, score, note, at=_now())
    print_json("label", made) if as_json else _tell(made, removed=remove)


@command.command("list")
@click.option("--kind", type=click.Choice(LABEL_KINDS), help="Only labels of this kind.")
@click.option(
    "--limit", type=click.IntRange(0, MANY), default=20, show_default=True, metavar="N", help="How many; 0: all."
)
@_path_option
@json_option
def list_command(kind: LabelKind | None, limit: int, folder: Path | None, as_json: bool) -> None:
    """List the latest labels, and how many there are of each kind and source."""
    from tachograph.app.commands.events import existing_store
    from tachograph.app.commands.labels import list_labels
    from tachograph.capture.store import open_commands
    from tachograph.cli._labels import describe_labels
    from tachograph.cli._output import print_document, print_json

    workspace = Workspace()
    with open_commands(existing_store(workspace, folder)) as store:
        found = list_labels(store, kind, limit)
    print_json("labels", found) if as_json else print_document(describe_labels(found, _zone(workspace)))


@command.command("review")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, metavar="N", help="How many to go through."
)
@_path_option
@update_option
@json_option
def review_command(limit: int, folder: Path | None, no_ingest: bool, as_json: bool) -> None:
    """Go through the commands whose labels would tell a model most.

    First those that the model in use is least sure of, which scores them for that; without one the latest of each
    program in each repository. Says which order it is. Asks one by one on a terminal, else prints the list. Outcomes
    that are known already are brought up to date first.
    """
    from tachograph.app.commands.events import existing_store
    from tachograph.app.commands.outcomes import refresh_outcomes
    from tachograph.app.commands.review import plan_review
    from tachograph.capture.store import open_commands
    from tachograph.cli._labels import describe_review
    from tachograph.cli._output import print_document, print_json

    workspace = Workspace()
    _update(workspace, no_ingest)
    with open_commands(existing_store(workspace, folder)) as store:
        if not no_ingest:
            refresh_outcomes(workspace, store)
        review = plan_review(workspace, folder, store, limit)
        if as_json:
            print_json("label_review", review)
        elif review.items and sys.stdin.isatty() and sys.stderr.isatty() and sys.stdout.isatty():
            _ask_all(workspace, store, review)
        else:
            print_document(describe_review(review, _zone(workspace)))


def _update(workspace: Workspace, no_ingest: bool) -> None:
    if workspace.settings.ingest_auto and not no_ingest:
        from tachograph.cli._session import report_connection

        with report_connection(workspace, no_ingest):
            pass


def _ask_all(workspace: Workspace, store: CommandStore, review: Review) -> None:
    from tachograph.app.commands.labels import label
    from tachograph.cli._labels import describe_item, describe_order, describe_why_not
    from tachograph.cli._output import print_document
    from tachograph.report.sanitise import harmless

    zone = _zone(workspace)
    print(f"{review.unlabelled:,} commands without a label of yours; these {len(review.items)} would tell most:")
    print(f"{harmless(describe_order(review))}.")
    if review.why_not:
        print(harmless(describe_why_not(review)))
    print("0 (of no use, or harmful) to 100 (just what was needed); Enter: the next one; q or Ctrl-D: enough.")
    given = 0
    for number, item in enumerate(review.items, 1):
        print_document(describe_item(item, f"{number} of {len(review.items)}", zone))
        score = _ask()
        if score is None:
            break
        if score >= 0:
            label(workspace, store, item.id, score, at=_now())
            given += 1
    print(f"{given} labelled.")


def _ask() -> float | None:
    """The score; -1 for none, None when it is enough."""
    while True:
        answer = _read_answer()
        if answer in (None, "q", "quit"):
            return None
        if not answer:
            return -1
        try:
            score = float(answer)
        except ValueError:
            score = -1
        if 0 <= score <= 100:
            return score
        print("A number from 0 to 100, Enter, or q.", file=sys.stderr)


def _read_answer() -> str | None:
    """What is typed; None where nothing more will be (Ctrl-D)."""
    print("Score: ", end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        print(file=sys.stderr)
        return None
    return line.strip().lower()


def _tell(made: LabelRecord, *, removed: bool) -> None:
    from tachograph.report.sanitise import harmless

    if removed:
        print(f"{harmless(made.target)}: your label {made.score:g} is taken back")
    else:
        print(f"{harmless(made.target)}: {made.score:g}")


def _zone(workspace: Workspace) -> tzinfo:
    from tachograph.app.filters import find_zone

    return find_zone(workspace.settings.display_timezone)[0]


def _now() -> int:
    return time.time_ns() // 1_000_000
