"""Goals that take up one another again, seen as the one thing that was wanted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from tachograph.model.goal import Goal, GoalStatus


class GoalChain(msgspec.Struct, frozen=True):
    """A goal with all that it takes up again, or that take up the same: one goal in effect. Times are ms UTC."""

    goals: tuple[Goal, ...]
    """By start, then key; at least one."""
    last: Goal
    """What has become of it: of those that none takes up again, the one that began last."""

    @property
    def status(self) -> GoalStatus:
        """That of the last goal."""
        return self.last.status

    @property
    def attempts(self) -> int:
        """Attempts at all of them."""
        return sum(len(goal.attempts) for goal in self.goals)

    @property
    def started_at(self) -> int:
        """When the first of them began."""
        return self.goals[0].started_at

    @property
    def finished_at(self) -> int | None:
        """When the last goal ended; None: it is open."""
        return self.last.finished_at


def collapse_chains(goals: Iterable[Goal]) -> list[GoalChain]:
    """Each goal in exactly one chain; chains by the start of their first goal, then its key.

    A goal whose ``supersedes`` names none of ``goals`` begins a chain. A circle, which another tool's ledger may hold,
    is one chain too.
    """
    ordered = sorted(goals, key=lambda goal: (goal.started_at, goal.key))
    holders = {key: goal.key for goal in ordered for key in (*goal.merged, goal.key)}
    taken_up = {goal.key: holders[goal.supersedes] for goal in ordered if goal.supersedes in holders}
    of_first: defaultdict[str, list[Goal]] = defaultdict(list)
    firsts = _find_firsts([goal.key for goal in ordered], taken_up)
    for goal in ordered:
        of_first[firsts[goal.key]].append(goal)
    superseded = {earlier for later, earlier in taken_up.items() if later != earlier}
    return [_chain(found, superseded) for found in of_first.values()]


def _chain(goals: list[Goal], superseded: set[str]) -> GoalChain:
    ends = [goal for goal in goals if goal.key not in superseded] or goals
    return GoalChain(tuple(goals), ends[-1])


def _find_firsts(keys: list[str], taken_up: dict[str, str]) -> dict[str, str]:
    """Key -> the key that all of its chain have in common."""
    firsts: dict[str, str] = {}
    for key in keys:
        path = [key]
        while path[-1] in taken_up and path[-1] not in firsts and taken_up[path[-1]] not in path:
            path.append(taken_up[path[-1]])
        first = firsts.get(path[-1]) or (min(path) if path[-1] in taken_up else path[-1])
        firsts.update(dict.fromkeys(path, first))
    return firsts
