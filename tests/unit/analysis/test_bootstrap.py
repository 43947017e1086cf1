from __future__ import annotations

import pytest

from tachograph.analysis.bootstrap import Statistic, add_interval, find_quantile


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1.0), (1.0, 5.0), (0.5, 3.0), (0.25, 2.0), (0.1, 1.4), (0.975, 4.9)]
)
def test_a_quantile_lies_between_the_two_nearest_values(share: float, expected: float) -> None:
    assert find_quantile([1.0, 2.0, 3.0, 4.0, 5.0], share) == pytest.approx(expected)


def test_the_quantile_of_one_value_is_that_value() -> None:
    assert find_quantile([7.0], 0.3) == 7.0


def test_an_interval_leaves_out_the_same_share_at_either_end() -> None:
    assert add_interval(50.0, [float(n) for n in range(100, -1, -1)], 0.1) == Statistic(50.0, 10.0, 90.0)


def test_without_a_share_it_is_a_95_per_cent_interval() -> None:
    told = add_interval(500.0, map(float, range(1001)))
    assert (told.low, told.high, told.reason) == (pytest.approx(25.0), pytest.approx(975.0), "")


@pytest.mark.parametrize(
    ("resampled", "reason"),
    [
        ([3.0] * 20, "no spread to tell an interval from"),
        ([None] * 20, "too few sessions for an interval"),
        ([None, None, *[1.0, 2.0] * 9], "too few sessions for an interval"),
        ([], "too few sessions for an interval"),
    ],
)
def test_where_there_is_no_interval_the_value_stays_and_a_reason_is_given(
    resampled: list[float | None], reason: str
) -> None:
    assert add_interval(3.0, resampled) == Statistic(3.0, None, None, reason)


def test_one_undefined_resample_in_twenty_does_no_harm() -> None:
    told = add_interval(1.5, [None, *[1.0] * 9, *[2.0] * 10])
    assert (told.low, told.high) == (1.0, 2.0)
