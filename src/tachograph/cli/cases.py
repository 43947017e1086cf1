"""``tacho cases``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from tachograph.app.cases.add import AddedCase, NewCase, add_case
from tachograph.app.cases.candidate import CANDIDATES, GROUND_TRUTH, list_candidates
from tachograph.app.cases.promote import promote
from tachograph.app.cases.record import AGENTS, Errand, run_agent
from tachograph.app.cases.review import (
    CandidateReview,
    Decision,
    Verdict,
    decide,
    default_reviewer,
    show_candidates,
)
from tachograph.app.expect.forms import find_skill_files
from tachograph.app.expect.learn import DEFAULT_MARGIN, read_margin
from tachograph.app.workspace import Workspace
from tachograph.cli._cases import describe_added, describe_list, describe_next_step, describe_promotion, describe_review
from tachograph.cli._options import MANY, json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._progress import progress_bar
from tachograph.cli._session import note
from tachograph.errors import UsageError
from tachograph.report.sanitise import harmless

F = TypeVar("F", bound=Callable[..., Any])
_PATH = click.Path(dir_okay=False, path_type=Path)


def _file_options(command: F) -> F:
    """``--file`` and ``--skill``: where the candidates are."""
    file = click.option("--file", metavar="FILE", type=_PATH, help=f"The file of candidates; default: {CANDIDATES}.")
    skill = click.option("--skill", metavar="NAME|DIR", help="The skill beside whose ground truth that file lies.")
    return file(skill(command))


def _new_options(command: F) -> F:
    """``--id`` and ``--margin``: what becomes of the session."""
    name = click.option("--id", metavar="ID", help="What the case is called; default: the first words of the prompt.")
    margin = click.option(
        "--margin", default=DEFAULT_MARGIN, show_default=True, metavar="SHARE", help="What is added to every maximum."
    )
    return name(margin(command))


@click.group()
def command() -> None:
    """Make test cases from sessions: add, review, promote.

    A session becomes a candidate in candidates.yaml, with its prompt and the expectations learnt from it. A person
    reviews the candidate; what is approved is promoted into ground_truth.yaml, and nothing else is.
    """


@command.command("add")
@click.option("--from", "source", metavar="SESSION", required=True, help="A log, or a session's id.")
@click.option("--mlflow-trace", metavar="ID", help="The MLflow trace that tells of the same session.")
@_new_options
@_file_options
@update_option
@json_option
def add_command(
    source: str, mlflow_trace: str | None, id: str | None, margin: str, file: Path | None, skill: str | None,
    no_ingest: bool, as_json: bool,
) -> None:  # fmt: skip
    """Make a candidate from a recorded session.

    SESSION is a log file, a folder with one session, or a session's id as tacho sessions lists it. The candidate holds
    the whole first prompt, redacted, and what tacho expect learn proposes for this session.
    """
    new = NewCase(
        file=_find_file(file, skill), margin=read_margin(margin), id=id, mlflow_trace=mlflow_trace,
        created=datetime.now(UTC).date(),
    )  # fmt: skip
    _print_added(_add(source, new, no_ingest), as_json)


@command.command("record")
@click.argument("prompt")
@click.option("--agent", type=click.Choice(list(AGENTS)), required=True, help="The agent that is to work on it.")
@click.option(
    "--cwd", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", metavar="DIR",
    help="The folder that it works in; default: this one.",
)  # fmt: skip
@click.option(
    "--timeout", type=click.IntRange(1, MANY), default=1800, show_default=True, metavar="SECONDS",
    help="After so long it is ended.",
)  # fmt: skip
@click.option("--arg", "arguments", multiple=True, metavar="X", help="An option of the agent's own; may be repeated.")
@_new_options
@_file_options
@json_option
def record_command(
    prompt: str, agent: str, cwd: Path, timeout: int, arguments: tuple[str, ...], id: str | None, margin: str,
    file: Path | None, skill: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Let an agent work on PROMPT, and make a candidate from the session that results.

    Runs the agent's own command without its user interface (claude -p, codex exec) in the foreground, in a folder that
    you choose, with the rights that its settings and --arg give it: it costs what the agent costs.
    """
    file = _find_file(file, skill)
    share = read_margin(margin)
    log = run_agent(Errand(agent, prompt, cwd, timeout, arguments))
    new = NewCase(file=file, margin=share, id=id, created=datetime.now(UTC).date(), keeps_path=False)
    _print_added(_add(log.path, new, no_ingest=True), as_json)


