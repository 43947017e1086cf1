"""Whether a file holds trees that the library can safely read.

The library believes what a model file says: a child that is not there, a circle among the nodes, a feature beyond the
last or lists nested too deeply end the process, or read memory that is not theirs. So a file that somebody else wrote
is looked at here first, field by field.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

import msgspec

LARGEST_MODEL = 32 << 20
"""Bytes. Three hundred trees of depth five have one and a half million."""

_OBJECTIVES = ("binary:logistic", "reg:squarederror")
_LEAF = -1
_ONE_NUMBER = re.compile(r"\[?-?[0-9.]{1,40}(?:[eE][+-]?[0-9]{1,4})?\]?")
_COUNT = re.compile(r"[1-9][0-9]{0,3}")
_ROOTS_PARENT = (2**31 - 1, -1)


class ModelRefused(ValueError):
    """What is wrong with a model's file, as the rest of a sentence: ``its trees …``."""


class _TreeParam(msgspec.Struct):
    num_feature: str
    num_nodes: str
    num_deleted: str
    size_leaf_vector: str = "1"


class _Tree(msgspec.Struct):
    id: int
    tree_param: _TreeParam
    left_children: list[int]
    right_children: list[int]
    split_indices: list[int]
    split_type: list[int]
    default_left: list[int]
    parents: list[int]
    split_conditions: list[float]
    base_weights: list[float]
    loss_changes: list[float]
    sum_hessian: list[float]
    categories: list[int] = []
    categories_nodes: list[int] = []
    categories_segments: list[int] = []
    categories_sizes: list[int] = []


class _ForestParam(msgspec.Struct):
    num_trees: str
    num_parallel_tree: str = "1"


class _Categories(msgspec.Struct, frozen=True):
    enc: list[int] = []
    feature_segments: list[int] = []
    sorted_idx: list[int] = []


class _Forest(msgspec.Struct):
    gbtree_model_param: _ForestParam
    tree_info: list[int]
    trees: list[_Tree]
    iteration_indptr: list[int]
    cats: _Categories = _Categories()


class _Booster(msgspec.Struct):
    name: str
    model: _Forest


class _LearnerParam(msgspec.Struct):
    num_feature: str
    num_class: str
    base_score: str
    num_target: str = "1"


class _Objective(msgspec.Struct):
    name: str


class _Learner(msgspec.Struct):
    gradient_booster: _Booster
    learner_model_param: _LearnerParam
    objective: _Objective
    feature_names: list[str] = []
    feature_types: list[str] = []


class _Model(msgspec.Struct):
    learner: _Learner
    version: list[int]


def check_model(model: bytes, features: int | None = None) -> int:
    """The number of features that ``model`` is made for, if it is JSON of gradient-boosted trees, sound in itself.

    Raises ModelRefused, also where ``features`` says another number.
    """
    if len(model) > LARGEST_MODEL:
        raise ModelRefused(f"it has more than {LARGEST_MODEL:,} bytes")
    learner = _decode(model).learner
    given, forest = learner.learner_model_param, learner.gradient_booster.model
    if learner.gradient_booster.name != "gbtree" or learner.objective.name not in _OBJECTIVES:
        raise ModelRefused("it is a model of another kind")
    if (given.num_class, given.num_target) != ("0", "1") or not _ONE_NUMBER.fullmatch(given.base_score):
        raise ModelRefused("it predicts more than one number")
    if not _COUNT.fullmatch(given.num_feature):
        raise ModelRefused("it is not made for any features")
    width = int(given.num_feature)
    if features not in (None, width):
        raise ModelRefused(f"it is not made for its {features} features")
    if len(learner.feature_names) not in (0, width) or len(learner.feature_types) not in (0, width):
        raise ModelRefused("it does not name its features")
    trees = len(forest.trees)
    counted = (forest.gbtree_model_param.num_trees, forest.gbtree_model_param.num_parallel_tree)
    if counted != (str(trees), "1") or forest.tree_info != [0] * trees:
        raise ModelRefused("its trees are not as many as it says")
    if forest.iteration_indptr != list(range(trees + 1)) or forest.cats != _Categories():
        raise ModelRefused("its trees are not in the order of their making")
    for number, tree in enumerate(forest.trees):
        _check_tree(tree, number, width)
    return width


def _decode(model: bytes) -> _Model:
    try:
        # Not msgspec's own reader: of two fields with the same name it takes one, and the library may take the other.
        plain = json.loads(model.decode("utf-8"), object_pairs_hook=_once_each, parse_constant=_no_number)
        return msgspec.convert(plain, _Model)
    except (ValueError, RecursionError) as error:  # msgspec.ValidationError is a ValueError
        raise ModelRefused("it is not the JSON of a model") from error


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError("a name stands twice")
    return record


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def _check_tree(tree: _Tree, number: int, features: int) -> None:
    size = len(tree.left_children)
    lists: tuple[list[Any], ...] = (
        tree.right_children, tree.split_indices, tree.split_type, tree.default_left, tree.parents,
        tree.split_conditions, tree.base_weights, tree.loss_changes, tree.sum_hessian,
    )  # fmt: skip
    shape = tree.tree_param
    told = (shape.num_nodes, shape.num_deleted, shape.num_feature)
    if tree.id != number or told != (str(size), "0", str(features)) or shape.size_leaf_vector not in ("0", "1"):
        raise ModelRefused("a tree is not what it says")
    if size == 0 or any(len(one) != size for one in lists) or any(tree.split_type):
        raise ModelRefused("a tree has parts missing")
    if tree.categories or tree.categories_nodes or tree.categories_segments or tree.categories_sizes:
        raise ModelRefused("a tree has parts that ours do not have")
    if not all(0 <= index < features for index in tree.split_indices):
        raise ModelRefused("a tree asks for a feature that is not there")
    _walk(tree, size)


def _walk(tree: _Tree, size: int) -> None:
    """Each node is reached once from the root, and by its parent."""
    if tree.parents[0] not in _ROOTS_PARENT or set(tree.default_left) - {0, 1}:
        raise ModelRefused("a tree is none")
    reached = 0
    waiting = [0]
    while waiting:
        node = waiting.pop()
        reached += 1
        children = (tree.left_children[node], tree.right_children[node])
        if children == (_LEAF, _LEAF):
            continue
        if any(not 0 < child < size or tree.parents[child] != node for child in children) or children[0] == children[1]:
            raise ModelRefused("a tree is none")
        waiting += children
    if reached != size:
        raise ModelRefused("a tree has parts that hang on nothing")
