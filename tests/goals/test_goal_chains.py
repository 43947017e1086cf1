"""Goals that supersede one another, as one."""

from __future__ import annotations

import random

import pytest

from tachograph.analysis.goal_chains import collapse_chains
from tachograph.model.goal import Attempt, Goal, GoalStatus


def goal(
    key: str, start: int, supersedes: str | None = None, *, attempts: int = 1, status: GoalStatus = "fail",
    merged: tuple[str, ...] = (),
) -> Goal:  # fmt: skip
    tries = tuple(Attempt(number=number, status=status, started_at=start) for number in range(1, attempts + 1))
    return Goal(
        id=f"id-{key}", key=key, title=key, type="product", status=status, started_at=start, supersedes=supersedes,
        finished_at=None if status == "in_progress" else start + 5, attempts=tries, merged=merged,
    )  # fmt: skip


CHAINS = [
    ([], []),
    ([goal("a", 1), goal("b", 2)], [["a"], ["b"]]),
    ([goal("a", 1), goal("b", 2, "a"), goal("c", 3, "b")], [["a", "b", "c"]]),
    ([goal("a", 1), goal("b", 2, "a"), goal("c", 3, "a")], [["a", "b", "c"]]),
    ([goal("a", 1), goal("x", 2), goal("b", 3, "a")], [["a", "b"], ["x"]]),
    ([goal("a", 1, "gone"), goal("b", 2, "a")], [["a", "b"]]),
    ([goal("a", 1, merged=("old",)), goal("b", 2, "old")], [["a", "b"]]),
    ([goal("a", 1, "b"), goal("b", 2, "a"), goal("c", 3, "a")], [["a", "b", "c"]]),
    ([goal("a", 1, "a")], [["a"]]),
    ([goal("b", 1, "a"), goal("a", 2)], [["b", "a"]]),
]


@pytest.mark.parametrize(("goals", "chains"), CHAINS)
def test_each_goal_is_in_one_chain(goals: list[Goal], chains: list[list[str]]) -> None:
    assert [[one.key for one in chain.goals] for chain in collapse_chains(goals)] == chains
    random.Random(7).shuffle(goals)
    assert [[one.key for one in chain.goals] for chain in collapse_chains(goals)] == chains


def test_a_chain_ends_as_its_last_goal_does() -> None:
    chain = collapse_chains(
        [goal("a", 10, attempts=2), goal("b", 20, "a", attempts=3), goal("c", 30, "b", status="success")]
    )[0]
    assert (chain.last.key, chain.status, chain.attempts, chain.started_at, chain.finished_at) == (
        "c", "success", 6, 10, 35,
    )  # fmt: skip


def test_the_last_goal_is_one_that_none_takes_up_again() -> None:
    later_start = [goal("late", 50), goal("again", 20, "late", status="success")]
    assert collapse_chains(later_start)[0].last.key == "again"
    forked = [goal("a", 1), goal("b", 2, "a"), goal("c", 3, "a", status="in_progress"), goal("d", 4, "b")]
    assert collapse_chains(forked)[0].last.key == "d"
    assert collapse_chains([goal("a", 1, "b"), goal("b", 2, "a")])[0].last.key == "b"


def test_an_open_chain_has_no_end() -> None:
    assert collapse_chains([goal("a", 1), goal("b", 2, "a", status="in_progress")])[0].finished_at is None


def test_long_chains_are_followed_to_their_first_goal() -> None:
    goals = [goal(f"{number:05}", 10_000 - number, f"{number + 1:05}") for number in range(2_000)]
    (chain,) = collapse_chains(goals)
    assert (len(chain.goals), chain.last.key) == (2_000, "00000")
