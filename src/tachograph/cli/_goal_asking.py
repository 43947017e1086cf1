"""Going through proposed goals one by one, on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any

import msgspec

from tachograph.app.goals.accept import Decision, accept
from tachograph.app.goals.book import Book
from tachograph.app.goals.infer import Proposal, dismiss
from tachograph.cli._output import print_document
from tachograph.errors import UsageError
from tachograph.model.goal import FAILURE_REASONS, GOAL_TYPES, RESULT_FITS
from tachograph.report.document import Block, Document, Heading, Line
from tachograph.report.sanitise import harmless
from tachograph.report.units import UNKNOWN, counted, minute, usd

ENDINGS = ("success", "fail", "in_progress")


def describe_proposal(one: Proposal, zone: tzinfo) -> list[Block]:
    """One proposal, for a person."""
    cost = usd(one.usd, lower_bound=one.unpriced_responses > 0) if one.usd is not None else UNKNOWN
    span = f"{minute(one.started_at, zone)} to {minute(one.finished_at, zone)}"
    ended = f"success? ({', '.join(one.evidence)})" if one.status else "how it ended is not known"
    facts = [
        span,
        counted(len(one.sessions), "session"),
        counted(one.responses, "response"),
        cost,
        one.goal_type,
        ended,
    ]
    blocks: list[Block] = [Line(f"{one.id}  {one.title}", "strong"), Line(" · ".join(facts), indent=2)]
    if one.reasons:
        blocks.append(Line(f"together because of: {', '.join(one.reasons)}", "dim", indent=2))
    if again := sum(session.asked_again for session in one.sessions):
        blocks.append(Line(f"asked again in {counted(again, 'session')}", "warn", indent=2))
    return blocks


def ask_all(book: Book, folder: Path, shown: Sequence[Proposal], zone: tzinfo) -> None:
    """Ask what to do with each; what is accepted is noted at once. ``folder`` is the data folder."""
    noted = 0
    for number, one in enumerate(shown, 1):
        print_document(Document([Heading(f"{number} of {len(shown)}"), *describe_proposal(one, zone)]))
        answer = _ask("accept (a), edit (e), skip (Enter), never again (n), enough (q)", ("a", "e", "", "n", "q"))
        if answer in (None, "q"):
            break
        if answer == "n":
            dismiss(folder, [session.session for session in one.sessions])
        elif answer in ("a", "e"):
            decision = _ask_for(one, edit=answer == "e")
            if decision is not None and (goal := _try(book, one, decision)):
                print(f"noted as {goal}")
                noted += 1
    print(f"{counted(noted, 'goal')} noted.")


def _try(book: Book, one: Proposal, decision: Decision) -> str | None:
    try:
        return accept(book, one, decision).id
    except UsageError as error:
        print(harmless(f"{error.message} {error.hint}"), file=sys.stderr)
        return None


def _ask_for(one: Proposal, *, edit: bool) -> Decision | None:
    """What the proposal cannot tell, and with ``edit`` what it tells too; None when it is enough."""
    decision = Decision()
    if edit:
        title = _read(f"Title [{harmless(one.title)}]: ")
        kind = _ask(f"Type [{one.goal_type}]", (*GOAL_TYPES, ""))
        if title is None or kind is None:
            return None
        decision = msgspec.structs.replace(decision, title=title or None, goal_type=kind or None)
    status: Any = one.status
    if edit or status is None:
        status = _ask(f"Status{f' [{one.status}]' if one.status else ''}", (*ENDINGS, *[""] * bool(one.status)))
        if status is None:
            return None
        status = status or one.status
    reason = fit = again = None
    if status == "fail":
        reason = _ask("Why did it fail", FAILURE_REASONS)
        if reason is None:
            return None
    if edit and (decision.goal_type or one.goal_type) == "product" and status != "in_progress":
        fit = _ask("Result fit (Enter: not said)", (*RESULT_FITS, ""))
    if any(session.asked_again for session in one.sessions):
        again = _ask("Why was it asked again (Enter: count it as one attempt)", (*FAILURE_REASONS, ""))
    return msgspec.structs.replace(
        decision, status=status, failure_reason=reason, result_fit=fit or None, attempt_reason=again or None
    )


def _ask(question: str, answers: tuple[str, ...]) -> str | None:
    """One of the answers, or a beginning of one; None for enough (Ctrl-D)."""
    while True:
        typed = _read(f"{question}: ")
        if typed is None or typed in answers:
            return typed
        meant = [one for one in answers if typed and one.startswith(typed)]
        if len(meant) == 1:
            return meant[0]
        print(f"One of: {', '.join(one or 'Enter' for one in answers)}.", file=sys.stderr)


def _read(prompt: str) -> str | None:
    print(prompt, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        print(file=sys.stderr)
        return None
    return line.strip()
