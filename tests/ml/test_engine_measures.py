"""The figures that a model is judged by, on numbers that can be worked out by hand."""

from __future__ import annotations

import math
import random

import msgspec
import numpy as np
import pytest

from tachograph.learning.ml.baselines import learn_rule, place, quantile_edges
from tachograph.learning.ml.conformal import fit_intervals, intervals_of
from tachograph.learning.ml.drift import FeatureDrift, compare_inputs
from tachograph.learning.ml.evaluation import Trial, beats, calibrate, evaluate
from tachograph.learning.ml.matrix import Floats
from tachograph.learning.ml.measures import area_under_curve, draw_weights, estimate, mean_of
from tachograph.learning.ml.metadata import Baseline, Histogram, IntervalBin, Metadata, Params
from tachograph.learning.ml.table import Feature, Row, Table
from tachograph.learning.ml.training import train
from tests.ml.engine_tables import FEATURES, THREADS, numbers

NAN = math.nan


def array(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)


# ------------------------------------------------------------------------------------------------- measures


@pytest.mark.parametrize(
    ("predicted", "actual", "weights", "area"),
    [
        ((0.1, 0.2, 0.8, 0.9), (0, 0, 1, 1), (1, 1, 1, 1), 1.0),
        ((0.9, 0.8, 0.2, 0.1), (0, 0, 1, 1), (1, 1, 1, 1), 0.0),
        ((0.5, 0.5, 0.5, 0.5), (0, 1, 0, 1), (1, 1, 1, 1), 0.5),
        ((0.1, 0.4, 0.4, 0.8), (0, 0, 1, 1), (1, 1, 1, 1), 0.875),  # 3.5 of 4 pairs
        ((0.1, 0.4, 0.35, 0.8), (0, 0, 1, 1), (1, 1, 1, 1), 0.75),
        ((0.1, 0.4, 0.35, 0.8), (0, 0, 1, 1), (1, 3, 1, 1), 0.625),  # 5 of 8
        ((0.1, 0.4, 0.35, 0.8), (0, 0, 1, 1), (1, 0, 1, 1), 1.0),
        ((0.1, 0.9), (1, 1), (1, 1), 0.5),
    ],
)
def test_area_under_the_curve(
    predicted: tuple[float, ...], actual: tuple[float, ...], weights: tuple[float, ...], area: float
) -> None:
    assert area_under_curve(array(*predicted), array(*actual))(array(*weights)) == pytest.approx(area)


def test_groups_are_drawn_whole() -> None:
    groups = np.repeat(np.arange(10), 3)
    draws = list(draw_weights(groups, seed=1))
    assert len(draws) == 400
    for weights in draws:
        assert weights.sum() == 30
        assert all(len(set(weights[groups == group].tolist())) == 1 for group in range(10))


def test_with_few_groups_the_rows_within_them_are_drawn_again_too() -> None:
    groups = np.repeat(np.arange(2), 50)
    weights = next(draw_weights(groups, seed=1))
    assert len(set(weights.tolist())) > 2


def test_rows_alike_within_groups_make_the_interval_wide() -> None:
    """Ten groups tell as much as ten rows when all rows of a group are the same."""
    dice = random.Random(1)
    of_group = [dice.gauss(0, 1) for _ in range(10)]
    errors = array(*(value for value in of_group for _ in range(100)))
    by_group = estimate(mean_of(errors), np.repeat(np.arange(10), 100), 1)
    by_row = estimate(mean_of(errors), np.arange(1000), 1)
    assert by_group.value == by_row.value == pytest.approx(sum(of_group) / 10)
    assert 7 < (by_group.high - by_group.low) / (by_row.high - by_row.low) < 13


def test_the_interval_of_a_mean_holds_it_in_95_of_100_cases() -> None:
    dice = np.random.Generator(np.random.PCG64(1))
    held = 0
    for seed in range(100):
        found = estimate(mean_of(dice.normal(3, 1, 60)), np.arange(60), seed)
        held += found.low <= 3 <= found.high
    assert 89 <= held <= 99


def trial(predicted: Floats, actual: Floats, simple: Floats) -> Trial:
    baselines: dict[Baseline, Floats] = {"constant": simple, "one_rule": simple}
    groups = np.arange(len(actual))
    return Trial("number", predicted, predicted - 1, predicted + 1, baselines, actual, groups, seed=1)


