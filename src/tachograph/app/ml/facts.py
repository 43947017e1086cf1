"""What people are told of a model: what it learned from, and how well it does on what it never saw."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tachograph.learning.ml.metadata import Comparison, Estimate, Measure, Metadata
from tachograph.model import to_datetime

_SHOWN = 5


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The telling parts of a model's metadata."""

    name: str
    target: str
    goal: str
    """``number``: the label is predicted; ``probability``: that it is 1."""
    created_at: datetime
    model_hash: str
    """SHA-256 of ``model.json``."""
    library: str
    trees: int
    rows: int
    """With a label."""
    rows_by_kind: dict[str, int]
    rows_held_out: int
    groups_held_out: int
    """Repositories, or sessions, that it has not seen."""
    judged_on: list[str]
    """Kinds of the held-out labels."""
    measures: dict[Measure, Estimate]
    """On the held-out rows; the intervals are 95 % ones."""
    train_error: float
    """On the rows learned from: mean distance, or Brier score."""
    coverage: Estimate | None
    """Share of held-out labels within the model's 90 % intervals; null for probabilities."""
    comparisons: list[Comparison]
    """With the baselines, on the same rows."""
    rule: str
    """The one-rule baseline in words."""
    beats_baseline: bool
    top_features: list[str]
    """Those that move predictions most, the greatest first."""


def tell_model(metadata: Metadata) -> ModelFacts:
    """What people are told of the model that ``metadata`` describes."""
    held_out = metadata.held_out
    return ModelFacts(
        name=metadata.name, target=metadata.target, goal=metadata.goal, created_at=to_datetime(metadata.created_at),
        model_hash=metadata.model_hash, library=metadata.library, trees=metadata.trees, rows=metadata.rows,
        rows_by_kind={one.kind: one.rows for one in metadata.rows_by_kind}, rows_held_out=held_out.rows,
        groups_held_out=held_out.groups, judged_on=list(metadata.parts.judged_on), measures=held_out.measures,
        train_error=metadata.train_error, coverage=held_out.coverage, comparisons=list(held_out.comparisons),
        rule=metadata.rule, beats_baseline=metadata.beats_baseline,
        top_features=[one.feature for one in metadata.importances[:_SHOWN]],
    )  # fmt: skip


def why_not_better(metadata: Metadata) -> str:
    """Why a model does not count as better than the baselines; empty: it does."""
    if metadata.beats_baseline:
        return ""
    short = [one for one in metadata.held_out.comparisons if one.gain.low <= 0]
    told = [
        f"it is not surely better than {_BASELINES[one.baseline]} ({one.measure}: gain {one.gain.value:.3g}, 95 %"
        f" interval {one.gain.low:.3g} to {one.gain.high:.3g})"
        for one in short
    ]
    return "; ".join(told) or "there was nothing to hold it against"


_BASELINES = {"constant": "a constant", "one_rule": "one rule"}
