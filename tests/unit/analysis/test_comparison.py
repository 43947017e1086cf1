"""Matching sessions by size and task type: confounding by size is taken out, an effect is found, intervals hold."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest

from tachograph.analysis import comparison
from tachograph.analysis.comparison import Compared, Difference, Observation, compare, stratum_of


def sessions(*groups: tuple[int, str | None, Sequence[float]]) -> list[Observation]:
    """Sessions of a size and a task type, one for each value."""
    return [Observation(value, size, task) for size, task, values in groups for value in values]


def around(mean: float, number: int, spread: float = 1.0) -> list[float]:
    """Values that lie evenly about their mean."""
    return [mean + spread * (2 * n - number + 1) / number for n in range(number)]


def matched(found: Compared) -> Difference:
    assert found.matched is not None
    return found.matched


def naive(found: Compared) -> Difference:
    assert found.naive is not None
    return found.naive


def has(found: Difference, value: float) -> bool:
    """Whether the interval covers it."""
    assert found.low is not None
    assert found.high is not None
    return found.low <= value <= found.high


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1, (1, 1)), (2, (2, 3)), (3, (2, 3)), (4, (4, 7)), (7, (4, 7)), (8, (8, 15)), (1000, (512, 1023))],
)
def test_a_stratum_holds_sizes_within_a_factor_of_two(size: int, expected: tuple[int, int]) -> None:
    assert stratum_of(size) == expected


def test_a_difference_that_is_only_size_is_gone_once_sessions_are_matched() -> None:
    """Simpson: large sessions have 10 more, and there are more of them after; within each size nothing changed."""
    before = sessions((1, "fix", around(5, 40)), (8, "fix", around(15, 10)))
    after = sessions((1, "fix", around(5, 10)), (8, "fix", around(15, 40)))
    found = compare(before, after)
    assert naive(found).difference == pytest.approx(6.0)
    assert not has(naive(found), 0.0)
    assert matched(found).difference == pytest.approx(0.0)
    assert has(matched(found), 0.0)
    assert (matched(found).before, matched(found).after) == (pytest.approx(10.0), pytest.approx(10.0))


def test_a_difference_that_is_only_the_kind_of_work_is_gone_too() -> None:
    before = sessions((2, "fix", around(5, 30)), (2, "build", around(15, 10)))
    after = sessions((3, "fix", around(5, 10)), (3, "build", around(15, 30)))
    found = compare(before, after)
    assert not has(naive(found), 0.0)
    assert matched(found).difference == pytest.approx(0.0)


def test_an_effect_that_size_hides_is_found() -> None:
    """Each session is 4 better; the naive difference is hidden by larger sessions after."""
    before = sessions((1, "fix", around(5, 30)), (8, "fix", around(13, 30)))
    after = sessions((1, "fix", around(1, 15)), (8, "fix", around(9, 45)))
    found = compare(before, after)
    assert naive(found).difference == pytest.approx(-2.0)
    assert matched(found).difference == pytest.approx(-4.0)
    assert has(matched(found), -4.0)
    assert not has(matched(found), 0.0)


def test_a_stratum_weighs_as_much_as_its_smaller_side() -> None:
    """6 pairs with a difference of 1, 4 pairs with one of 2: (6 + 8) / 10."""
    before = sessions((1, "a", [1.0, 3.0] * 3), (2, "a", [10.0, 12.0] * 30))
    after = sessions((1, "a", [2.0, 4.0] * 50), (2, "a", [12.0, 14.0] * 2))
    found = compare(before, after)
    assert (found.pairs, found.strata) == (10, 2)
    assert matched(found).difference == pytest.approx(1.4)
    assert matched(found).before == pytest.approx((6 * 2 + 4 * 11) / 10)


def test_sessions_without_their_like_take_no_part() -> None:
    before = sessions(
        (1, "a", around(1, 12)), (1, "b", around(50, 5)), (64, "a", around(90, 3)), (2, "a", [7.0]),
        (0, "a", [70.0]), (-1, "a", [70.0]),
    )  # fmt: skip
    before.append(Observation(80.0, None, "a"))
    after = sessions((1, "a", around(2, 11)), (1, "c", around(60, 4)), (2, "a", [7.0, 8.0, 9.0]), (0, "a", [1.0, 2.0]))
    found = compare(before, after)
    assert (found.before, found.after) == (24, 20)
    assert (found.before_matched, found.after_matched, found.strata, found.pairs) == (12, 11, 1, 11)
    assert matched(found).difference == pytest.approx(1.0)


def test_sessions_of_no_known_type_are_a_stratum_of_their_own() -> None:
    before = sessions((1, None, around(1, 10)), (1, "a", around(5, 3)))
    after = sessions((1, None, around(2, 10)))
    found = compare(before, after)
    assert (found.before_matched, found.after_matched, found.strata) == (10, 10, 1)


@pytest.mark.parametrize(
    ("before", "after", "pairs"),
    [
        (sessions((1, "a", around(1, 9))), sessions((1, "a", around(9, 50))), 9),
        (sessions((1, "a", around(1, 40))), sessions((2, "a", around(9, 40))), 0),
        (sessions(*[(1 << n, "a", [1.0]) for n in range(20)]), sessions(*[(1 << n, "a", [2.0]) for n in range(20)]), 0),
        ([], sessions((1, "a", around(1, 40))), 0),
        ([], [], 0),
    ],
)
def test_of_too_few_no_number_is_given(before: list[Observation], after: list[Observation], pairs: int) -> None:
    found = compare(before, after)
    assert (found.pairs, found.matched, found.naive) == (pairs, None, None)
    assert (found.before, found.after) == (len(before), len(after))


def test_ten_pairs_are_enough() -> None:
    assert compare(sessions((1, "a", around(1, 10))), sessions((1, "a", around(2, 10)))).matched is not None


def test_without_size_the_task_type_alone_matches() -> None:
    before = sessions((1, "a", around(1, 12)), (4, "b", around(9, 12)))
    after = sessions((8, "a", around(3, 12)), (64, "b", around(11, 12)))
    assert compare(before, after).pairs == 0
    found = compare(before, after, by_size=False)
    assert (found.pairs, found.strata) == (24, 2)
    assert matched(found).difference == pytest.approx(2.0)


def test_on_a_log_scale_means_are_geometric_and_the_ends_are_those_of_a_ratio() -> None:
    before = sessions((1, "a", [1.0, 4.0] * 10))
    after = sessions((1, "a", [2.0, 8.0] * 10))
    found = matched(compare(before, after, scale="log"))
    assert (found.before, found.after) == (pytest.approx(2.0), pytest.approx(4.0))
    assert found.difference == pytest.approx(2.0)
    assert found.low is not None
    assert found.high is not None
    assert -2.0 < found.low < 2.0 < found.high
    ends = (math.log1p(found.low / 2), math.log1p(found.high / 2))
    assert sum(ends) / 2 == pytest.approx(math.log(2), abs=0.05)


def test_on_a_log_scale_values_that_have_no_logarithm_are_left_out() -> None:
    before = sessions((1, "a", [0.0, -3.0, *[1.0, 2.0] * 6]))
    found = compare(before, sessions((1, "a", [1.0, 2.0] * 6)), scale="log")
    assert (found.before, found.after) == (12, 12)


def test_numbers_too_large_to_square_are_left_out() -> None:
    before = sessions((1, "a", [1e300, -1e300, math.inf, *around(1, 12)]))
    assert compare(before, sessions((1, "a", around(1, 12)))).before == 12


def test_without_spread_there_is_a_difference_and_no_interval() -> None:
    found = matched(compare(sessions((1, "a", [2.0] * 12)), sessions((1, "a", [5.0] * 12))))
    assert found == Difference(2.0, 5.0, 3.0, None, None, "no spread to tell an interval from")


def test_the_same_seed_gives_the_same_whatever_the_order() -> None:
    chance = random.Random(3)
    before = sessions((1, "a", around(1, 20)), (2, "b", around(2, 20)))
    after = sessions((1, "a", around(2, 20)), (2, "b", around(3, 20)))
    first = compare(before, after)
    chance.shuffle(before)
    chance.shuffle(after)
    assert compare(before, after) == first
    assert compare(before, after, seed=7) != first
    assert matched(compare(before, after, seed=7)).difference == matched(first).difference


def test_the_interval_of_many_sessions_is_as_wide_as_theory_says() -> None:
    """Above a hundred sessions means are drawn as normal: 1.96 · sqrt(2 · variance / n) either way."""
    chance = random.Random(5)
    sides = [[chance.gauss(0, 1) for _ in range(2000)] for _ in range(2)]
    found = matched(compare(sessions((1, "a", sides[0])), sessions((1, "a", sides[1]))))
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low == pytest.approx(2 * 1.96 * math.sqrt(2 / 2000), rel=0.08)


@pytest.mark.parametrize(
    ("freedom", "expected"), [(3, 3.1824), (5, 2.5706), (10, 2.2281), (30, 2.0423), (1000, 1.9623)]
)
def test_the_quantile_of_students_t_is_within_a_hundredth(freedom: float, expected: float) -> None:
    assert comparison._student(1.959964, freedom) == pytest.approx(expected, rel=0.01)


def test_many_pairs_in_small_strata_have_the_interval_of_theory_too() -> None:
    """80 strata of four sessions a side, each at a level of its own: 320 pairs, within which the variance is 1."""
    chance = random.Random(8)
    sides = [
        [Observation(place + chance.gauss(0, 1), 1 << place, "a") for place in range(80) for _ in range(4)]
        for _ in range(2)
    ]
    found = compare(*sides)
    assert (found.pairs, found.strata) == (320, 80)
    low, high = matched(found).low, matched(found).high
    assert low is not None
    assert high is not None
    assert low < 0 < high
    assert high - low == pytest.approx(2 * 1.96 * math.sqrt(2 / 320), rel=0.1)


SHAPES = {
    "pairs in small strata": [(2, 2)] * 6,
    "one stratum": [(12, 12)],
    "lopsided": [(3, 12), (4, 10), (12, 4)],
}


def covered(shape: Sequence[tuple[int, int]], kind: str, seed: int) -> bool:
    """Whether the interval of one made-up history covers the difference that it was made with, 0.5."""
    chance = random.Random(seed)
    draw = {"normal": lambda: chance.gauss(0, 1), "uniform": chance.random}[kind]
    before, after = [], []
    for number, (first, second) in enumerate(shape):
        level = chance.gauss(0, 3)
        before += sessions((1 << number, "a", [level + draw() for _ in range(first)]))
        after += sessions((1 << number, "a", [level + 0.5 + draw() for _ in range(second)]))
    return has(matched(compare(before, after, seed=seed)), 0.5)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_the_interval_covers_the_truth_in_95_of_100_histories(
    monkeypatch: pytest.MonkeyPatch, shape: list[tuple[int, int]]
) -> None:
    """200 histories: 95 % of them lies within 91.5 and 98.5 % in 98 of 100 such counts."""
    monkeypatch.setattr(comparison, "RESAMPLES", 120)
    share = sum(covered(shape, "normal", seed) for seed in range(200)) / 200
    assert 0.915 <= share <= 0.985


@pytest.mark.soak
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("kind", ["normal", "uniform"])
def test_the_interval_covers_the_truth_with_all_resamples(shape: list[tuple[int, int]], kind: str) -> None:
    share = sum(covered(shape, kind, seed) for seed in range(1000)) / 1000
    assert 0.935 <= share <= 0.97
