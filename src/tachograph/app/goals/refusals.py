"""What is said to somebody whose change of a goal is not possible."""

from __future__ import annotations

from tachograph.errors import UsageError
from tachograph.ledger.transitions import Refused
from tachograph.model.goal import FAILURE_REASONS, Goal, GoalStatus

_POSSIBLE: dict[GoalStatus, str] = {
    "in_progress": "It is in progress: it can be continued, finished, updated, or get another one merged into it.",
    "success": "It has succeeded: it can be updated, opened again (update --reopen), merged or superseded.",
    "fail": "It has failed: it can be continued, updated, opened again (update --reopen), merged or superseded.",
}


def refusal(error: Refused, goal: Goal | None) -> UsageError:
    """Why it is not possible, and what can be done with the goal as it is."""
    return _refused(str(error), _POSSIBLE[goal.status] if goal is not None else "")


def reason_needed() -> UsageError:
    """A goal that fails has a reason, one of these."""
    return _refused("a goal that fails has a failure reason", f"--failure-reason {', '.join(FAILURE_REASONS)}.")


def _refused(text: str, hint: str) -> UsageError:
    return UsageError(f"{text[:1].upper()}{text[1:]}.", slug="goal_refused", hint=hint)
