from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.learning.baselines import Ema


def feed(values) -> Ema:
    ema = Ema()
    for number, value in enumerate(values):
        ema.feed(value, number)
    return ema


def test_the_first_five_sessions_weigh_the_same():
    ema = feed([1.0, 2.0, 3.0, 4.0, 5.0])
    assert ema.mean == pytest.approx(3.0)
    assert ema.variance == pytest.approx(2.0)


def test_from_the_sixth_on_the_newest_weighs_a_fifth():
    ema = feed([1.0, 2.0, 3.0, 4.0, 5.0, 8.0])
    assert ema.mean == pytest.approx(3.0 + 0.2 * 5.0)
    assert ema.variance == pytest.approx(0.8 * (2.0 + 0.2 * 25.0))


@given(st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=60))
def test_mean_and_variance_are_those_of_weighted_values(values):
    weights = [0.2] * 5
    for _ in values[5:]:
        weights = [0.8 * weight for weight in weights] + [0.2]
    mean = sum(weight * value for weight, value in zip(weights, values, strict=True))
    variance = sum(weight * (value - mean) ** 2 for weight, value in zip(weights, values, strict=True))
    ema = feed(values)
    assert ema.mean == pytest.approx(mean, rel=1e-9, abs=1e-6)
    assert ema.variance == pytest.approx(variance, rel=1e-6, abs=1e-3)


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ([], "bootstrap"),
        ([1.0] * 4, "bootstrap"),
        ([1.0] * 5, "settling"),
        ([1.0] * 6, "converged"),  # five updates that left the spread where it was
        ([1.0, 2.0] * 3, "settling"),
        ([1.0, 2.0] * 20, "converged"),
        ([1.0, 2.0] * 20 + [9.0], "settling"),
    ],
)
def test_it_has_converged_when_the_spread_has_settled(values, status):
    assert feed(values).status == status


@pytest.mark.parametrize(
    ("values", "trend"),
    [
        ([1.0] * 4, None),
        ([1.0] * 20, "stable"),
        ([1.0, 2.0] * 20, "stable"),
        ([1.0, 2.0] * 20 + [4.0] * 4, "up"),
        ([1.0, 2.0] * 20 + [-1.0] * 4, "down"),
        ([1.0, 2.0] * 20 + [4.0] * 300, "stable"),
    ],
)
def test_the_trend_is_where_the_last_sessions_lie_against_the_long_run(values, trend):
    assert feed(values).trend == trend
