"""Intervals around predictions, from how predictions turned out that were made of rows not learned from.

``number``: conformal prediction (Vovk, Gammerman & Shafer 2005; by size of the prediction: Vovk 2012; with folds:
Vovk 2015). Each learned row was predicted by a model that had seen neither it nor its group; the interval is as wide as
nine of ten of those misses. It holds the truth in 90 of 100 new cases, as far as new cases are like the old ones;
nothing is assumed about how misses are distributed. Predictions of different size may miss by different amounts: where
there are rows enough, each size has a width of its own.

``probability``: rows with like predictions are counted together, and the interval is Wilson's (1927) for their share of
successes: not "the outcome lies within", which is 0 or 1, but "of rows with such predictions such a share succeeded".
It takes rows for independent of each other: with few repositories it is too narrow. Where the prediction itself lies
outside, the rows contradict it, and there is no interval: one that was stretched to its point would hide that.
"""

from __future__ import annotations

import math

import numpy as np

from tachograph.learning.ml.matrix import Floats
from tachograph.learning.ml.metadata import IntervalBin
from tachograph.learning.ml.table import Goal

COVERAGE = 0.9
MOST_BINS = 5
BIN_ROWS = 200
"""The quantile of so many misses is off by two hundredths in two cases of three."""
SHARE_ROWS = 30
"""For a share of successes: Wilson's interval is then at most .29 wide."""
SHARE_GROWTH = 2
"""Of shares: at most so many bins for the cube root of the rows (Rice's rule). With bins of a fixed number, many rows
would make the shares surer than the bins are narrow, and good predictions at a bin's ends would lie outside."""
_Z = 1.6449
"""Of the normal distribution, for nine of ten cases."""


def fit_intervals(predicted: Floats, actual: Floats, goal: Goal) -> tuple[IntervalBin, ...]:
    """What ``actual`` was where so much was ``predicted``, by size of the prediction."""
    rows = len(predicted)
    most, least = (MOST_BINS, BIN_ROWS) if goal == "number" else (int(SHARE_GROWTH * rows ** (1 / 3)), SHARE_ROWS)
    bins = max(1, min(most, rows // least))
    cuts = np.unique(np.quantile(predicted, np.arange(1, bins) / bins, method="inverted_cdf"))
    cuts = cuts[cuts < predicted.max()]
    number = np.searchsorted(cuts, predicted, side="left")
    ends = [None, *cuts.tolist()]
    if goal == "number":
        misses = np.abs(actual - predicted)
        return tuple(_miss(above, misses[number == bin_]) for bin_, above in enumerate(ends))
    return tuple(_share(above, actual[number == bin_]) for bin_, above in enumerate(ends))


def _miss(above: float | None, misses: Floats) -> IntervalBin:
    rank = min(math.ceil((len(misses) + 1) * COVERAGE), len(misses))
    width = float(np.sort(misses)[rank - 1])
    return IntervalBin(above, len(misses), -width, width)


def _share(above: float | None, actual: Floats) -> IntervalBin:
    rows, share = len(actual), float(actual.mean())
    spread = _Z**2 / rows
    middle = (share + spread / 2) / (1 + spread)
    reach = _Z / (1 + spread) * math.sqrt(share * (1 - share) / rows + spread / (4 * rows))
    return IntervalBin(above, rows, max(0.0, middle - reach), min(1.0, middle + reach))


def intervals_of(predicted: Floats, bins: tuple[IntervalBin, ...], goal: Goal) -> tuple[Floats, Floats]:
    """Low and high end for each prediction; NaN for a probability that lies outside its interval."""
    cuts = np.array([bin_.above for bin_ in bins[1:]], dtype=np.float64)
    number = np.searchsorted(cuts, predicted, side="left")
    low = np.array([bin_.low for bin_ in bins])[number]
    high = np.array([bin_.high for bin_ in bins])[number]
    if goal == "number":
        return predicted + low, predicted + high
    outside = (predicted < low) | (predicted > high)
    return np.where(outside, np.nan, low), np.where(outside, np.nan, high)
