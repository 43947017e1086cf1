"""What the goals of a ledger cost, to the response, from the sessions that fall to them.

A session falls to a goal when the ledger links it (so does a fork of it), else by time and project. See
``analysis.goal_shares`` for the rule, docs/goals.md for examples. Of sessions that this machine's history does not
hold, what another machine noted in the ledger is taken.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from tachograph.app.goals.place import LedgerPlace
from tachograph.app.goals.sharing import Sharing, Sum, below, find_root, share, sum_noted
from tachograph.app.totals import Totals
from tachograph.model.goal import Goal, SyncedUsage

__all__ = ["AttemptUsage", "GoalUsage", "LedgerUsage", "below", "elsewhere", "measure", "sum_up"]


class AttemptUsage(msgspec.Struct, frozen=True):
    """What one attempt used, as far as this machine's history knows."""

    number: int
    totals: Totals


class GoalUsage(msgspec.Struct, frozen=True):
    """What one goal used, as far as this machine's history and the ledger know."""

    totals: Totals
    attempts: tuple[AttemptUsage, ...]
    """Those with responses, by number; what other machines noted is not told by attempt."""
    sessions: tuple[str, ...]
    """Main sessions with responses that fell to it, by id."""
    unclear_responses: int
    """Responses made while this and another goal were open, which count for neither."""
    synced: Totals = msgspec.field(default_factory=Totals)
    """The part of ``totals`` that only the ledger knows: sessions of other machines, as ``sync`` noted them there."""

    @property
    def coverage(self) -> float | None:
        """Share of the responses that were surely or possibly made for it whose cost is known and counted.

        None where there are none: then no cost is known.
        """
        possible = self.totals.responses + self.unclear_responses
        return (self.totals.responses - self.totals.unpriced_responses) / possible if possible else None


class LedgerUsage(msgspec.Struct, frozen=True):
    """What all goals of a ledger used."""

    goals: dict[str, GoalUsage]
    """By key; a goal without responses is left out."""
    unclear: Totals
    """Responses made while several goals were open, with nothing to tell whose they are."""
    other: Totals
    """Responses of the project's sessions in the ledger's time that were made for no goal."""


def measure(connection: sqlite3.Connection, place: LedgerPlace, goals: Sequence[Goal]) -> LedgerUsage:
    """What the goals used; each response counts for one goal at most."""
    return sum_up(connection, share(connection, place, goals), goals)


def sum_up(connection: sqlite3.Connection, sharing: Sharing, goals: Sequence[Goal]) -> LedgerUsage:
    """As ``measure``, of what has been shared out among the goals."""
    sums: defaultdict[str, _GoalSum] = defaultdict(_GoalSum)
    for (key, number, root), one in sharing.goals.items():
        sums[key].add(root, number, one)
    for (keys, _), one in sharing.unclear.items():
        for key in keys:
            sums[key].unclear += one.responses
    for goal in goals:
        for noted in elsewhere(connection, goal):
            sums[goal.key].add_noted(noted)
    unclear = _total(sharing.unclear.values(), len({root for _, root in sharing.unclear}))
    other = _total(sharing.other.values(), len(sharing.other))
    return LedgerUsage({key: sums[key].usage() for key in sorted(sums)}, unclear, other)


def elsewhere(connection: sqlite3.Connection, goal: Goal) -> list[SyncedUsage]:
    """What the ledger holds of sessions that this machine's history does not."""
    noted = [one for one in goal.synced if one.responses or one.unclear_responses]
    return [one for one in noted if find_root(connection, one.session) is None]


class _GoalSum:
    """Sums over one goal."""

    def __init__(self) -> None:
        self._all, self._synced = Sum(), Sum()
        self._attempts: defaultdict[int, tuple[Sum, set[str]]] = defaultdict(lambda: (Sum(), set()))
        self._sessions: set[str] = set()
        self._synced_sessions: set[str] = set()
        self.unclear = 0

    def add(self, root: str, attempt: int, one: Sum) -> None:
        self._all.add_sum(one)
        self._sessions.add(root)
        if attempt:
            self._attempts[attempt][0].add_sum(one)
            self._attempts[attempt][1].add(root)

    def add_noted(self, noted: SyncedUsage) -> None:
        self.unclear += noted.unclear_responses
        if noted.responses:
            self._synced_sessions.add(noted.session)
            self._synced.add_sum(sum_noted(noted))

    def usage(self) -> GoalUsage:
        self._all.add_sum(self._synced)
        sessions = self._sessions | self._synced_sessions
        attempts = [
            AttemptUsage(number, one.totals(len(roots))) for number, (one, roots) in sorted(self._attempts.items())
        ]
        return GoalUsage(
            self._all.totals(len(sessions)), tuple(attempts), tuple(sorted(sessions)), self.unclear,
            self._synced.totals(len(self._synced_sessions)),
        )  # fmt: skip


def _total(parts: Iterable[Sum], sessions: int) -> Totals:
    whole = Sum()
    for one in parts:
        whole.add_sum(one)
    return whole.totals(sessions)