def test_a_gain_is_paired_row_by_row() -> None:
    """Errors vary by 10, but the model is better by 1 in each row: that is sure."""
    actual = np.zeros(40)
    theirs = np.linspace(1, 11, 40)
    held_out = evaluate(trial(theirs - 1, actual, theirs))
    gain = held_out.comparisons[0].gain
    assert (gain.value, gain.low, gain.high) == pytest.approx((1, 1, 1))
    assert held_out.comparisons[0].theirs == pytest.approx(6)
    assert held_out.measures["mae"].high - held_out.measures["mae"].low > 1
    assert beats(held_out)
    assert held_out.coverage is not None
    assert held_out.coverage.value == pytest.approx(4 / 40)  # those that miss by no more than 1


def test_as_good_as_a_baseline_is_not_better() -> None:
    same = np.linspace(1, 2, 40)
    assert not beats(evaluate(trial(same, np.zeros(40), same)))


def test_calibration_keeps_equal_predictions_together() -> None:
    bins = calibrate(array(*[0.2] * 10, *[0.8] * 10), array(*[0] * 8, 1, 1, *[1] * 9, 0))
    assert [(bin_.rows, bin_.predicted, bin_.actual) for bin_ in bins] == [
        (10, pytest.approx(0.2), pytest.approx(0.2)),
        (10, pytest.approx(0.8), pytest.approx(0.9)),
    ]


# ------------------------------------------------------------------------------------------------ baselines


@pytest.mark.parametrize(
    ("values", "edges"),
    [
        ((), []),
        ((NAN, NAN), []),
        ((3, 3, 3), []),
        ((0, 1), [0]),
        ((0, 0, 0, 0, 0, 0, 0, 0, 0, 1), [0]),
        (tuple(range(1, 21)), [2, 4, 6, 8, 10, 12, 14, 16, 18]),
        ((1, NAN, 2), [1]),
    ],
)
def test_bins_hold_about_as_many_each(values: tuple[float, ...], edges: list[float]) -> None:
    assert quantile_edges(array(*values)).tolist() == edges


def test_a_value_is_in_the_bin_after_the_edges_it_is_greater_than() -> None:
    assert place(array(0, 1, 1.5, 2, 3, NAN), array(1, 2)).tolist() == [0, 0, 1, 1, 2, 3]


