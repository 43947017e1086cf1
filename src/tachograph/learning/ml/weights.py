"""How much a label says, by where it is from."""

from __future__ import annotations

from collections import Counter

import numpy as np

from tachograph.learning.ml.matrix import Floats, Matrix
from tachograph.learning.ml.metadata import KindRows
from tachograph.learning.ml.splits import REAL

WEIGHTS = {"human": 1.0, "outcome": 0.5, "pseudo": 0.2, "synthetic": 0.05}
"""A human label is the thing itself. An outcome stands for it and is at times wrong: a check can fail for another
reason, so that two of them weigh as much as a person. A pseudo-label is what a model thought: five for one person, so
that it does not outvote what taught it. A synthetic one knows nothing of this user: twenty for one."""


def weigh(kinds: list[str]) -> dict[str, float]:
    """The weight of one row of each kind.

    Where real labels are known, the others together never weigh more than those: 50,000 made-up rows are there to help
    a hundred labels, not to drown them.
    """
    counts = Counter(kinds)
    weights = {kind: WEIGHTS[kind] for kind in counts}
    real = sum(weights[kind] * counts[kind] for kind in weights if kind in REAL)
    rest = sum(weights[kind] * counts[kind] for kind in weights if kind not in REAL)
    if real and rest > real:
        weights = {kind: weight if kind in REAL else weight * real / rest for kind, weight in weights.items()}
    return weights


def row_weights(data: Matrix) -> Floats:
    """The weight of each row, 1 on average."""
    kinds = data.kinds.tolist()
    weights = weigh(kinds)
    rows = np.array([weights[kind] for kind in kinds], dtype=np.float64)
    return np.asarray(rows / rows.mean())


def count_kinds(data: Matrix) -> tuple[KindRows, ...]:
    """Rows and weights by kind, the most trustworthy first."""
    kinds = data.kinds.tolist()
    counts, weights = Counter(kinds), weigh(kinds)
    return tuple(KindRows(kind, counts[kind], weights[kind]) for kind in WEIGHTS if kind in counts)
