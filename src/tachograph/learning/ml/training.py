"""From rows with known outcomes to a model, with a judgement of it that can be relied on."""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec
import numpy as np

from tachograph.errors import TachographError
from tachograph.learning.ml.baselines import OneRule, learn_rule
from tachograph.learning.ml.booster import Lesson, Model, grow, library_version
from tachograph.learning.ml.conformal import fit_intervals
from tachograph.learning.ml.contributions import contributions
from tachograph.learning.ml.drift import make_histograms
from tachograph.learning.ml.evaluation import Trial, beats, error_of, evaluate
from tachograph.learning.ml.matrix import Flags, Floats, Matrix, hash_rows, read_matrix, sort_rows
from tachograph.learning.ml.metadata import HeldOut, Importance, IntervalBin, Metadata, Params, Parts
from tachograph.learning.ml.scoring import cut, limits
from tachograph.learning.ml.splits import Split, judged_kinds, split
from tachograph.learning.ml.table import Feature, Goal, Grouping, Table
from tachograph.learning.ml.weights import count_kinds, row_weights

LEAST_ROWS = 100
"""Known outcomes below which no model is trained: with fewer, the width of intervals is anyone's guess."""
LEAST_GROUPS = 5
"""Groups: some to learn from, some to find the number of trees with, and one or two to be judged on."""
LEAST_OF_CLASS = 20
"""Successes, and failures, among the known outcomes of a probability."""
LEAST_HELD_OUT = 20
"""Known outcomes to judge a model by."""


Lack = Literal[
    "outcomes", "groups", "successes", "failures", "newer outcomes", "older outcomes", "different outcomes",
    "newer groups", "mixed outcomes",
]  # fmt: skip
"""``newer outcomes`` are those to judge by, ``older outcomes`` those to learn from; ``newer groups`` are groups with
newer outcomes apart from those with older ones; ``different outcomes`` fail when all known ones are the same, ``mixed
outcomes`` when of a probability that is so in one of the parts that the rows are divided into."""


class Shortage(msgspec.Struct, frozen=True):
    """One thing that there is too little of."""

    of: Lack
    there: int
    needed: int


class TooLittleData(TachographError):
    """There is not enough to learn from, or not of the right kind."""

    def __init__(self, missing: tuple[Shortage, ...]) -> None:
        told = (f"{one.there} {one.of}, {one.needed} are needed" for one in missing)
        super().__init__(
            f"There is too little to learn from: {'; '.join(told)}.",
            slug="too_little_data",
            hint="tacho label review asks for the labels that tell most; tacho ml generate makes data for trying out.",
            exit_code=1,
        )
        self.missing = missing


class Trained(msgspec.Struct, frozen=True):
    """A model and what is to be known of it."""

    model: bytes
    """JSON of the library of trees."""
    metadata: Metadata


class _Course(msgspec.Struct, frozen=True):
    """What the steps of one training share."""

    features: tuple[Feature, ...]
    grouped_by: Grouping
    goal: Goal
    params: Params
    data: Matrix
    parts: Split


def train(table: Table, goal: Goal, params: Params = Params()) -> Trained:  # noqa: B008 (frozen)
    """Learn from the rows of ``table`` that have a label.

    The same rows, whatever their order, and the same params give the same bytes. Raises TooLittleData, with each thing
    that is missing, and TachographError (``ml_missing``) without the library of trees.
    """
    check_params(params)
    rows = sort_rows(table)
    data = read_matrix(rows, len(table.features))
    parts = _divide(data, goal)
    course = _Course(table.features, table.grouped_by, goal, params, data, parts)
    trees, intervals = _practise(course)
    model = _grow(course, parts.learned, msgspec.structs.replace(params, n_estimators=trees))
    return Trained(model, _describe(course, model, intervals, hash_rows(table, rows)))


def find_shortages(table: Table, goal: Goal) -> tuple[Shortage, ...]:
    """What there is too little of to learn from ``table``; nothing: it can be learned from."""
    try:
        _divide(read_matrix(sort_rows(table), len(table.features)), goal)
    except TooLittleData as refused:
        return refused.missing
    return ()


def check_params(params: Params) -> None:
    """Raise TachographError (``ml_params``) for settings that make no sense."""
    good = 1 <= params.max_depth <= 8 and 1 <= params.n_estimators <= 5000 and 0 < params.learning_rate <= 1
    if not (good and 0 <= params.seed < 2**31 and params.threads >= 0):
        raise TachographError(
            "These settings cannot be trained with.",
            slug="ml_params",
            hint="A depth of 1 to 8, 1 to 5000 trees, a learning rate above 0 and up to 1, a seed of 0 to 2147483647.",
            exit_code=2,
        )


def _divide(data: Matrix, goal: Goal) -> Split:
    missing = _missing(data, goal)
    parts = None if missing else split(data)
    if parts is None:
        raise TooLittleData(missing or (Shortage("newer groups", 0, 1),))
    missing = _missing_parts(data, parts, goal)
    if missing:
        raise TooLittleData(missing)
    return parts


