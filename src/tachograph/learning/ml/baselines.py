"""Predictions that a model must beat: always the mean, and the best single question (Holte's 1R, 1993)."""

from __future__ import annotations

import msgspec
import numpy as np

from tachograph.learning.ml.matrix import Floats, Integers, Values
from tachograph.learning.ml.table import Feature

BINS = 10
"""Of one feature; those that are not known have one of their own."""
_PRIOR = 5.0
"""Rows of the mean that each bin begins with, so that a bin of one row does not predict that row."""


class OneRule(msgspec.Struct, frozen=True):
    """Predicts the mean of the training rows that lie in the same bin of one feature."""

    feature: int
    edges: Floats
    means: Floats
    """The last one is for what is not known."""

    def predict(self, x: Values) -> Floats:
        """One prediction a row."""
        return np.asarray(self.means[place(x[:, self.feature], self.edges)])

    def tell(self, features: tuple[Feature, ...]) -> str:
        """The rule in words: ``exit_failed: up to 0 → 81.2; above → 52.1; not known → 60``."""
        ends = [f"up to {edge:g}" for edge in self.edges.tolist()]
        ends = [*ends, "above" if ends else "known", "not known"]
        told = [f"{end} → {mean:.3g}" for end, mean in zip(ends, self.means.tolist(), strict=True)]
        return f"{features[self.feature].name}: {'; '.join(told)}"


def quantile_edges(values: Floats, bins: int = BINS) -> Floats:
    """Where to cut ``values`` into at most ``bins`` bins that hold about as many each; cuts lie on values."""
    known = values[~np.isnan(values)]
    if not len(known):
        return np.zeros(0)
    cuts = np.quantile(known, np.arange(1, bins) / bins, method="inverted_cdf")
    return np.unique(cuts[cuts < known.max()]).astype(np.float64)


def place(values: Values | Floats, edges: Floats) -> Integers:
    """The bin of each value: how many edges it is greater than; one more than the last bin when it is not known."""
    found = np.searchsorted(edges, values.astype(np.float64), side="left")
    return np.where(np.isnan(values), len(edges) + 1, found).astype(np.int64)


def learn_rule(x: Values, y: Floats, weights: Floats) -> OneRule:
    """The feature whose bins tell most of ``y``: with the least squared error on the rows it is learned from."""
    rules = [_rule(x, y, weights, feature) for feature in range(x.shape[1])]
    errors = [float(weights @ (rule.predict(x) - y) ** 2) for rule in rules]
    return rules[errors.index(min(errors))]


def _rule(x: Values, y: Floats, weights: Floats, feature: int) -> OneRule:
    edges = quantile_edges(x[:, feature].astype(np.float64))
    bins = place(x[:, feature], edges)
    mean = float(weights @ y / weights.sum())
    mass = np.bincount(bins, weights, minlength=len(edges) + 2)
    total = np.bincount(bins, weights * y, minlength=len(edges) + 2)
    return OneRule(feature, edges, (total + _PRIOR * mean) / (mass + _PRIOR))
