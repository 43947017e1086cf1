"""Holding two models against each other, on rows that neither has learned from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, cast

import msgspec

from tachograph.app.ml.active import Target
from tachograph.app.ml.engine import need_engine
from tachograph.app.ml.models import find_active_model, find_model, load_model
from tachograph.app.ml.train import TrainRequest, gather
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError, UsageError
from tachograph.learning.ml.metadata import Estimate, Metadata
from tachograph.learning.ml.table import Row, Table

LEAST_ROWS = 30
"""With fewer rows the interval says nothing; a convention."""

Loaded = tuple[bytes, Metadata]
"""A model and what is known of it."""


class Duel(msgspec.Struct, frozen=True, kw_only=True):
    """Two models on the same rows."""

    target: str
    first: str
    second: str
    rows: int
    groups: int
    new_to_both: bool
    """Whether surely neither model has learned from any of them; false: rows without times, or a model of such rows,
    where it cannot be told."""
    judged_on: list[str]
    """Kinds of the rows' labels."""
    measure: Literal["mae", "brier"]
    """Mean distance from the label, or mean squared distance of the probability; the smaller the better."""
    first_error: float
    second_error: float
    gain: Estimate
    """By how much the first one's error is smaller, with its 95 % interval."""
    better: str | None
    """The one that is surely better; null: it cannot be told."""


def compare_models(
    workspace: Workspace, first: str, second: str | None, dataset: Path | None = None, path: Path | None = None
) -> Duel:
    """Hold the model ``first`` against ``second``, or the one in use, on the rows of a file or of what is stored here.

    Raises NotFound (``no_model``, ``no_active_model``), UsageError (``other_target``) for models of different things,
    TachographError (``too_little_data``, exit code 1) when there are hardly any rows that neither has learned from.
    """
    need_engine()
    one = load_model(find_model(workspace, first))
    target = cast(Target, one[1].target)
    place = find_active_model(workspace, target) if second is None else find_model(workspace, second)
    if place is None:
        raise NotFound(f"No model is in use for {target}.", slug="no_active_model", hint="Name the second model too.")
    other = load_model(place)
    if other[1].model_hash == one[1].model_hash:
        raise UsageError(f"Both are {one[1].name}: there is nothing to compare.", slug="same_model")
    table = gather(workspace, TrainRequest(target=target, dataset=dataset, path=path))
    return hold_against(table, one, other)


def hold_against(table: Table, first: Loaded, second: Loaded) -> Duel:
    """The two models on the labelled rows of ``table`` that neither has learned from. Raises as comparing does."""
    from tachograph.learning.ml.duel import judge

    if first[1].target != second[1].target:
        told = f"{first[1].name} predicts {first[1].target}, {second[1].name} {second[1].target}"
        raise UsageError(f"{told}: they cannot be compared.", slug="other_target")
    rows = unseen(table, (first[1], second[1]))
    if len(rows) < LEAST_ROWS:
        raise _too_few(table, len(rows))
    goal, groups = first[1].goal, [row.group for row in rows]
    said = [_predict(loaded, table, rows) for loaded in (first, second)]
    found = judge(goal, said[0], said[1], [row.label or 0.0 for row in rows], groups)
    names = (first[1].name, second[1].name)
    better = names[0] if found.gain.low > 0 else names[1] if found.gain.high < 0 else None
    return Duel(
        target=first[1].target, first=names[0], second=names[1], rows=len(rows),
        groups=len({row.group or row.id for row in rows}),
        new_to_both=_are_new(rows, (first[1], second[1])), judged_on=sorted({row.kind or "" for row in rows}),
        measure="mae" if goal == "number" else "brier", first_error=found.first_error,
        second_error=found.second_error, gain=found.gain, better=better,
    )  # fmt: skip


def unseen(table: Table, models: Sequence[Metadata]) -> list[Row]:
    """The rows that may judge the models: labels as real as there are, from after the last one that was learned from.

    What a model learned of made-up rows has no moment; such rows judge only models that are themselves judged by them.
    """
    from tachograph.learning.ml.splits import judged_kinds

    kinds = judged_kinds({row.kind or "" for row in table.known()})
    is_real = kinds != _MADE_UP
    if not is_real and any(model.parts.judged_on != _MADE_UP and _learned_made_up(model) for model in models):
        return []
    cuts = [model.parts.cut_at for model in models if (model.parts.judged_on != _MADE_UP) == is_real]
    return [row for row in table.known() if row.kind in kinds and row.at >= max(cuts, default=row.at)]


def _are_new(rows: Sequence[Row], models: Sequence[Metadata]) -> bool:
    """Whether the moments that :func:`unseen` goes by are any."""
    kinds = {row.kind for row in rows}
    cuts = [one.parts.cut_at for one in models if (one.parts.judged_on == _MADE_UP) == (kinds == set(_MADE_UP))]
    return not cuts or min(*cuts, *(row.at for row in rows)) >= _FIRST_TIME


def _too_few(table: Table, rows: int) -> TachographError:
    known = table.known()
    if known and not any(row.at >= _FIRST_TIME for row in known):
        hint = "The rows have no executed_at: which of them were learned from cannot be told."
    else:
        hint = "They come with time: rows from before the models' training were learned from, or may have been."
    return TachographError(
        f"Labelled rows that surely neither model has learned from: {rows}; {LEAST_ROWS} are needed.",
        slug="too_little_data",
        hint=hint,
        exit_code=1,
    )


_MADE_UP = ("synthetic",)
_FIRST_TIME = 10**10
"""ms UTC, in 1970: what is below is no time, but the number of a row in a file without times."""


def _learned_made_up(model: Metadata) -> bool:
    return any(one.kind == "synthetic" and one.rows for one in model.rows_by_kind)


def _predict(loaded: Loaded, table: Table, rows: list[Row]) -> list[float]:
    from tachograph.learning.ml.scoring import Scorer

    return [one.prediction for one in Scorer(*loaded).score(Table(table.features, rows))]
