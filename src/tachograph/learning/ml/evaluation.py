"""How good a model is on rows that it never saw, and whether that is more than simple predictions reach."""

from __future__ import annotations

import msgspec
import numpy as np

from tachograph.learning.ml.baselines import place, quantile_edges
from tachograph.learning.ml.matrix import Floats, Integers
from tachograph.learning.ml.measures import FEW_GROUPS, Weigher, area_under_curve, estimate, mean_of
from tachograph.learning.ml.metadata import Baseline, CalibrationBin, Comparison, Estimate, HeldOut, Measure
from tachograph.learning.ml.table import Goal

_MEASURES: dict[Goal, tuple[Measure, ...]] = {"number": ("mae",), "probability": ("auc", "brier")}
_COMPARED: dict[Goal, tuple[tuple[Baseline, Measure], ...]] = {
    "number": (("constant", "mae"), ("one_rule", "mae")),
    # a constant orders nothing, so its probabilities are compared; a rule orders, and is compared by that too
    "probability": (("constant", "brier"), ("one_rule", "auc"), ("one_rule", "brier")),
}


class Trial(msgspec.Struct, frozen=True):
    """Held-out rows, and what was said of them."""

    goal: Goal
    predicted: Floats
    low: Floats
    high: Floats
    simple: dict[Baseline, Floats]
    actual: Floats
    groups: Integers
    seed: int


def evaluate(trial: Trial) -> HeldOut:
    """All figures of ``trial``, each with its interval."""
    groups = len(np.unique(trial.groups))
    inside = (trial.actual >= trial.low) & (trial.actual <= trial.high)
    return HeldOut(
        rows=len(trial.actual),
        groups=groups,
        resampled="groups" if groups >= FEW_GROUPS else "groups and rows",
        measures={
            measure: _estimate(trial, _measure(measure, trial.predicted, trial.actual))
            for measure in _MEASURES[trial.goal]
        },
        comparisons=tuple(_compare(trial, baseline, measure) for baseline, measure in _COMPARED[trial.goal]),
        calibration=calibrate(trial.predicted, trial.actual),
        coverage=_estimate(trial, mean_of(inside.astype(np.float64))) if trial.goal == "number" else None,
    )


def beats(held_out: HeldOut) -> bool:
    """Whether the model is better than each simple prediction, beyond what chance would give."""
    return all(comparison.gain.low > 0 for comparison in held_out.comparisons)


def error_of(goal: Goal, predicted: Floats, actual: Floats) -> float:
    """Mean distance from the truth, or the Brier score."""
    measure = _measure("mae" if goal == "number" else "brier", predicted, actual)
    return measure(np.ones(len(actual)))


def calibrate(predicted: Floats, actual: Floats) -> tuple[CalibrationBin, ...]:
    """Tenths of the rows by prediction, lowest first: what was said, and what came. Equal predictions stay together."""
    number = place(predicted, quantile_edges(predicted))
    bins = []
    for bin_ in np.unique(number).tolist():
        here = number == bin_
        bins.append(CalibrationBin(int(here.sum()), float(predicted[here].mean()), float(actual[here].mean())))
    return tuple(bins)


def _compare(trial: Trial, baseline: Baseline, measure: Measure) -> Comparison:
    theirs = trial.simple[baseline]
    gain = _gain(measure, trial.predicted, theirs, trial.actual)
    return Comparison(
        baseline=baseline,
        measure=measure,
        theirs=_measure(measure, theirs, trial.actual)(np.ones(len(trial.actual))),
        gain=_estimate(trial, gain),
    )


def _estimate(trial: Trial, measure: Weigher) -> Estimate:
    return estimate(measure, trial.groups, trial.seed)


def _gain(measure: Measure, ours: Floats, theirs: Floats, actual: Floats) -> Weigher:
    first, second = _measure(measure, ours, actual), _measure(measure, theirs, actual)
    sign = 1 if measure == "auc" else -1
    return lambda weights: sign * (first(weights) - second(weights))


def _measure(measure: Measure, predicted: Floats, actual: Floats) -> Weigher:
    if measure == "auc":
        return area_under_curve(predicted, actual)
    errors = predicted - actual
    return mean_of(np.abs(errors) if measure == "mae" else errors**2)
