"""Making a goal of a proposal, in one go: all of its events are written, or none."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from tachograph.app.goals.book import Book, StampMaker
from tachograph.app.goals.infer import Proposal
from tachograph.errors import UsageError
from tachograph.ledger.events import GoalContinued, GoalFinished, GoalUpdated, OwnEvent
from tachograph.model.goal import FailureReason, Goal, GoalType, ResultFit


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says of a proposal; what is None is as proposed."""

    title: str | None = None
    goal_type: GoalType | None = None
    status: Literal["success", "fail", "in_progress"] | None = None
    result_fit: ResultFit | None = None
    failure_reason: FailureReason | None = None
    """Of the goal, where it failed."""
    attempt_reason: FailureReason | None = None
    """Why it had to be asked again: then each session that asked again is an attempt of its own. None: all is one
    attempt, for nobody said that an earlier one failed."""


class Accepted(msgspec.Struct, frozen=True):
    """What was made of proposals."""

    goals: list[str]
    """Ids of the goals that were noted."""
    left: list[str]
    """Proposals that were passed over: nothing tells how they ended."""


def check(proposal: Proposal, decision: Decision) -> Literal["success", "fail", "in_progress"]:
    """How the goal ended. Raises UsageError when that is not known, or when nothing shows that it was asked again."""
    status = decision.status or proposal.status
    if status is None:
        raise UsageError(
            f"Nothing in the history tells how {proposal.id} ended.", slug="status_unknown",
            hint="Say it: --status success, --status fail --failure-reason …, or --status in_progress.",
        )  # fmt: skip
    if decision.attempt_reason and not any(one.asked_again for one in proposal.sessions):
        raise UsageError(
            f"No session of {proposal.id} is known to have asked again: it is one attempt.", slug="nothing_asked_again",
            hint="Leave --attempt-reason out, or accept it with --status in_progress and use tacho goal continue.",
        )  # fmt: skip
    return status


def accept(book: Book, proposal: Proposal, decision: Decision) -> Goal:
    """Write the goal with its attempts, its end and its sessions.

    Raises UsageError as ``check`` does, and when the decision makes no sense together.
    """
    status = check(proposal, decision)
    starts = [one.started_at for one in proposal.sessions if one.asked_again] if decision.attempt_reason else []

    def rest(stamp: StampMaker) -> list[OwnEvent]:
        links = tuple(one.session for one in proposal.sessions)
        events: list[OwnEvent] = [GoalUpdated(**stamp(), link=links)]
        for start in starts:
            assert decision.attempt_reason is not None
            events.append(GoalContinued(**stamp(), failure_reason=decision.attempt_reason, started_at=_ms(start)))
        if status != "in_progress":
            closed = GoalFinished(
                **stamp(), status=status, finished_at=_ms(proposal.finished_at), result_fit=decision.result_fit,
                failure_reason=decision.failure_reason,
            )  # fmt: skip
            events.append(closed)
        return events

    title, kind = decision.title or proposal.title, decision.goal_type or proposal.goal_type
    return book.record(title, kind, _ms(proposal.sessions[0].started_at), rest)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
