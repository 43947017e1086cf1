"""Which of two models is nearer to the truth on the same rows, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from tachograph.learning.ml.matrix import Floats
from tachograph.learning.ml.measures import estimate, mean_of
from tachograph.learning.ml.metadata import Estimate
from tachograph.learning.ml.table import Goal

_SEED = 42
"""Of the bootstrap: the same rows give the same interval."""


class Outcome(msgspec.Struct, frozen=True):
    """How far two models are from the truth: mean distance, of probabilities the mean of its square (Brier score)."""

    first_error: float
    second_error: float
    gain: Estimate
    """By how much the first one's error is smaller."""


def judge(
    goal: Goal, first: Sequence[float], second: Sequence[float], actual: Sequence[float], groups: Sequence[str]
) -> Outcome:
    """Hold two lists of predictions against what came; an empty group is one of its own."""
    one, other, truth = (np.array(values, dtype=np.float64) for values in (first, second, actual))
    names = [group or f"\x00{number}" for number, group in enumerate(groups)]
    numbers = np.unique(np.array(names, dtype=np.str_), return_inverse=True)[1].astype(np.int64)
    errors = [_errors(goal, said, truth) for said in (one, other)]
    gain = estimate(mean_of(errors[1] - errors[0]), numbers, _SEED)
    return Outcome(float(errors[0].mean()), float(errors[1].mean()), gain)


def _errors(goal: Goal, said: Floats, truth: Floats) -> Floats:
    distance = np.abs(said - truth)
    return distance if goal == "number" else np.square(distance)
