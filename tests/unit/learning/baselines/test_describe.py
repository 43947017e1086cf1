from __future__ import annotations

import pytest

from tachograph.learning.baselines import Track, describe
from tests.unit.learning.histories import DAY, make_kpi


def shown(kpi, values, *, seen_at=None, now=0, at=0):
    track = Track()
    for value in values:
        track.feed(kpi, value, at, is_bad=False)
    return describe(kpi, track.ema, track.quantiles, at if seen_at is None else seen_at, now)


def test_a_baseline_shows_mean_spread_and_quantiles():
    baseline = shown(make_kpi(), [1.0, 2.0, 3.0, 4.0, 5.0], at=7)
    assert (baseline.kpi, baseline.n, baseline.updated_at) == ("speed", 5, 7)
    assert (baseline.mean, baseline.sd) == pytest.approx((3.0, 2.0**0.5))
    assert (baseline.p50, baseline.p95, baseline.p99) == pytest.approx((3.0, 4.8, 4.96), abs=0.3)


@pytest.mark.parametrize(("default", "moments"), [(None, (None, None)), ((0.03, 0.02), (0.03, 0.02))])
def test_in_bootstrap_it_shows_the_default_if_there_is_one(default, moments):
    baseline = shown(make_kpi(default=default), [0.5] * 4)
    assert (baseline.status, baseline.n, baseline.mean, baseline.sd) == ("bootstrap", 4, *moments)


def test_without_sessions_there_are_no_quantiles():
    baseline = shown(make_kpi(), [])
    assert (baseline.n, baseline.p50, baseline.p99, baseline.updated_at) == (0, None, None, None)


def test_the_mean_of_a_logarithmic_kpi_is_geometric():
    baseline = shown(make_kpi(scale="log"), [1.0, 10.0, 100.0, 10.0, 10.0])
    assert baseline.mean == pytest.approx(10.0)
    assert baseline.sd == pytest.approx(1.456, abs=0.001)  # of the natural logarithm


@pytest.mark.parametrize(
    ("scale", "values", "is_wide"),
    [
        ("linear", [1.0, 2.0] * 5, False),
        ("linear", [0.0, 2.0] * 5, True),
        ("linear", [-1.0, -2.0] * 5, False),
        ("log", [1.0, 2.0] * 5, False),  # a factor of 1.4 up and down
        ("log", [1.0, 3.0] * 5, True),  # of 1.7
    ],
)
def test_a_spread_above_half_of_the_mean_is_flagged(scale, values, is_wide):
    assert shown(make_kpi(scale=scale), values).is_spread_wide is is_wide


@pytest.mark.parametrize(
    ("now", "seen_at", "is_stale"),
    [
        (7 * DAY, 6 * DAY, False),
        (7 * DAY + 1, 6 * DAY, True),
        (30 * DAY, 0, False),  # there were no sessions either
    ],
)
def test_it_is_stale_after_seven_days_without_update_while_sessions_exist(now, seen_at, is_stale):
    assert shown(make_kpi(), [1.0] * 6, at=0, seen_at=seen_at, now=now).is_stale is is_stale
