"""Whether what comes in is still like what was learned from."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from tachograph.learning.ml.baselines import place, quantile_edges
from tachograph.learning.ml.matrix import Floats, Values, read_values
from tachograph.learning.ml.metadata import Histogram, Metadata
from tachograph.learning.ml.table import Feature, Table

DRIFTED = 0.2
"""Population stability index from which a feature counts as another one (the rule of credit scoring: Siddiqi 2006)."""
_Z = 1.645
"""Of the normal distribution: one case in twenty lies above."""


class FeatureDrift(msgspec.Struct, frozen=True):
    """How far one feature's values have moved since training."""

    feature: str
    psi: float
    """0: not at all."""
    by_chance: float
    """What so few rows reach in one case of twenty without any drift."""
    drifted: bool
    """Above 0.2, and more than by chance."""


def make_histograms(features: tuple[Feature, ...], x: Values) -> tuple[Histogram, ...]:
    """How the values of ``x`` lie, feature by feature, in bins that hold about a tenth each."""
    histograms = []
    for number, feature in enumerate(features):
        edges = quantile_edges(x[:, number].astype(np.float64))
        counts = np.bincount(place(x[:, number], edges), minlength=len(edges) + 2).tolist()
        histograms.append(Histogram(feature.name, tuple(edges.tolist()), tuple(counts[:-1]), counts[-1]))
    return tuple(histograms)


def compare_inputs(metadata: Metadata, table: Table) -> list[FeatureDrift]:
    """For each feature of the model how far ``table`` is from its training rows, most first; none without rows.

    The rows need no labels; the table's features must be the model's.
    """
    if not table.rows:
        return []
    x = read_values(table.rows, len(table.features))
    found = [_compare(histogram, x[:, number]) for number, histogram in enumerate(metadata.histograms)]
    return sorted(found, key=lambda drift: (-drift.psi, drift.feature))


def _compare(histogram: Histogram, values: Values) -> FeatureDrift:
    expected = np.array([*histogram.counts, histogram.missing], dtype=np.float64)
    found = np.bincount(place(values, np.array(histogram.edges)), minlength=len(expected)).astype(np.float64)
    used = (expected > 0) | (found > 0)
    old, new = _shares(expected[used]), _shares(found[used])
    psi = float((new - old) @ np.log(new / old))
    chance = _by_chance(int(used.sum()), float(expected.sum()), float(found.sum()))
    return FeatureDrift(histogram.feature, psi, chance, psi > max(DRIFTED, chance))


def _shares(counts: Floats) -> Floats:
    """Shares of the bins; half a row more in each, so that an empty one is not endlessly far from a full one."""
    return np.asarray((counts + 0.5) / (counts.sum() + 0.5 * len(counts)))


def _by_chance(bins: int, old: float, new: float) -> float:
    """95th percentile without drift: (1 / old + 1 / new) times a chi-squared variable of ``bins - 1`` (Yurdakul)."""
    free = bins - 1
    return (1 / old + 1 / new) * (free + _Z * math.sqrt(2 * free))
