"""Differences between two windows of a few goals."""

from __future__ import annotations

import random

import pytest

from tachograph.analysis.intervals import ratio_of_sums
from tachograph.analysis.two_windows import can_tell, differ


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (4, 4, True),
        (3, 3, False),
        (3, 4, False),
        (3, 5, True),
        (2, 7, False),
        (2, 8, True),
        (1, 100, False),
        (0, 9, False),
    ],
)
def test_from_how_many_on_chance_could_be_spoken_against(before: int, after: int, told: bool) -> None:
    assert can_tell(before, after) is told


def test_the_difference_lies_in_its_interval_and_is_the_same_each_time() -> None:
    chance = random.Random(1)
    before = [(chance.gauss(1, 0.2), 1.0) for _ in range(30)]
    after = [(chance.gauss(2, 0.2), 1.0) for _ in range(30)]
    found = differ(before, after, ratio_of_sums)
    assert found == differ(before, after, ratio_of_sums)
    assert found.low is not None
    assert found.high is not None
    assert found.value is not None
    assert 0.7 < found.low < found.value < found.high < 1.3
    assert found.high - found.low == pytest.approx(4 * 0.2 / 30**0.5 * 2**0.5, rel=0.25)


@pytest.mark.parametrize(
    ("before", "after", "value", "reason"),
    [
        ([], [(1.0, 1.0)] * 9, None, "not known on both sides"),
        ([(1.0, 1.0)] * 9, [(5.0, 0.0)] * 9, None, "not known on both sides"),
        ([(0.0, 1.0), (1.0, 1.0), (0.5, 1.0)], [(1.0, 1.0), (0.0, 1.0), (2.0, 1.0)], 0.5, "too few for an interval"),
        ([(0.0, 1.0)] * 9, [(1.0, 1.0)] * 9, 1.0, "no spread to tell an interval from"),
    ],
)
def test_without_an_interval_there_is_a_reason(
    before: list[tuple[float, float]], after: list[tuple[float, float]], value: float | None, reason: str
) -> None:
    found = differ(before, after, ratio_of_sums)
    assert (found.value, found.low, found.high, found.reason) == (value, None, None, reason)
