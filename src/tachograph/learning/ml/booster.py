"""Boosted trees: the one module that knows the library which grows them."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import numpy as np

from tachograph.errors import TachographError
from tachograph.learning.ml.matrix import Floats, Values
from tachograph.learning.ml.metadata import Params
from tachograph.learning.ml.model_check import check_model
from tachograph.learning.ml.table import Feature, Goal

PATIENCE = 20
"""Growing stops when so many trees in a row have not made it better on the rows kept for that."""
MANY_ROWS = 200_000
"""With fewer, one thread grows the trees: several wait for each other more than they work (50,000 rows on a busy
machine of two cores: 5 s of CPU with one thread, 17 to 26 s with two)."""
BINS = 256
"""Values of a feature that a split can lie between (the library's own choice)."""


class Lesson(msgspec.Struct, frozen=True):
    """Rows to learn from, or to watch the learning by."""

    x: Values
    y: Floats
    weights: Floats


def load_library() -> Any:
    """The module ``xgboost``. Raises TachographError (``ml_missing``) where it is not there or does not load."""
    try:
        import xgboost
    except Exception as error:  # its own kind of error when a library of the system is missing
        told = " ".join(str(error).split())[:200] or type(error).__name__
        raise TachographError(
            f"The library of trees cannot be used: {told}.", slug="ml_missing", hint="pip install 'tachograph[ml]'"
        ) from error
    return xgboost


def library_version() -> str:
    """``xgboost 3.2.0``. Raises TachographError as :func:`load_library` does."""
    return f"xgboost {load_library().__version__}"


def grow(
    lesson: Lesson,
    features: tuple[Feature, ...],
    goal: Goal,
    params: Params,
    watch: Lesson | None = None,
) -> bytes:
    """A model as JSON: ``params.n_estimators`` trees, or with ``watch`` as many as did best on it."""
    xgboost = load_library()
    threads = params.threads if len(lesson.x) >= MANY_ROWS else 1
    data = xgboost.QuantileDMatrix(**_columns(lesson), max_bin=BINS, nthread=threads)
    stop: dict[str, Any] = {}
    if watch is not None:
        seen = xgboost.QuantileDMatrix(**_columns(watch), ref=data, nthread=threads)
        stop = {"evals": [(seen, "watch")], "early_stopping_rounds": PATIENCE, "verbose_eval": False}
    with xgboost.config_context(verbosity=0):
        booster = xgboost.train(_settings(features, goal, params, threads), data, params.n_estimators, **stop)
    if watch is not None:
        booster = booster[: booster.best_iteration + 1]
    for key in booster.attributes():
        booster.set_attr(**{key: None})
    return bytes(booster.save_raw("json"))


def _columns(lesson: Lesson) -> dict[str, Any]:
    """As the library keeps them: it would convert others itself, with all threads of the machine."""
    return {
        "data": lesson.x,
        "label": lesson.y.astype(np.float32),
        "weight": lesson.weights.astype(np.float32),
    }


def _settings(features: tuple[Feature, ...], goal: Goal, params: Params, threads: int) -> dict[str, Any]:
    return {
        "objective": "reg:squarederror" if goal == "number" else "binary:logistic",
        "tree_method": "hist",
        "max_depth": params.max_depth,
        "eta": params.learning_rate,
        "subsample": 0.8,
        "colsample_bytree": 0.9,
        # rows of average weight, each 1 for numbers and at most 1/4 for probabilities: a leaf of some twenty rows
        "min_child_weight": 20 if goal == "number" else 4,
        "monotone_constraints": tuple(feature.monotone for feature in features),
        "seed": params.seed,
        "nthread": threads,
    }


class Tree(msgspec.Struct, frozen=True):
    """One tree, node by node."""

    left: list[int]
    """-1: a leaf."""
    right: list[int]
    feature: list[int]
    threshold: list[float]
    """Smaller values go left; of a leaf its value."""
    missing_left: list[bool]
    cover: list[float]
    """Weight of the rows that came through."""


class Model:
    """A model that was grown, ready to predict. Raises TachographError (``model_damaged``) for what is none."""

    def __init__(self, model: bytes) -> None:
        xgboost = load_library()
        try:
            self.width = check_model(model)
            learner = json.loads(model)["learner"]
            trees = learner["gradient_booster"]["model"]["trees"]
            self.trees = [_read_tree(tree, self.width) for tree in trees]
            self._booster = xgboost.Booster(model_file=bytearray(model))
            self._booster.set_param({"nthread": 1})
        except (xgboost.core.XGBoostError, ValueError, LookupError, TypeError, RecursionError) as error:
            raise TachographError(
                "The model's file is damaged, or of a kind that this version does not know.",
                slug="model_damaged",
                hint="Train it again with tacho ml train.",
            ) from error

    def predict(self, x: Values) -> Floats:
        """One prediction a row: the label, or the probability that it is 1."""
        return self._predict(x, "value")

    def margins(self, x: Values) -> Floats:
        """As :meth:`predict`, but probabilities as log-odds: what contributions add up to."""
        return self._predict(x, "margin")

    def _predict(self, x: Values, type: str) -> Floats:
        if not len(x):  # the library wants a row at least
            return np.zeros(0)
        return np.asarray(self._booster.inplace_predict(x, predict_type=type), dtype=np.float64)


def _read_tree(tree: dict[str, Any], width: int) -> Tree:
    """Raises ValueError for what no tree looks like: a way back would never end, another feature is not there."""
    size = len(tree["left_children"])
    for node, (left, right) in enumerate(zip(tree["left_children"], tree["right_children"], strict=True)):
        split = node < left < size and node < right < size
        if not split and (left, right) != (-1, -1):
            raise ValueError(node)
    if not all(0 <= feature < width for feature in tree["split_indices"]):
        raise ValueError(width)
    return Tree(
        left=tree["left_children"],
        right=tree["right_children"],
        feature=tree["split_indices"],
        threshold=tree["split_conditions"],
        missing_left=[bool(flag) for flag in tree["default_left"]],
        cover=tree["sum_hessian"],
    )
