"""How far predictions are from the truth, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tachograph.learning.ml.matrix import Floats, Integers
from tachograph.learning.ml.metadata import Estimate

DRAWS = 400
"""Of the bootstrap: the ends of a 95 % interval are then ten draws from the last one."""
FEW_GROUPS = 8
"""With fewer, the groups alone are too coarse to draw from, and the rows within them are drawn again too."""

Weigher = Callable[[Floats], float]
"""A measure as a function of the rows' weights."""


def mean_of(errors: Floats) -> Weigher:
    """The weighted mean of ``errors``."""
    return lambda weights: float(weights @ errors / weights.sum())


def area_under_curve(predicted: Floats, actual: Floats) -> Weigher:
    """The share of pairs of a success and a failure in which the success has the greater prediction; ties count half.

    0.5 where one of both is missing. (Mann & Whitney 1947.)
    """
    order = np.argsort(predicted, kind="stable")
    success = actual[order] > 0.5
    ties = np.flatnonzero(np.diff(predicted[order], prepend=np.nan) != 0)

    def area(weights: Floats) -> float:
        ordered = weights[order]
        won = np.add.reduceat(np.where(success, ordered, 0.0), ties)
        lost = np.add.reduceat(np.where(success, 0.0, ordered), ties)
        pairs = float(won.sum() * lost.sum())
        below = np.cumsum(lost) - lost / 2
        return float(won @ below / pairs) if pairs else 0.5

    return area


def draw_weights(groups: Integers, seed: int) -> Iterator[Floats]:
    """The bootstrap's draws: how often each row was drawn. Groups are drawn whole, as rows of one group are alike."""
    draw = np.random.Generator(np.random.PCG64(seed))
    number = np.unique(groups, return_inverse=True)[1]
    count = int(number.max()) + 1
    for _ in range(DRAWS):
        weights = np.bincount(draw.integers(0, count, count), minlength=count)[number].astype(np.float64)
        if count < FEW_GROUPS:
            weights *= draw.poisson(1.0, len(groups))
        if weights.sum():
            yield weights


def estimate(measure: Weigher, groups: Integers, seed: int) -> Estimate:
    """``measure`` with its 95 % bootstrap interval (percentiles, Efron 1979)."""
    drawn = [measure(weights) for weights in draw_weights(groups, seed)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Estimate(measure(np.ones(len(groups))), float(low), float(high))
