"""Goals and attempts as reports and JSON give them out."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tachograph.ledger.replay import State
from tachograph.model import to_datetime
from tachograph.model.goal import Attempt, FailureReason, Goal, GoalStatus, GoalType, ManualUsage, ResultFit


class AttemptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One try at a goal."""

    entry_id: str
    """``<goal>-attempt-NNN``."""
    goal_id: str
    status: GoalStatus
    started_at: datetime
    finished_at: datetime | None
    failure_reason: FailureReason | None
    """Why this try failed."""
    notes: str
    agent: str | None
    model: str | None
    inferred: bool
    """Nobody noted it: another tool's ledger counted it."""


class ManualRecord(msgspec.Struct, frozen=True):
    """Cost or tokens that somebody typed in; never a part of what the history says."""

    at: datetime
    usd: str | None
    tokens: int | None
    note: str


class GoalRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One goal."""

    goal_id: str
    title: str
    goal_type: GoalType
    status: GoalStatus
    attempts: int
    started_at: datetime
    finished_at: datetime | None
    result_fit: ResultFit | None
    failure_reason: FailureReason | None
    supersedes: str | None
    """Id of the goal that it takes up again."""
    notes: str
    agent: str | None
    model: str | None
    sessions: list[str]
    """That are known to have worked for it."""
    manual: list[ManualRecord]


def record_goal(state: State, goal: Goal) -> GoalRecord:
    """The goal as it is told."""
    superseded = state.find(goal.supersedes) if goal.supersedes else None
    name = superseded.id if superseded else (goal.supersedes or "").removeprefix("id:") or None
    return GoalRecord(
        goal_id=goal.id, title=goal.title, goal_type=goal.type, status=goal.status, attempts=len(goal.attempts),
        started_at=to_datetime(goal.started_at), finished_at=_moment(goal.finished_at), result_fit=goal.result_fit,
        failure_reason=goal.failure_reason, supersedes=name, notes=goal.notes, agent=goal.agent, model=goal.model,
        sessions=list(goal.sessions), manual=[_record_manual(one) for one in goal.manual],
    )  # fmt: skip


def record_attempts(goal: Goal) -> list[AttemptRecord]:
    """Its attempts, the first one first."""
    return [_record_attempt(goal, attempt) for attempt in goal.attempts]


def _record_attempt(goal: Goal, attempt: Attempt) -> AttemptRecord:
    return AttemptRecord(
        entry_id=goal.entry_id(attempt), goal_id=goal.id, status=attempt.status,
        started_at=to_datetime(attempt.started_at), finished_at=_moment(attempt.finished_at),
        failure_reason=attempt.failure_reason, notes=attempt.notes, agent=attempt.agent, model=attempt.model,
        inferred=attempt.inferred,
    )  # fmt: skip


def _record_manual(one: ManualUsage) -> ManualRecord:
    return ManualRecord(to_datetime(one.at), one.usd, one.tokens, one.note)


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else to_datetime(milliseconds)
