from __future__ import annotations

import pytest

from tachograph.learning.trials import Outcome
from tachograph.learning.trials.quick import QuickRule

CASES = [
    ("three of three", "up", [1.3, 1.3, 1.3], True),
    ("two of three are enough, although 2 / 3 < .67", "up", [1.3, 1.0, 1.3], True),
    ("one of three", "up", [1.3, 1.0, 0.5], False),
    ("exactly 20 % is not more than 20 %", "up", [1.2, 1.2, 1.2], False),
    ("less is better", "down", [0.7, 0.75, 1.5], True),
    ("more is not", "down", [1.3, 1.3, 1.3], False),
    ("two are not enough to tell", "up", [1.3, 1.3], None),
]


def take(better: str, outcomes: list[Outcome]) -> list[bool | None]:
    rule = QuickRule(better)
    return [rule.take(one) for one in outcomes]


def treated(i: int, value: float, expected: float | None = 1.0) -> Outcome:
    return Outcome(f"a:{i}", True, 0.5, i, value, expected)


@pytest.mark.parametrize(("better", "values", "verdict"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_two_of_the_first_three(better: str, values: list[float], verdict: bool | None) -> None:
    *before, last = take(better, [treated(i, value) for i, value in enumerate(values)])
    assert before == [None] * len(before)
    assert last is verdict


def test_sessions_without_the_text_or_without_a_baseline_are_passed_over() -> None:
    control = Outcome("a:c", False, 0.5, 0, 9.0, 1.0)
    some = [control, treated(1, 1.5), treated(2, 9.0, None), treated(3, 1.5), control, treated(4, 1.0)]
    assert take("up", some) == [None, None, None, None, None, True]


def test_only_the_first_three_count() -> None:
    assert (
        take("up", [treated(i, value) for i, value in enumerate([1, 1, 1, 2, 2, 2])])
        == [None, None, False] + [None] * 3
    )


def test_a_baseline_of_0_is_bettered_by_anything_above_it() -> None:
    assert take("up", [treated(i, 0.1, 0.0) for i in range(3)])[-1] is True
    assert take("down", [treated(i, 0.0, 0.0) for i in range(3)])[-1] is False