def _missing(data: Matrix, goal: Goal) -> tuple[Shortage, ...]:
    judged = np.isin(data.kinds, judged_kinds(set(data.kinds.tolist())))
    rows, groups = int(judged.sum()), len(np.unique(data.groups[judged]))
    found = [Shortage("outcomes", rows, LEAST_ROWS), Shortage("groups", groups, LEAST_GROUPS)]
    if goal == "probability":
        good = int((data.y[judged] > 0.5).sum())
        found += [Shortage("successes", good, LEAST_OF_CLASS), Shortage("failures", rows - good, LEAST_OF_CLASS)]
    elif rows:
        found.append(Shortage("different outcomes", min(2, len(np.unique(data.y[judged]))), 2))
    return _short(found)


def _missing_parts(data: Matrix, parts: Split, goal: Goal) -> tuple[Shortage, ...]:
    learned = parts.learned & parts.judged
    found = [
        Shortage("newer outcomes", int(parts.held_out.sum()), LEAST_HELD_OUT),
        Shortage("older outcomes", int(learned.sum()), LEAST_ROWS // 2),
    ]
    if goal == "probability":
        pieces = [parts.held_out, *(learned & (parts.folds != fold) for fold in range(int(parts.folds.max()) + 1))]
        found.append(Shortage("mixed outcomes", min(len(np.unique(data.y[piece] > 0.5)) for piece in pieces), 2))
    return _short(found)


def _short(found: list[Shortage]) -> tuple[Shortage, ...]:
    return tuple(one for one in found if one.there < one.needed)


def _practise(course: _Course) -> tuple[int, tuple[IntervalBin, ...]]:
    """How many trees are best, and the intervals: each part of the rows is predicted by what the others taught."""
    data, parts = course.data, course.parts
    said, counts = np.full(len(data), np.nan), []
    for fold in range(int(parts.folds.max()) + 1):
        watched = parts.judged & (parts.folds == fold)
        model = Model(_grow(course, parts.learned & (parts.folds != fold), course.params, watched))
        said[watched] = cut(model.predict(data.x[watched]), course.params)
        counts.append(len(model.trees))
    known = ~np.isnan(said)
    return max(1, round(float(np.mean(counts)))), fit_intervals(said[known], data.y[known], course.goal)


def _grow(course: _Course, learned: Flags, params: Params, watched: Flags | None = None) -> bytes:
    lesson = _lesson(course.data, learned)
    watch = None if watched is None else _lesson(course.data, watched)
    return grow(lesson, course.features, course.goal, params, watch)


def _lesson(data: Matrix, which: Flags) -> Lesson:
    rows = data.take(which)
    return Lesson(rows.x, rows.y, row_weights(rows))


def _describe(course: _Course, model: bytes, intervals: tuple[IntervalBin, ...], data_hash: str) -> Metadata:
    ready, data, learned = Model(model), course.data, course.data.take(course.parts.learned)
    rule = learn_rule(learned.x, learned.y, row_weights(learned))
    held_out = _judge(course, ready, intervals, rule)
    seen = data.take(course.parts.learned & course.parts.judged)
    return Metadata(
        goal=course.goal,
        features=course.features,
        params=course.params,
        trees=len(ready.trees),
        rows=len(data),
        rows_by_kind=count_kinds(data),
        parts=_tell_parts(course),
        train_error=error_of(course.goal, cut(ready.predict(seen.x), course.params), seen.y),
        held_out=held_out,
        beats_baseline=beats(held_out),
        rule=rule.tell(course.features),
        importances=_importances(course, ready),
        intervals=intervals,
        histograms=make_histograms(course.features, learned.x),
        data_hash=data_hash,
        model_hash=hashlib.sha256(model).hexdigest(),
        library=library_version(),
    )


def _judge(course: _Course, model: Model, intervals: tuple[IntervalBin, ...], rule: OneRule) -> HeldOut:
    held, learned = course.data.take(course.parts.held_out), course.data.take(course.parts.learned)
    mean = float(np.average(learned.y, weights=row_weights(learned)))
    predicted = cut(model.predict(held.x), course.params)
    low, high = limits(predicted, intervals, course.goal, course.params)
    simple: dict[str, Floats] = {"constant": np.full(len(held), mean), "one_rule": rule.predict(held.x)}
    return evaluate(
        Trial(course.goal, predicted, low, high, simple, held.y, held.groups, course.params.seed)  # type: ignore[arg-type]
    )


def _importances(course: _Course, model: Model) -> tuple[Importance, ...]:
    shifts = np.abs(contributions(model.trees, course.data.x[course.parts.held_out])).mean(axis=0).tolist()
    found = [Importance(feature.name, shift) for feature, shift in zip(course.features, shifts, strict=True)]
    return tuple(sorted(found, key=lambda importance: (-importance.mean_shift, importance.feature)))


def _tell_parts(course: _Course) -> Parts:
    data, parts = course.data, course.parts
    learned, held_out = int(parts.learned.sum()), int(parts.held_out.sum())
    return Parts(
        learned=learned,
        held_out=held_out,
        left_out=len(data) - learned - held_out,
        groups_learned=len(np.unique(data.groups[parts.learned])),
        groups_held_out=len(np.unique(data.groups[parts.held_out])),
        folds=int(parts.folds.max()) + 1,
        cut_at=parts.cut_at,
        judged_on=judged_kinds(set(data.kinds.tolist())),
        grouped_by=course.grouped_by,
    )
