"""A cheaper model for one kind of task: offered when it was cheaper and not worse."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tachograph.analysis.kpis import load_kpis
from tachograph.learning.records import Point
from tachograph.learning.suggestions import Offer, find_offers, load_catalogue, render
from tests.unit.learning.suggestions.building import NOW, point

FINE = {"error_rate": 0.1, "interruption_rate": 0.0, "follow_up_rate": 0.5, "task_completion_rate": 0.9}


def sessions(
    family: str, usd: float, number: int = 8, *, task_type: str | None = "debug-fix", agent_type: str = "main",
    **values: float,
) -> list[Point]:  # fmt: skip
    return [
        point(n, session=f"claude_code:{family}{n}", family=family, agent_type=agent_type, usd=usd + n / 100,
              task_type=task_type, days_ago=14 if not n else 1, **(FINE | values))
        for n in range(number)
    ]  # fmt: skip


def offer(*groups: list[Point]) -> list[Offer]:
    points = [one for group in groups for one in group]
    return [
        one for one in find_offers(points, [], load_catalogue(), load_kpis(), NOW) if one.suggestion == "model_choice"
    ]


def test_a_cheaper_model_that_was_not_worse_is_offered() -> None:
    (found,) = offer(sessions("large", 2.0, 9), sessions("small", 0.5))
    assert found.numbers == {"sessions": 9.0, "usd": 2.04, "other_sessions": 8.0, "other_usd": 0.535}
    assert found.usd_per_week == pytest.approx((2.04 - 0.535) * 9 / 2)
    assert found.evidence[0] == (
        "debug-fix: small (8 sessions) against large (9 sessions), not worse in interruption_rate, error_rate,"
        " follow_up_rate, task_completion_rate"
    )
    assert found.evidence[1:] == tuple(f"claude_code:small{n}" for n in range(5))
    text = render(load_catalogue()["model_choice"], found.numbers)
    assert "cost $0.54 at the median (n = 8), the usual ones $2.04 (n = 9)" in text
    assert not re.search(r"\b(small|large|debug-fix)\b", text)


REFUSED: dict[str, Callable[[], list[list[Point]]]] = {
    "not cheaper": lambda: [sessions("large", 2.0, 9), sessions("small", 2.0, 9)],
    "dearer": lambda: [sessions("large", 2.0, 9), sessions("small", 3.0)],
    "too few of the cheaper": lambda: [sessions("large", 2.0, 9), sessions("small", 0.5, 7)],
    "too few of the usual": lambda: [sessions("large", 2.0, 7), sessions("small", 0.5)],
    "more errors": lambda: [sessions("large", 2.0, 9), sessions("small", 0.5, error_rate=0.11)],
    "more interruptions": lambda: [sessions("large", 2.0, 9), sessions("small", 0.5, interruption_rate=0.01)],
    "more follow-ups": lambda: [sessions("large", 2.0, 9), sessions("small", 0.5, follow_up_rate=0.6)],
    "fewer tasks completed": lambda: [sessions("large", 2.0, 9), sessions("small", 0.5, task_completion_rate=0.8)],
    "other tasks": lambda: [sessions("large", 2.0, 9), sessions("small", 0.5, task_type="infra-deploy")],
    "unknown tasks": lambda: [sessions("large", 2.0, 9, task_type=None), sessions("small", 0.5, task_type=None)],
    "odd tasks": lambda: [sessions("large", 2.0, 9, task_type="x"), sessions("small", 0.5, task_type="x")],
    "other agents": lambda: [sessions("large", 2.0, 9), sessions("small", 0.5, agent_type="scout")],
    "no model known": lambda: [sessions("large", 2.0, 8), sessions("", 0.5, 9)],
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_else_it_is_not(name: str) -> None:
    assert offer(*REFUSED[name]()) == []


def without(points: list[Point], *kpis: str) -> list[Point]:
    return [
        point(n, session=one.session, family=one.group.family, usd=(one.cost_pico or 0) / 10**12,
              task_type=one.task_type, **{name: value for name, value in one.values.items() if name not in kpis})
        for n, one in enumerate(points)
    ]  # fmt: skip


def test_what_is_not_known_of_both_is_not_compared_but_something_must_be() -> None:
    large, small = sessions("large", 2.0, 9), sessions("small", 0.5, error_rate=0.5)
    (found,) = offer(without(large, "error_rate", "task_completion_rate"), small)
    assert found.evidence[0].endswith("not worse in interruption_rate, follow_up_rate")
    assert offer(without(large, *FINE), small) == []
    few = [*without(small[:1], "error_rate"), *small[1:]]
    assert len(offer(large, few)) == 1  # seven error rates are too few to compare


def test_unpriced_sessions_do_not_count() -> None:
    unpriced = [point(n, family="small", task_type="debug-fix", **FINE) for n in range(8)]
    assert offer(sessions("large", 2.0, 9), unpriced) == []


def test_of_several_the_one_that_saves_most_is_offered() -> None:
    (found,) = offer(
        sessions("large", 2.0, 9), sessions("small", 0.5), sessions("tiny", 0.1),
        sessions("large", 3.0, 9, task_type="ml-eval"), sessions("small", 2.9, 8, task_type="ml-eval"),
    )  # fmt: skip
    assert found.evidence[0].startswith("debug-fix: tiny (8 sessions) against large (9 sessions)")


def test_of_equally_many_sessions_the_dearer_are_the_usual_ones() -> None:
    (found,) = offer(sessions("a", 2.0), sessions("b", 0.5))
    (same,) = offer(sessions("b", 2.0), sessions("a", 0.5))
    assert found.numbers == same.numbers == {"sessions": 8.0, "usd": 2.035, "other_sessions": 8.0, "other_usd": 0.535}


def test_a_family_with_an_odd_name_is_not_shown() -> None:
    (found,) = offer(sessions("large", 2.0, 9), sessions("Sm<b>\x1b[31m", 0.5))
    assert found.evidence[0].startswith("debug-fix: ? (8 sessions)")
    assert all(part.isascii() and part.isprintable() and "<" not in part for part in found.evidence)
