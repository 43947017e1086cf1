"""How far what comes in now is from what a model learned from."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import cast

import msgspec

from tachograph.app.ml.active import Target, find_scoring_model
from tachograph.app.ml.engine import need_engine
from tachograph.app.ml.examples import LABELS, read_examples, stored_examples
from tachograph.app.ml.facts import is_made_up
from tachograph.app.ml.models import find_model, load_model
from tachograph.app.ml.train import what_of
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound
from tachograph.learning.ml.metadata import Metadata
from tachograph.learning.ml.table import Table
from tachograph.model import to_datetime


class FeatureShift(msgspec.Struct, frozen=True):
    """How far one feature has moved."""

    feature: str
    title: str
    psi: float
    """Population stability index: 0 not at all, above 0.2 far."""
    by_chance: float
    """What so few rows reach in one case of twenty without any drift."""
    drifted: bool
    """Above 0.2, and more than by chance."""
    is_gone: bool
    """No row has a value, as in a file without that column."""


class DriftReport(msgspec.Struct, frozen=True):
    """What came in since a model was trained, against what it learned from."""

    model: str
    target: str
    rows: int
    since: datetime | None
    """Rows from then on; null: all rows of a file, or all there are for a model of made-up rows."""
    drifted: list[str]
    """Names of features; each one's title is below."""
    features: list[FeatureShift]
    """The farthest first; none without rows."""


def report_drift(
    workspace: Workspace, model: str | None, dataset: Path | None = None, path: Path | None = None
) -> DriftReport:
    """Compare the rows of a file, or what is stored since the training, with what the model learned from.

    Without ``model`` it is the one that scores commands. Raises NotFound (``no_model``, ``no_active_model``) and as
    reading does.
    """
    need_engine()
    place = find_scoring_model(workspace, path) if model is None else find_model(workspace, model)
    if place is None:
        raise NotFound(
            "No model of commands is in use.", slug="no_active_model", hint="Name a model of tacho ml status."
        )
    metadata = load_model(place)[1]
    if dataset is not None:
        return compare(metadata, read_examples(dataset, cast(Target, metadata.target)), None)
    since = since_training(metadata)
    return compare(metadata, stored_since(workspace, metadata, since, path), since)


def since_training(metadata: Metadata) -> int | None:
    """From when on rows are new to the model (ms UTC); None: all are, it learned from made-up ones."""
    return None if is_made_up(metadata) else metadata.created_at


def stored_since(workspace: Workspace, metadata: Metadata, since: int | None, path: Path | None) -> Table:
    """What is stored here from ``since`` on, with and without labels; of commands the latest 100,000."""
    target = cast(Target, metadata.target)
    if target in LABELS:
        return stored_examples(workspace, path, target, unlabelled_since=since or 0)
    from tachograph.app.ml.sessions import session_table

    table = session_table(workspace, what_of(target))
    return Table(table.features, [row for row in table.rows if row.at >= (since or 0)])


def compare(metadata: Metadata, table: Table, since: int | None) -> DriftReport:
    """The features of ``table`` against the model's."""
    from tachograph.learning.ml.drift import compare_inputs

    titles = {feature.name: feature.title for feature in metadata.features}
    there = {
        feature.name
        for number, feature in enumerate(table.features)
        if any(row.values[number] is not None for row in table.rows)
    }
    shifts = [
        FeatureShift(
            one.feature, titles.get(one.feature, one.feature), one.psi, one.by_chance, one.drifted,
            one.feature not in there,
        )
        for one in compare_inputs(metadata, table)
    ]  # fmt: skip
    moment = None if since is None else to_datetime(since)
    drifted = [one.feature for one in shifts if one.drifted]
    return DriftReport(metadata.name, metadata.target, len(table.rows), moment, drifted, shifts)
