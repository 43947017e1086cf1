"""What is kept beside a model: what it learned from, with which settings, and how well it does on what it never saw."""

from __future__ import annotations

from typing import Literal

import msgspec

from tachograph.learning.ml.table import Feature, Goal, Grouping

Measure = Literal["mae", "auc", "brier"]
"""``mae``: mean distance from the truth, in units of the label; ``auc``: share of pairs of a success and a failure that
stand in the right order, 0.5 is chance; ``brier``: mean squared distance of the probability from what came."""
Baseline = Literal["constant", "one_rule"]


class Params(msgspec.Struct, frozen=True):
    """How to train.

    The defaults are many small steps of shallow trees. On data with a known truth (1,500 rows) trees of depth 3 miss it
    by as much as those of depth 4 do or by less, and learn less noise by heart.
    """

    seed: int = 42
    n_estimators: int = 600
    """Most trees; how many are grown is found on rows that are not learned from."""
    max_depth: int = 3
    """1 to 8."""
    learning_rate: float = 0.05
    threads: int = 0
    """At work when rows are many; 0: as many as the machine has cores. The model is the same whatever their number."""
    lowest: float | None = None
    """Labels are never below; predictions and intervals are cut there."""
    highest: float | None = None


class KindRows(msgspec.Struct, frozen=True):
    """Rows with labels of one kind."""

    kind: str
    rows: int
    weight: float
    """Of one such row in training, where a human label has 1."""


class Parts(msgspec.Struct, frozen=True):
    """How the rows were divided. No group has rows in both the learned and the held-out part."""

    learned: int
    held_out: int
    left_out: int
    """Known rows that are in neither: of held-out groups but too old, of the others but too new."""
    groups_learned: int
    groups_held_out: int
    folds: int
    """Into which the learned groups were divided to find the number of trees and the width of intervals."""
    cut_at: int
    """All rows with real labels learned from are older, all held-out ones are not; ms since 1970-01-01 UTC."""
    judged_on: tuple[str, ...]
    """Kinds of the held-out labels; ``synthetic`` says that nothing real is known."""
    grouped_by: Grouping = "group"
    """``repository``: judged on repositories that it has not seen; ``session``: on later sessions, of the same
    repositories too, which says nothing of others."""


class Estimate(msgspec.Struct, frozen=True):
    """A number and its interval, which holds the truth in 95 of 100 cases."""

    value: float
    low: float
    high: float


class Comparison(msgspec.Struct, frozen=True):
    """How much better than a simple prediction the model is, on the same rows."""

    baseline: Baseline
    measure: Measure
    theirs: float
    """What the simple prediction reaches."""
    gain: Estimate
    """Above 0: the model is better; in units of the measure."""


class CalibrationBin(msgspec.Struct, frozen=True):
    """A tenth of the held-out rows, by their predictions."""

    rows: int
    predicted: float
    """Mean."""
    actual: float
    """Mean of the labels."""


class HeldOut(msgspec.Struct, frozen=True):
    """How the model does on rows that it never saw: later ones, of other groups."""

    rows: int
    groups: int
    resampled: Literal["groups", "groups and rows"]
    """What the intervals were found with; with few groups the rows within them are drawn again too."""
    measures: dict[Measure, Estimate]
    comparisons: tuple[Comparison, ...]
    calibration: tuple[CalibrationBin, ...]
    coverage: Estimate | None
    """Share of labels within the model's intervals; None for probabilities, whose labels are 0 or 1."""


class Importance(msgspec.Struct, frozen=True):
    """How much a feature moves predictions."""

    feature: str
    mean_shift: float
    """Mean size of its contributions on the held-out rows."""


class IntervalBin(msgspec.Struct, frozen=True):
    """What is known about predictions of a certain size, from rows that the predicting model had not learned from."""

    above: float | None
    """Predictions greater than this; None: all up to the next bin."""
    rows: int
    low: float
    """``number``: to be added to the prediction; ``probability``: the end of the interval itself."""
    high: float


class Histogram(msgspec.Struct, frozen=True):
    """How a feature's values lay in training."""

    feature: str
    edges: tuple[float, ...]
    """Ascending; a value is in the bin after the last edge that it is greater than."""
    counts: tuple[int, ...]
    """One more than edges."""
    missing: int


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """``metadata.json`` of a model. ``name``, ``target``, ``label_definition`` and ``created_at`` are the caller's."""

    schema: int = 1
    name: str = ""
    target: str = ""
    label_definition: str = ""
    created_at: int = 0
    """ms since 1970-01-01 UTC."""
    goal: Goal
    features: tuple[Feature, ...]
    params: Params
    trees: int
    rows: int
    """With a label."""
    rows_by_kind: tuple[KindRows, ...]
    parts: Parts
    train_error: float
    """Mean distance from the truth (``number``) or Brier score on the rows learned from; well below the held-out one,
    it tells of noise learned by heart."""
    held_out: HeldOut
    beats_baseline: bool
    """Whether all gains are above 0, their whole intervals."""
    rule: str
    """The one-rule baseline in words."""
    importances: tuple[Importance, ...]
    """Greatest first."""
    intervals: tuple[IntervalBin, ...]
    """Ascending; for 90 of 100 cases."""
    histograms: tuple[Histogram, ...]
    data_hash: str
    """SHA-256 of the rows learned from and judged on; their order does not matter."""
    model_hash: str
    """SHA-256 of ``model.json``."""
    library: str
    """``xgboost 3.2.0``."""
