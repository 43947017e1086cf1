"""What a model says of rows, how sure that is, and which feature moved it by how much."""

from __future__ import annotations

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
    low: float
    high: float
    """The interval for 90 of 100 cases; what it says, see :mod:`tachograph.learning.ml.conformal`."""
    contributions: tuple[float, ...]
    """How far each feature moves the prediction, in the features' order; last what is said of a row of which nothing is
    known. They add up to the prediction before it is cut to its limits; of probabilities to its log-odds."""
    top_feature: str
    """The one with the largest contribution; empty when none moves it."""
    top_value: float
    """That contribution."""


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
        moved = contributions(self._model.trees, x)
        start = self._model.margins(x) - moved.sum(axis=1)
        tops = np.abs(moved).argmax(axis=1).tolist()
        answers = zip(table.rows, predicted.tolist(), low.tolist(), high.tolist(), strict=True)
        reasons = zip(np.column_stack([moved, start]).tolist(), tops, strict=True)
        return [
            Scored(row.id, said, least, most, tuple(why), self._names[top] if why[top] else "", why[top])
            for (row, said, least, most), (why, top) in zip(answers, reasons, strict=True)
        ]


def cut(predicted: Floats, params: Params) -> Floats:
    """Predictions within the limits of the labels."""
    lowest = -np.inf if params.lowest is None else params.lowest
    return np.clip(predicted, lowest, np.inf if params.highest is None else params.highest)


def limits(predicted: Floats, intervals: tuple[IntervalBin, ...], goal: Goal, params: Params) -> tuple[Floats, Floats]:
    """Both ends of the predictions' intervals, within the limits of the labels."""
    low, high = intervals_of(predicted, intervals, goal)
    return cut(low, params), cut(high, params)
