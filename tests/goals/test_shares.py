"""Whose a response is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.analysis.goal_shares import FOREVER, Answer, Share, Span, Unclear, share_out

A = Span("a", 1, 10, 20)
AGAIN = Span("a", 2, 40, 50)
B = Span("b", 1, 30, 60)
C = Span("c", 1, 15, 35)
OPEN = Span("d", 1, 70, FOREVER)


def shares(moments: list[int], turns: list[int], linked: list[Span], others: list[Span]) -> list[str | None]:
    return [told(one) for one in share_out(moments, turns, linked, others)]


def told(answer: Answer) -> str | None:
    match answer:
        case Share(goal, attempt):
            return f"{goal}{attempt}"
        case Unclear(goals):
            return "?" + "".join(goals)
    return None


CASES: list[tuple[str, list[int], list[int], list[Span], list[Span], list[str | None]]] = [
    ("while it is open", [9, 10, 19], [9, 10, 19], [], [A], [None, "a1", "a1"]),
    ("its end is not within", [20], [20], [], [A], [None]),
    ("nothing is near", [5, 25], [5, 25], [], [A], [None, None]),
    ("no responses", [], [5], [], [A], []),
    ("no prompts: one turn, its last words too", [12, 25], [], [], [A], ["a1", "a1"]),
    ("before the first prompt nothing earlier counts", [25, 28], [27], [], [A], [None, None]),
    ("last words of the turn in which it ended", [12, 21, 25], [5], [], [A], ["a1", "a1", "a1"]),
    ("the next turn is not its own", [12, 21, 25], [5, 24], [], [A], ["a1", "a1", None]),
    ("what led to noting it", [5, 8, 12], [4], [], [A], ["a1", "a1", "a1"]),
    ("what led to it, but in an earlier turn", [5, 8, 12], [4, 7], [], [A], [None, "a1", "a1"]),
    ("it began while the agent rested", [5, 8, 12], [4, 11], [], [A], [None, None, "a1"]),
    ("it began after the last response", [5, 8], [4], [], [A], [None, None]),
    ("it ended while the agent rested", [18, 26], [5, 25], [], [A], ["a1", None]),
    ("between two in one turn: the one that ended", [12, 25, 36], [5], [], [A, B], ["a1", "a1", "b1"]),
    ("two at once", [16, 22], [16, 22], [], [A, C], ["?ac", "c1"]),
    ("two at once, in any order", [16, 22], [16, 22], [], [C, A], ["?ac", "c1"]),
    ("two at once, one of them linked", [16, 22], [16, 22], [C], [A], ["c1", "c1"]),
    ("linked, but over: time decides", [16, 40], [16, 40], [A], [B], ["a1", "b1"]),
    ("linked, and over within this turn", [16, 40], [5], [A], [B], ["a1", "a1"]),
    ("two linked at once", [16], [16], [A, C], [], ["?ac"]),
    ("two that ended together", [25], [5], [], [A, Span("e", 1, 12, 20)], ["?ae"]),
    ("two that will begin together", [8, 11], [5], [], [A, Span("e", 1, 10, 11)], ["?ae", "a1"]),
    ("attempts, and the gap between them", [15, 30, 45], [15, 30, 45], [], [A, AGAIN], ["a1", None, "a2"]),
    ("the gap within one turn", [15, 30, 45], [5], [], [A, AGAIN], ["a1", "a1", "a2"]),
    ("two spans of one goal at once: the later attempt", [15], [5], [], [A, Span("a", 0, 5, 60)], ["a1"]),
    ("noted afterwards, within no time", [5, 8], [4], [], [Span("a", 1, 8, 8)], ["a1", "a1"]),
    ("still open", [69, 70, 10**15], [69, 70, 10**15], [], [OPEN], [None, "d1", "d1"]),
    ("not in the order of time", [36, 12], [5, 30], [], [A, B], ["b1", "a1"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("moments", "turns", "linked", "others", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_each_response_falls_to_one_goal_at_most(
    moments: list[int], turns: list[int], linked: list[Span], others: list[Span], expected: list[str | None]
) -> None:
    assert shares(moments, turns, linked, others) == expected


def spans(names: str) -> st.SearchStrategy[list[Span]]:
    times = st.tuples(st.integers(0, 60), st.integers(0, 60) | st.just(FOREVER)).map(sorted)
    one = st.builds(
        lambda name, number, time: Span(name, number, *time), st.sampled_from(names), st.integers(0, 3), times
    )
    return st.lists(one, max_size=6)


@given(
    st.lists(st.integers(0, 60), max_size=12),
    st.lists(st.integers(0, 60), max_size=4).map(sorted),
    spans("abc"),
    spans("de"),
)
def test_where_a_goal_is_open_its_turn_does_not_matter(
    moments: list[int], turns: list[int], linked: list[Span], others: list[Span]
) -> None:
    answers = share_out(moments, turns, linked, others)
    for at, answer in zip(moments, answers, strict=True):
        within = {span.goal for span in linked if span.start <= at < span.end}
        by_time = {span.goal for span in others if span.start <= at < span.end}
        match answer:
            case Share(goal, _) if within:
                assert within == {goal}
            case Unclear(goals) if within:
                assert within == set(goals)
            case None:
                assert not within | by_time
    assert answers == share_out(moments, turns, list(reversed(linked)), list(reversed(others)))
