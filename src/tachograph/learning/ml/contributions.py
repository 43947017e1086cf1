"""What each feature adds to a prediction: exact Shapley values of trees.

The values are those of path-dependent TreeSHAP (Lundberg, Erion & Lee 2018, "Consistent individualized feature
attribution for tree ensembles"): a feature that is not known sends a row down both ways, by the training rows' shares.
For one leaf they depend on nothing but which of the features on its path the row agrees with, so the values of all
agreements are worked out once per leaf, and each row looks up its own. With the few features that a shallow tree's
path holds, that is some ten times as fast as working them out row by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import comb

import msgspec
import numpy as np

from tachograph.learning.ml.booster import Tree
from tachograph.learning.ml.matrix import Flags, Floats, Values


class _Leaf(msgspec.Struct, frozen=True):
    value: float
    steps: dict[int, list[tuple[int, bool]]]
    """Feature -> the nodes on the way that ask for it, and whether the way goes left there."""
    shares: dict[int, float]
    """Feature -> share of the training rows that went this way at its nodes."""


def contributions(trees: list[Tree], x: Values) -> Floats:
    """Rows by features: how far each moves the row's prediction from the mean one, in the trees' own unit."""
    found = np.zeros((x.shape[1], len(x)))
    columns = np.ascontiguousarray(x.T)
    for tree in trees:
        went_left = _directions(tree, columns)
        for leaf in _leaves(tree):
            _add_leaf(leaf, went_left, found)
    return found.T


def _directions(tree: Tree, columns: Values) -> dict[int, Flags]:
    """Node -> whether each row goes left there."""
    directions = {}
    for node, left in enumerate(tree.left):
        if left >= 0:
            column, threshold = columns[tree.feature[node]], np.float32(tree.threshold[node])
            # NaN is neither smaller nor greater
            directions[node] = ~(column >= threshold) if tree.missing_left[node] else column < threshold
    return directions


def _leaves(tree: Tree) -> Iterator[_Leaf]:
    """All leaves but those no row of training came to."""
    waiting: list[tuple[int, tuple[tuple[int, bool], ...]]] = [(0, ())]
    while waiting:
        node, way = waiting.pop()
        if tree.left[node] >= 0:
            waiting += [(tree.left[node], (*way, (node, True))), (tree.right[node], (*way, (node, False)))]
            continue
        steps: dict[int, list[tuple[int, bool]]] = {}
        shares: dict[int, float] = {}
        for step, left in way:
            feature, child = tree.feature[step], tree.left[step] if left else tree.right[step]
            steps.setdefault(feature, []).append((step, left))
            shares[feature] = shares.get(feature, 1.0) * tree.cover[child] / tree.cover[step]
        yield _Leaf(tree.threshold[node], steps, shares)


def _add_leaf(leaf: _Leaf, went_left: dict[int, Flags], found: Floats) -> None:
    agreement = np.zeros(found.shape[1], dtype=np.intp)
    for place, steps in enumerate(leaf.steps.values()):
        agrees: Flags | None = None
        for node, left in steps:
            here = went_left[node] if left else ~went_left[node]
            agrees = here if agrees is None else agrees & here
        assert agrees is not None
        agreement |= agrees.astype(np.intp) << place
    for feature, values in zip(leaf.steps, _values(leaf), strict=True):
        found[feature] += values[agreement]


def _values(leaf: _Leaf) -> Floats:
    """Features of the path by agreements: the Shapley values of "the leaf's value if all agree, else shares of it"."""
    shares = np.array(list(leaf.shares.values()))
    size = len(shares)
    agree = _agreements(size)
    values = np.empty((size, 1 << size))
    for feature in range(size):
        others = np.ones((1, 1 << size))
        for other in range(size):
            if other != feature:
                grown = np.zeros((len(others) + 1, 1 << size))
                grown[:-1] += others * shares[other]
                grown[1:] += others * agree[other]
                others = grown
        values[feature] = leaf.value * (agree[feature] - shares[feature]) * (_chances(size) @ others)
    return values


@lru_cache
def _agreements(size: int) -> Floats:
    """Features by agreements: 1 where the feature agrees."""
    return ((np.arange(1 << size)[None, :] >> np.arange(size)[:, None]) & 1).astype(np.float64)


@lru_cache
def _chances(size: int) -> Floats:
    """The chance of one set of so many other features to stand before a given one in a random order."""
    return np.array([1 / (size * comb(size - 1, before)) for before in range(size)])
