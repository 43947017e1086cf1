"""What a model says of rows, how sure that is, and which feature moved it by how much."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from tachograph.errors import TachographError
from tachograph.learning.ml.booster import Model
from tachograph.learning.ml.conformal import intervals_of
from tachograph.learning.ml.contributions import contributions
from tachograph.learning.ml.matrix import Floats, read_values
from tachograph.learning.ml.metadata import IntervalBin, Metadata, Params
from tachograph.learning.ml.table import Goal, Table


class Scored(msgspec.Struct, frozen=True):
    """What a model says of one row."""

    id: str
    prediction: float
    """The label, or the probability (0 to 1) that it is 1."""
    low: float | None
    high: float | None
    """The interval for 90 of 100 cases: of a number it is meant to hold the label, of a probability the share of
    successes among rows with such predictions; None where that share contradicts the probability."""
    contributions: tuple[float, ...]
    """How far each feature moves the prediction, in the features' order; last what is said of a row of which nothing is
    known. They add up to the prediction before it is cut to its limits; of probabilities to its log-odds."""
    top_feature: str
    """The one without whose contribution the prediction would be farthest from what it is; empty when none moves it."""
    top_value: float
    """How far: for numbers the contribution itself, for probabilities the difference of the two probabilities."""


class Scorer:
    """A model with its metadata, ready to score.

    Raises TachographError: ``model_damaged`` when the two do not belong together, ``ml_missing`` without the library.
    """

    def __init__(self, model: bytes, metadata: Metadata) -> None:
        self.metadata = metadata
        self._names = [feature.name for feature in metadata.features]
        self._model = Model(model)
        if self._model.width != len(self._names) or not metadata.intervals:
            raise TachographError(
                "The model's file and its metadata do not belong together.",
                slug="model_damaged",
                hint="Train it again with tacho ml train.",
            )

    def score(self, table: Table) -> list[Scored]:
        """One answer a row, in their order. Raises TachographError (``model_features``) when features are others."""
        if [feature.name for feature in table.features] != self._names:
            raise TachographError(
                "The model was made for other features than these rows have.",
                slug="model_features",
                hint="Train it again with tacho ml train.",
            )
        x = read_values(table.rows, len(self._names))
        predicted = cut(self._model.predict(x), self.metadata.params)
        low, high = limits(predicted, self.metadata.intervals, self.metadata.goal, self.metadata.params)
        moved, margins = contributions(self._model.trees, x), self._model.margins(x)
        shifts = _shifts(margins, moved, self.metadata.goal)
        tops = np.abs(shifts).argmax(axis=1)
        answers = zip(table.rows, predicted.tolist(), _known(low), _known(high), strict=True)
        whys = np.column_stack([moved, margins - moved.sum(axis=1)]).tolist()
        reasons = zip(whys, tops.tolist(), shifts[np.arange(len(tops)), tops].tolist(), strict=True)
        return [
            Scored(row.id, said, least, most, tuple(why), self._names[top] if shift else "", shift)
            for (row, said, least, most), (why, top, shift) in zip(answers, reasons, strict=True)
        ]


def _shifts(margins: Floats, moved: Floats, goal: Goal) -> Floats:
    """Rows by features: the prediction minus what it would be without that feature's contribution."""
    if goal == "number":
        return moved
    return _chance(margins)[:, None] - _chance(margins[:, None] - moved)


def _chance(log_odds: Floats) -> Floats:
    return np.asarray(np.exp(-np.logaddexp(0.0, -log_odds)))


def _known(ends: Floats) -> list[float | None]:
    return [None if math.isnan(end) else end for end in ends.tolist()]


def cut(predicted: Floats, params: Params) -> Floats:
    """Predictions within the limits of the labels."""
    lowest = -np.inf if params.lowest is None else params.lowest
    return np.clip(predicted, lowest, np.inf if params.highest is None else params.highest)


def limits(predicted: Floats, intervals: tuple[IntervalBin, ...], goal: Goal, params: Params) -> tuple[Floats, Floats]:
    """Both ends of the predictions' intervals, within the limits of the labels."""
    low, high = intervals_of(predicted, intervals, goal)
    return cut(low, params), cut(high, params)
