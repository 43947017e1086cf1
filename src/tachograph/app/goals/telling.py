"""Goals with what they cost, as commands tell them."""

from __future__ import annotations

import sqlite3

import msgspec

from tachograph.app.goals.place import LedgerPlace
from tachograph.app.goals.records import AttemptRecord, GoalRecord, record_attempts, record_goal
from tachograph.app.goals.usage import GoalUsage, LedgerUsage, measure
from tachograph.app.totals import Totals
from tachograph.ledger.replay import State
from tachograph.model.goal import Goal, GoalStatus, GoalType


class GoalCost(msgspec.Struct, frozen=True):
    """What the history knows that a goal used."""

    totals: Totals
    coverage: float | None
    """Share of the responses that were surely or possibly made for it whose cost is known and counted; null: none."""
    unclear_responses: int
    """Made while several goals were open, which count for none of them."""
    sessions: list[str]
    """Main sessions with responses that fell to it."""


class GoalTold(msgspec.Struct, frozen=True):
    """One goal, as every command that changes or shows it tells it."""

    goal: GoalRecord
    attempts: list[AttemptRecord]
    cost: GoalCost | None = None
    """Null: the history knows of none, or was not asked."""


class GoalRow(msgspec.Struct, frozen=True):
    """One goal of a list."""

    goal: GoalRecord
    cost: GoalCost | None


class GoalList(msgspec.Struct, frozen=True):
    """Goals of a ledger: the open ones first, then the latest."""

    path: str
    matching: int
    """Goals that were asked for; the list may show fewer."""
    goals: list[GoalRow]
    problems: int
    """Things about the ledger that ``tacho goal fsck`` explains."""


def tell_goal(state: State, goal: Goal, usage: GoalUsage | None = None) -> GoalTold:
    """The goal, its attempts, and what it used where that is known."""
    return GoalTold(record_goal(state, goal), record_attempts(goal), tell_cost(usage))


def tell_cost(usage: GoalUsage | None) -> GoalCost | None:
    """What was used, for a reader; None where nothing is known."""
    if usage is None:
        return None
    return GoalCost(usage.totals, usage.coverage, usage.unclear_responses, list(usage.sessions))


def list_goals(
    place: LedgerPlace, state: State, problems: int, connection: sqlite3.Connection | None, *,
    status: GoalStatus | None = None, kind: GoalType | None = None, since: int | None = None, limit: int = 20,
) -> GoalList:  # fmt: skip
    """The goals of this status and type that began, or were still open, after ``since`` (ms UTC); 0: no limit."""
    chosen = [
        goal for goal in state.goals
        if status in (None, goal.status) and kind in (None, goal.type)
        and (since is None or goal.finished_at is None or goal.finished_at >= since)
    ]  # fmt: skip
    chosen.sort(key=lambda goal: (goal.closed, -goal.started_at, goal.id))
    shown = chosen[: limit or None]
    used = measure(connection, place, state.goals) if connection is not None else LedgerUsage({}, Totals(), Totals())
    rows = [GoalRow(record_goal(state, goal), tell_cost(used.goals.get(goal.key))) for goal in shown]
    return GoalList(str(place.path), len(chosen), rows, problems)
