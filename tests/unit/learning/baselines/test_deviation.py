from __future__ import annotations

import math

import pytest

from tachograph.learning.baselines import Track, judge_value
from tests.unit.learning.histories import make_kpi


def track_of(kpi, values, bad=()) -> Track:
    track = Track()
    for number, value in enumerate([*values, *bad]):
        track.feed(kpi, value, number, is_bad=number >= len(values))
    return track


ALTERNATING = [4.0, 6.0] * 20
"""Mean 5, standard deviation about 1 (the newest weighs more)."""


@pytest.mark.parametrize(
    ("better", "value", "sign"), [("up", 2.0, 1), ("up", 8.0, -1), ("down", 8.0, 1), ("down", 2.0, -1)]
)
def test_worse_is_positive_whichever_direction_is_better(better, value, sign):
    kpi = make_kpi(better=better)
    deviation = judge_value(kpi, track_of(kpi, ALTERNATING), value)
    assert math.copysign(1, deviation.deviations) == sign
    mean, sd = deviation.mean, deviation.sd
    assert abs(deviation.deviations) == pytest.approx(abs(value - mean) / sd)


@pytest.mark.parametrize(
    ("values", "more", "sd"),
    [
        ([5.0] * 10, {"least_sd": 0.01}, 0.05),  # 1 % of the mean
        ([5.0] * 10, {"least_sd": 0.5}, 0.5),  # what the KPI believes at least
        ([0.0] * 10, {"least_sd": 0.0}, 1e-9),  # nothing at all, and still no division by zero
        ([5.0] * 10, {"scale": "log", "least_sd": 0.2}, 0.2),
        ([5.0] * 10, {"scale": "log", "least_sd": 0.0}, 1e-9),
    ],
)
def test_a_baseline_without_spread_has_a_least_one(values, more, sd):
    kpi = make_kpi(**more)
    assert judge_value(kpi, track_of(kpi, values), 4.0).sd == pytest.approx(sd)


def test_logarithmic_kpis_are_measured_between_logarithms():
    kpi = make_kpi(better="down", scale="log", least_sd=0.5)
    deviation = judge_value(kpi, track_of(kpi, [10.0] * 10), 10 * math.e)
    assert deviation.mean == pytest.approx(10.0)
    assert deviation.deviations == pytest.approx(2.0)


@pytest.mark.parametrize(("better", "is_worse"), [("down", False), ("up", True)])
def test_zero_on_a_logarithmic_scale_is_the_best_or_the_worst_there_is_and_is_not_counted_in(better, is_worse):
    kpi = make_kpi(better=better, scale="log", least_sd=0.5)
    track = track_of(kpi, [10.0] * 10)
    assert (judge_value(kpi, track, 0.0).deviations > 10) is is_worse
    assert (judge_value(kpi, track, -3.0).deviations > 10) is is_worse
    track.feed(kpi, 0.0, 99, is_bad=False)
    assert (track.ema.n, track.ema.mean) == (10, pytest.approx(math.log(10.0)))


@pytest.mark.parametrize("count", range(5))
def test_until_there_are_five_sessions_the_default_stands_in(count):
    kpi = make_kpi(default=(0.9, 0.1))
    deviation = judge_value(kpi, track_of(kpi, [0.1] * count), 0.7)
    assert (deviation.mean, deviation.sd, deviation.deviations) == pytest.approx((0.9, 0.1, 2.0))


def test_without_a_default_there_is_nothing_to_hold_it_against():
    assert judge_value(make_kpi(), track_of(make_kpi(), [0.1] * 4), 0.7) is None


def test_two_bad_sessions_are_held_against_the_baseline_before_them():
    kpi = make_kpi()
    before = judge_value(kpi, track_of(kpi, ALTERNATING), 1.0)
    second = judge_value(kpi, track_of(kpi, ALTERNATING, [1.0]), 1.0)
    third = judge_value(kpi, track_of(kpi, ALTERNATING, [1.0, 1.0]), 1.0)
    assert (second.mean, second.sd) == (third.mean, third.sd) == (before.mean, before.sd)


def test_from_the_third_on_the_baseline_follows():
    kpi = make_kpi()
    fourth = judge_value(kpi, track_of(kpi, ALTERNATING, [1.0] * 3), 1.0)
    twentieth = judge_value(kpi, track_of(kpi, ALTERNATING, [1.0] * 20), 1.0)
    assert 0 < fourth.deviations < 2.5
    assert twentieth.deviations < 0.2


def test_a_long_tail_on_the_bad_side_makes_the_cautious_spread_wide():
    kpi = make_kpi(better="down")
    tailed = judge_value(kpi, track_of(kpi, ([0.0] * 19 + [10.0]) * 10 + [0.0] * 10), 10.0)
    assert tailed.deviations > 3
    assert tailed.cautious < 2.6


def test_a_level_that_has_gone_does_not_widen_it_for_ever():
    kpi = make_kpi()
    moved = track_of(kpi, [9.0, 9.4] * 150 + [7.0, 7.4] * 150)
    deviation = judge_value(kpi, moved, 6.4)
    assert moved.tail(kpi) > 0.6  # the quantiles still know it
    assert deviation.cautious > 1  # three such sessions are an incident