def test_the_rule_asks_for_the_feature_that_tells_most() -> None:
    x = np.array([[n % 2, n // 50, NAN] for n in range(100)], dtype=np.float32)
    y = array(*(10 + 50 * (n // 50) + n % 2 for n in range(100)))
    rule = learn_rule(x, y, np.ones(100))
    assert rule.feature == 1
    # five rows of the mean, 35.5, are added to the fifty of each bin
    assert rule.means.tolist() == pytest.approx([(50 * 10.5 + 5 * 35.5) / 55, (50 * 60.5 + 5 * 35.5) / 55, 35.5])
    assert rule.predict(np.array([[0, 1, 0], [0, NAN, 0]], dtype=np.float32)).tolist() == pytest.approx(
        [rule.means[1], 35.5]
    )
    features = tuple(Feature(name, name) for name in ("parity", "half", "nothing"))
    assert rule.tell(features) == "half: up to 0 → 12.8; above → 58.2; not known → 35.5"


# ------------------------------------------------------------------------------------------------ intervals


def test_the_width_is_the_miss_that_nine_of_ten_stay_below() -> None:
    predicted, misses = np.zeros(99), np.arange(1, 100, dtype=np.float64)
    bins = fit_intervals(predicted, misses, "number")
    assert bins == (IntervalBin(None, 99, -90.0, 90.0),)  # the 90th of 99: (99 + 1) * 0.9


def test_predictions_of_another_size_have_another_width() -> None:
    predicted = array(*[10.0] * 200, *[20.0] * 200)
    actual = predicted + array(*[1.0, -1.0] * 100, *[5.0, -5.0] * 100)
    bins = fit_intervals(predicted, actual, "number")
    assert bins == (IntervalBin(None, 200, -1.0, 1.0), IntervalBin(10.0, 200, -5.0, 5.0))
    low, high = intervals_of(array(9, 10, 11, 30), bins, "number")
    assert low.tolist() == [8, 9, 6, 25]
    assert high.tolist() == [10, 11, 16, 35]


def test_the_interval_of_a_share_is_wilsons() -> None:
    predicted, actual = np.full(50, 0.5), array(*[1] * 20, *[0] * 30)
    (bin_,) = fit_intervals(predicted, actual, "probability")
    z = 1.6449
    middle = (0.4 + z * z / 100) / (1 + z * z / 50)
    reach = z / (1 + z * z / 50) * math.sqrt(0.4 * 0.6 / 50 + z * z / 10_000)
    assert (bin_.low, bin_.high) == pytest.approx((middle - reach, middle + reach))
    assert (bin_.low, bin_.high) == pytest.approx((0.294, 0.516), abs=0.001)


@pytest.mark.parametrize(("outcome", "low", "high"), [(1.0, 0.949, 1.0), (0.0, 0.0, 0.051)])
def test_a_share_is_never_below_none_or_above_all(outcome: float, low: float, high: float) -> None:
    (bin_,) = fit_intervals(np.full(50, 0.5), np.full(50, outcome), "probability")
    assert (bin_.low, bin_.high) == pytest.approx((low, high), abs=0.001)


def test_a_probability_outside_its_own_interval_has_none() -> None:
    bins = (IntervalBin(None, 50, 0.3, 0.5),)
    low, high = intervals_of(array(0.29, 0.3, 0.4, 0.5, 0.9), bins, "probability")
    assert low.tolist() == pytest.approx([NAN, 0.3, 0.3, 0.3, NAN], nan_ok=True)
    assert high.tolist() == pytest.approx([NAN, 0.5, 0.5, 0.5, NAN], nan_ok=True)


@pytest.mark.parametrize(("rows", "bins"), [(29, 1), (59, 1), (60, 2), (300, 10), (1000, 19), (8000, 39)])
def test_shares_are_counted_in_at_most_twice_the_cube_root_bins(rows: int, bins: int) -> None:
    found = fit_intervals(np.linspace(0, 1, rows), np.arange(rows) % 2.0, "probability")
    assert len(found) == bins
    assert min(bin_.rows for bin_ in found) >= min(rows, 30)


# ---------------------------------------------------------------------------------------------------- drift


@pytest.fixture(scope="module")
def metadata() -> Metadata:
    return train(numbers(1, 1000), "number", Params(threads=THREADS, n_estimators=5)).metadata


def test_rows_like_those_of_training_have_not_drifted(metadata: Metadata) -> None:
    found = compare_inputs(metadata, numbers(2, 1000))
    assert {drift.feature for drift in found} == {feature.name for feature in FEATURES}
    assert not any(drift.drifted for drift in found)
    assert max(drift.psi for drift in found) < 0.05


def test_a_feature_that_moved_comes_first(metadata: Metadata) -> None:
    rows = [
        msgspec.structs.replace(row, values=(*row.values[:3], row.values[3] + 0.5, *row.values[4:]))
        for row in numbers(2, 1000).rows
    ]
    found = compare_inputs(metadata, Table(FEATURES, rows))
    assert found[0].feature == "weak"
    assert found[0].drifted
    assert [drift.drifted for drift in found[1:]] == [False] * 5


def test_values_that_are_no_longer_known_are_drift(metadata: Metadata) -> None:
    rows = [msgspec.structs.replace(row, values=(None, *row.values[1:])) for row in numbers(2, 500).rows]
    found = compare_inputs(metadata, Table(FEATURES, rows))[0]
    assert (found.feature, found.drifted) == ("strong", True)


def test_a_handful_of_rows_proves_no_drift(metadata: Metadata) -> None:
    found = compare_inputs(metadata, numbers(2, 12))
    assert max(drift.psi for drift in found) > 0.2
    assert not any(drift.drifted for drift in found)


def test_no_rows_no_drift(metadata: Metadata) -> None:
    assert compare_inputs(metadata, Table(FEATURES, [])) == []


def test_the_index_is_that_of_the_shares(metadata: Metadata) -> None:
    """Nine of ten rows of training were 0, now it is half of them."""
    histogram = Histogram("flag", (0.0,), (900, 100), 0)
    known = msgspec.structs.replace(metadata, histograms=(histogram,))
    rows = [Row(str(n), (float(n % 2),), None, None, "", "", 0) for n in range(1000)]
    (found,) = compare_inputs(known, Table((Feature("flag", "flag"),), rows))
    old, new = (900.5 / 1001, 100.5 / 1001), (500.5 / 1001, 500.5 / 1001)
    expected = sum((n - o) * math.log(n / o) for o, n in zip(old, new, strict=True))
    chance = 0.002 * (1 + 1.645 * math.sqrt(2))
    assert found == FeatureDrift("flag", pytest.approx(expected), pytest.approx(chance), True)
