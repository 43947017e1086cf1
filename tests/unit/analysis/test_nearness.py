from __future__ import annotations

import random

import pytest

from tachograph.analysis.nearness import NEAR, Contrast, Relation, contrast, relate, split_near


def near_places(places: list[int], moments: list[int]) -> list[int]:
    return [place for place, near in zip(places, split_near(places, moments), strict=True) if near]


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        ([], []),
        ([0], [10, 20, 30, 40, 50]),
        ([100], [60, 70, 80, 90, 100, 110, 120, 130, 140, 150]),
        ([101], [60, 70, 80, 90, 100, 110, 120, 130, 140, 150]),
        ([99], [50, 60, 70, 80, 90, 100, 110, 120, 130, 140]),
        ([999], [160, 170, 180, 190, 200]),
        ([0, 999], [10, 20, 30, 40, 50, 160, 170, 180, 190, 200]),
    ],
)
def test_five_responses_on_either_side_are_near(moments: list[int], expected: list[int]) -> None:
    assert NEAR == 5
    assert near_places(list(range(10, 201, 10)), moments) == expected


def test_a_session_is_compared_by_its_medians() -> None:
    assert contrast("a", [10, 20, 1000], [40, 50, 60, 70]) == Contrast("a", 20.0, 55.0)


@pytest.mark.parametrize(("near", "far"), [([1, 2], [1, 2, 3]), ([1, 2, 3], [4, 5]), ([1, 2, 0], [1, 2, 3]), ([], [])])
def test_a_session_without_enough_of_both_is_not(near: list[int], far: list[int]) -> None:
    assert contrast("a", near, far) is None


def test_far_against_near_over_sessions() -> None:
    factors = [2.0, 2.0, 2.0, 3.0, 4.0, 1.0, 0.5]
    found = relate([Contrast(str(number), 100.0, 100.0 * factor) for number, factor in enumerate(factors)])
    assert found.ratio == pytest.approx(2.0)
    assert (found.sessions, found.larger, found.smaller) == (7, 5, 1)
    assert found.p == 2 * (1 + 6) / 64, "the tie is left out"
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == (pytest.approx(1.0), pytest.approx(3.0))


def test_no_relation_of_too_few_sessions() -> None:
    found = relate([Contrast(str(number), 1.0, 2.0) for number in range(5)])
    assert (found.ratio, found.interval, found.p, found.sessions, found.larger) == (None, None, None, 5, 5)


def test_of_sessions_that_are_all_alike_the_interval_is_unknown() -> None:
    found = relate([Contrast(str(number), 1.0, 2.0) for number in range(6)])
    assert found.ratio == pytest.approx(2.0)
    assert (found.interval, found.p) == (None, 0.03125)


def made_up(seed: int, *, growing: bool) -> Relation:
    """25 sessions in each of which a use stands at any place, whatever the responses around it weigh."""
    chance = random.Random(seed)
    found = []
    for number in range(25):
        length = chance.randrange(30, 120)
        tokens = [int((place + 5 if growing else 50) * chance.lognormvariate(7, 0.5)) for place in range(length)]
        near = split_near(range(length), [chance.randrange(length) for _ in range(3)])
        sides = ([one for one, here in zip(tokens, near, strict=True) if here is side] for side in (True, False))
        found.append(contrast(str(number), *sides))
    return relate([one for one in found if one is not None])


@pytest.mark.parametrize("growing", [False, True])
def test_what_has_no_relation_seldom_seems_to_have_one(growing: bool) -> None:
    """Of 40 histories the interval holds 1 in nearly all, and chance is refuted in about one of 20."""
    found = [made_up(seed, growing=growing) for seed in range(40)]
    assert sum(one.interval is not None and one.interval.low <= 1 <= one.interval.high for one in found) >= 36
    assert sum(one.p is not None and one.p < 0.05 for one in found) <= 4
