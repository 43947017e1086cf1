"""Goals with what they cost, as commands tell them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from math import fsum

import msgspec

from tachograph.analysis.goal_chains import GoalChain, collapse_chains
from tachograph.app.goals.place import LedgerPlace
from tachograph.app.goals.records import AttemptRecord, GoalRecord, record_attempts, record_goal
from tachograph.app.goals.usage import AttemptUsage, GoalUsage, measure
from tachograph.app.totals import Totals
from tachograph.ledger.reading import Reading
from tachograph.ledger.replay import State
from tachograph.model import to_datetime
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
    synced: Totals
    """The part of ``totals`` that only the ledger knows: other machines' sessions, as ``sync`` noted them."""
    attempts: list[AttemptUsage]
    """What each attempt used, by number, without what was synced; empty for a chain of goals."""


class GoalTold(msgspec.Struct, frozen=True):
    """One goal, as every command that changes or shows it tells it."""

    goal: GoalRecord
    attempts: list[AttemptRecord]
    cost: GoalCost | None = None
    """Null: the history knows of none, or was not asked."""


class GoalRow(msgspec.Struct, frozen=True):
    """One goal of a list."""

    goal: GoalRecord
    """Of a chain: its last goal, with the attempts of all and the start of the first."""
    cost: GoalCost | None
    chain: list[str]
    """Ids of the goals that it stands for, the earliest first; alone unless chains were asked for."""


class GoalList(msgspec.Struct, frozen=True):
    """Goals of a ledger: the open ones first, then the latest."""

    path: str
    known: int
    """Goals in the ledger."""
    matching: int
    """Goals that were asked for; the list may show fewer."""
    goals: list[GoalRow]
    problems: int
    """Things about the ledger that ``tacho goal fsck`` explains; goals with the same number, told apart, are none."""
    effective: bool
    """Goals that supersede one another are one."""


def tell_goal(state: State, goal: Goal, usage: GoalUsage | None = None) -> GoalTold:
    """The goal, its attempts, and what it used where that is known."""
    return GoalTold(record_goal(state, goal), record_attempts(goal), tell_cost(usage))


def tell_cost(usage: GoalUsage | None) -> GoalCost | None:
    """What was used, for a reader; None where nothing is known."""
    if usage is None:
        return None
    return GoalCost(
        usage.totals, usage.coverage, usage.unclear_responses, list(usage.sessions), usage.synced, list(usage.attempts)
    )  # fmt: skip


def add_costs(costs: Sequence[GoalCost]) -> GoalCost | None:
    """What several goals used together; None where nothing is known of any."""
    if len(costs) < 2:
        return costs[0] if costs else None
    sessions = sorted({session for one in costs for session in one.sessions})
    totals = _sum([one.totals for one in costs], len(sessions))
    unclear = sum(one.unclear_responses for one in costs)
    possible = totals.responses + unclear
    coverage = (totals.responses - totals.unpriced_responses) / possible if possible else None
    synced = [one.synced for one in costs]
    return GoalCost(totals, coverage, unclear, sessions, _sum(synced, sum(one.sessions for one in synced)), [])


def _sum(parts: Sequence[Totals], sessions: int) -> Totals:
    known = [one.usd for one in parts if one.usd is not None]
    return Totals(
        sessions=sessions, usd=fsum(known) if known else None,
        unpriced_models=sorted({name for one in parts for name in one.unpriced_models}),
        **{name: sum(getattr(one, name) for one in parts) for name in _SUMMED},
    )  # fmt: skip


_SUMMED = tuple(name for name in Totals.__struct_fields__ if name not in ("sessions", "usd", "unpriced_models"))


def list_goals(
    place: LedgerPlace, reading: Reading, connection: sqlite3.Connection, *, status: GoalStatus | None = None,
    kind: GoalType | None = None, since: int | None = None, limit: int = 20, effective: bool = False,
) -> GoalList:  # fmt: skip
    """The goals of this status and type that began, or were still open, after ``since`` (ms UTC); 0: no limit.

    ``effective``: chains of goals that supersede one another are one each, with the status and type of the last.
    """
    state = reading.state
    chains = collapse_chains(state.goals) if effective else [GoalChain((goal,), goal) for goal in state.goals]
    chosen = [
        one for one in chains
        if status in (None, one.status) and kind in (None, one.last.type)
        and (since is None or one.finished_at is None or one.finished_at >= since)
    ]  # fmt: skip
    chosen.sort(key=lambda one: (one.last.closed, -one.started_at, one.last.id))
    shown = chosen[: limit or None]
    used = measure(connection, place, state.goals).goals if shown else {}
    rows = [_row(state, one, used) for one in shown]
    problems = sum(one.slug != "same_name" for one in reading.problems)  # for good, and nobody need do anything
    return GoalList(str(place.path), len(state.goals), len(chosen), rows, problems, effective)


def _row(state: State, chain: GoalChain, used: dict[str, GoalUsage]) -> GoalRow:
    last = record_goal(state, chain.last)
    goal = msgspec.structs.replace(last, attempts=chain.attempts, started_at=to_datetime(chain.started_at))
    costs = [cost for one in chain.goals if (cost := tell_cost(used.get(one.key)))]
    return GoalRow(goal, add_costs(costs), [one.id for one in chain.goals])
