from __future__ import annotations

import random
from statistics import fmean

import pytest

from tachograph.analysis.intervals import LEAST, bootstrap, ratio_of_sums, sign_test, wilson


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        # The first two are examples of Newcombe (Statistics in Medicine 17, 1998), method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (20, 20, 0.8389, 1.0),
        (1, 1, 0.2065, 1.0),
    ],
)
def test_interval_of_a_share(part: int, whole: int, low: float, high: float) -> None:
    found = wilson(part, whole)
    assert found is not None
    assert found == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_of_nothing_there_is_no_share() -> None:
    assert wilson(0, 0) is None


@pytest.mark.parametrize(
    ("more", "less", "p"),
    [
        (6, 0, 0.03125),
        (5, 0, 0.0625),
        (0, 6, 0.03125),
        (9, 1, 0.021484375),
        (5, 5, 1.0),
        (1, 0, 1.0),
        (12, 3, 0.03515625),
    ],
)
def test_signs_are_counted_exactly(more: int, less: int, p: float) -> None:
    assert sign_test(more, less) == p


def test_without_signs_there_is_no_probability() -> None:
    assert sign_test(0, 0) is None


def test_many_signs_do_not_overflow() -> None:
    assert sign_test(3_000, 2_000) == pytest.approx(0, abs=1e-40)


def test_resamples_are_the_same_for_the_same_seed() -> None:
    units = [float(number) for number in range(20)]
    assert bootstrap(units, fmean, seed=1) == bootstrap(units, fmean, seed=1) != bootstrap(units, fmean, seed=2)


def test_interval_of_a_mean_is_as_wide_as_theory_says() -> None:
    """1.96 standard errors to either side of the mean: s / sqrt(n) with s = 28.87 for 0 to 99 is 2.887."""
    found = bootstrap([float(number) for number in range(100)], fmean)
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(49.5 - 5.66, abs=0.4), pytest.approx(49.5 + 5.66, abs=0.4))


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """24 samples of 30 sessions: the share of records is a half, and records of one session are alike."""
    chance = random.Random(7)
    held = 0
    for seed in range(24):
        found = bootstrap([(chance.choice([0, 4, 8]), 8) for _ in range(30)], ratio_of_sums, seed=seed)
        held += found is not None and found.low <= 0.5 <= found.high
    assert 21 <= held <= 24


def test_a_ratio_of_sums() -> None:
    assert ratio_of_sums([(1.0, 2.0), (2.0, 2.0)]) == 0.75
    assert ratio_of_sums([(1.0, 0.0)]) is None
    assert ratio_of_sums([]) is None


def test_records_of_one_session_do_not_make_it_surer() -> None:
    """Ten times as many records in each session leave the interval as it is; Wilson's would shrink to a third."""
    few = bootstrap([(number % 2, 1) for number in range(20)], ratio_of_sums)
    many = bootstrap([(10 * (number % 2), 10) for number in range(20)], ratio_of_sums)
    assert few == many


@pytest.mark.parametrize("units", [[], [(1, 2)] * (LEAST - 1), [(1, 2)] * 50, [(0, 0)] * 50])
def test_no_interval_where_it_cannot_be_told(units: list[tuple[int, int]]) -> None:
    assert bootstrap(units, ratio_of_sums) is None


def test_many_units_take_fewer_resamples() -> None:
    calls = []
    bootstrap(range(4_000), lambda units: calls.append(len(units)) or float(units[0]))
    assert len(calls) == 501