@command.command("list")
@_file_options
@json_option
def list_command(file: Path | None, skill: str | None, as_json: bool) -> None:
    """List the candidates: who decided what, and what waits."""
    found = list_candidates(_find_file(file, skill))
    print_json("cases_list", found) if as_json else print_document(describe_list(found))


@command.command("review")
@click.argument("id", required=False)
@click.option("--approve", "verdict", flag_value="approved", help="Say yes: the case may be promoted.")
@click.option("--reject", "verdict", flag_value="rejected", help="Say no.")
@click.option("--by", metavar="NAME", help="Who decides; default: git's user.name.")
@click.option("--why", metavar="TEXT", help="Why; a decision needs a reason.")
@_file_options
@json_option
def review_command(
    id: str | None, verdict: Verdict | None, by: str | None, why: str | None, file: Path | None, skill: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Show what a candidate asks, and record a decision with name, reason and date.

    Without ID all candidates that wait are shown. On a terminal you are asked about each one; elsewhere --approve or
    --reject decides, with --why, and nothing is asked. A candidate that is changed after its approval waits again.
    """
    path = _find_file(file, skill)
    if verdict is not None:
        if id is None:
            raise UsageError("Say which candidate is meant: tacho cases review ID.", slug="which_case")
        if why is None and _has_terminal():
            show_candidates(path, id)  # nobody gives a reason for a candidate that is not there
            why = _ask_why()
        _print_review(decide(path, id, _decision(verdict, by, why or "")), as_json)
        return
    shown = show_candidates(path, id)
    if as_json or not _has_terminal():
        _print_review(shown, as_json)
        return
    for one in shown.cases:
        print_document(describe_review(CandidateReview(shown.file, (one,))))
        _ask(path, one.candidate.id, by, why)


@command.command("promote")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every candidate that is approved.")
@click.option("--into", metavar="FILE", type=_PATH, help=f"The ground truth; default: {GROUND_TRUTH} beside the file.")
@_file_options
@json_option
def promote_command(
    ids: tuple[str, ...], everything: bool, into: Path | None, file: Path | None, skill: str | None, as_json: bool
) -> None:
    """Move approved candidates into the ground truth.

    Each is put behind its last case, with its comments; every other byte of that file stays as it is. The exit code is
    1, and nothing is moved, when a case was not approved or its id is taken.
    """
    if bool(ids) == everything:
        raise UsageError("Name the candidates, or give --all.", slug="which_case")
    path = _find_file(file, skill)
    promotion = promote(path, into or path.parent / GROUND_TRUTH, None if everything else ids)
    print_json("cases_promote", promotion) if as_json else print_document(describe_promotion(promotion))


def _find_file(file: Path | None, skill: str | None) -> Path:
    if skill is None:
        return file or Path(CANDIDATES)
    if file is not None:
        raise UsageError("Give --file or --skill, not both.", slug="which_file")
    manifest, truth = find_skill_files(skill, Path.cwd())
    return (truth or manifest or Path()).parent / CANDIDATES


def _add(source: str, new: NewCase, no_ingest: bool) -> AddedCase:
    workspace = Workspace()
    update = workspace.settings.ingest_auto and not no_ingest
    with progress_bar() as on_progress:
        return add_case(workspace, source, new, update=update, note=note, on_progress=on_progress)


def _print_added(added: AddedCase, as_json: bool) -> None:
    print_json("cases_add", added) if as_json else print_document(describe_added(added))


def _print_review(shown: CandidateReview, as_json: bool) -> None:
    if as_json:
        print_json("cases_review", shown)
        return
    print_document(describe_review(shown))
    print_document(describe_next_step(shown))


def _ask(path: Path, id: str, by: str | None, why: str | None) -> None:
    """Ask about one candidate, on a terminal."""
    choice = click.prompt(
        f"{harmless(id)}: approve, reject or leave it", type=click.Choice(["a", "r", "l"]), default="l", err=True
    )
    if choice != "l":
        name = by or click.prompt("Who decides", default=default_reviewer() or None, err=True)
        reason = why if why is not None else _ask_why()
        decide(path, id, _decision("approved" if choice == "a" else "rejected", name, reason))


def _has_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _ask_why() -> str:
    """The reason; asked for until there is one."""
    why = ""
    while not why.strip():
        why = click.prompt("Why", err=True)
    return why


def _decision(verdict: Verdict, by: str | None, why: str) -> Decision:
    return Decision(verdict, by if by is not None else default_reviewer(), why, datetime.now(UTC).date())
