"""What people are told of a model: what it learned from, and how well it does on what it never saw."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tachograph.learning.ml.metadata import Baseline, Comparison, Estimate, Measure, Metadata
from tachograph.learning.ml.table import Grouping
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
    """Repositories, sessions or single rows that it has not seen."""
    grouped_by: Grouping
    """Which of these: of ``session`` the model is judged on later sessions, of the same repositories too; ``group``
    is a row by itself, where nothing says its repository or session."""
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
    made_up: bool
    """No real label is behind it, made-up rows alone: what it says tells nothing of anybody's work."""
    top_features: list[str]
    """Those that move predictions most, the greatest first."""
    top_titles: list[str]
    """The same in words."""


def tell_model(metadata: Metadata) -> ModelFacts:
    """What people are told of the model that ``metadata`` describes."""
    held_out, tops = metadata.held_out, [one.feature for one in metadata.importances[:_SHOWN]]
    titles = {feature.name: feature.title for feature in metadata.features}
    return ModelFacts(
        name=metadata.name, target=metadata.target, goal=metadata.goal, created_at=to_datetime(metadata.created_at),
        model_hash=metadata.model_hash, library=metadata.library, trees=metadata.trees, rows=metadata.rows,
        rows_by_kind={one.kind: one.rows for one in metadata.rows_by_kind}, rows_held_out=held_out.rows,
        groups_held_out=held_out.groups, grouped_by=metadata.parts.grouped_by,
        judged_on=list(metadata.parts.judged_on), measures=held_out.measures,
        train_error=metadata.train_error, coverage=held_out.coverage, comparisons=list(held_out.comparisons),
        rule=metadata.rule, beats_baseline=metadata.beats_baseline,
        made_up=is_made_up(metadata), top_features=tops, top_titles=[titles.get(name, name) for name in tops],
    )  # fmt: skip


def is_made_up(metadata: Metadata) -> bool:
    """Whether no real label is behind the model, made-up rows alone."""
    return metadata.parts.judged_on == ("synthetic",)


def why_not_better(metadata: Metadata) -> str:
    """Why a model does not count as better than the baselines; empty: it does."""
    if metadata.beats_baseline:
        return ""
    short: dict[Baseline, list[str]] = {}
    for one in metadata.held_out.comparisons:
        if one.gain.low <= 0:
            gain = f"{MEASURES[one.measure]} {one.gain.value:.3g}, {one.gain.low:.3g} to {one.gain.high:.3g}"
            short.setdefault(one.baseline, []).append(gain)
    if not short:
        return "there was nothing to hold it against"
    told = " and over ".join(f"{BASELINES[baseline]} ({'; '.join(gains)})" for baseline, gains in short.items())
    return f"its gain over {told} is not surely above 0 (95 % intervals)"


BASELINES: dict[Baseline, str] = {"constant": "a constant", "one_rule": "one rule"}
MEASURES: dict[Measure, str] = {"mae": "mean error", "auc": "AUC", "brier": "Brier score"}
