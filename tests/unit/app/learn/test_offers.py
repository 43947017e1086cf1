"""What fits the last weeks' sessions."""

from __future__ import annotations

import pytest

from tachograph.app.learn.offers import load_offers
from tachograph.learning.records import Group
from tests.builders.pointed import BAD, DAY, FITTING, Loop, loop, make_point, points_of

__all__ = ["loop"]


def offers(loop: Loop) -> set[tuple[str, str]]:
    """Suggestion and agent type."""
    with loop.read() as connection:
        return {(one.suggestion, one.agent_type) for one in load_offers(connection)}


def test_a_healthy_history_is_offered_nothing(loop: Loop) -> None:
    loop.put(*points_of("tool_overhead_ratio", [0.2] * 8, first=90))
    loop.learn()
    assert offers(loop) == set()


def test_each_agent_type_is_offered_what_fits_its_own_sessions(loop: Loop) -> None:
    loop.bad_days()
    reader = Group("reader", "claude_code", "claude-opus")
    loop.put(*points_of("tool_overhead_ratio", [3.0] * 5, first=90, group=reader))
    loop.learn()
    assert offers(loop) == {*((name, "main") for name in FITTING), ("batch_tasks", "reader")}


def test_what_is_older_than_four_weeks_says_nothing(loop: Loop) -> None:
    loop.put(*(make_point(number, BAD) for number in range(-30, -20)))  # five weeks and more before the last one
    loop.put(*points_of("tool_overhead_ratio", [0.2] * 5, first=95))
    loop.learn()
    assert offers(loop) == set()


def test_a_pause_does_not_empty_the_list(loop: Loop) -> None:
    loop.bad_days()
    loop.learn()
    before = offers(loop)
    loop.now += 60 * DAY
    assert loop.learn().changed
    assert offers(loop) == before
    assert len(before) == 6


@pytest.mark.parametrize(("sessions", "found"), [(2, 0), (3, 6)])
def test_a_few_sessions_are_needed(loop: Loop, sessions: int, found: int) -> None:
    loop.bad_days(sessions)
    loop.learn()
    assert len(offers(loop)) == found


def test_without_sessions_there_is_nothing_to_offer(loop: Loop) -> None:
    assert loop.learn(forced=True).offers == 0
    assert offers(loop) == set()
