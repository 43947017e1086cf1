"""Which models there are, which are in use, and putting one to use or going back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import cast, get_args

import msgspec

from tachograph.app.ml.active import (
    METADATA_FILE,
    MODEL_FILE,
    Activation,
    ActiveModels,
    Target,
    go_back,
    model_dir,
    models_dir,
    put_to_use,
    read_active,
)
from tachograph.app.ml.engine import need_engine
from tachograph.app.ml.facts import ModelFacts, is_made_up, tell_model, why_not_better
from tachograph.app.ml.models import SavedModel, find_model, keep_model, list_models, load_model, read_metadata
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError, UsageError
from tachograph.model import to_datetime


class ModelRow(msgspec.Struct, frozen=True):
    """One model of the models folder."""

    name: str
    facts: ModelFacts | None
    """Null: it cannot be used."""
    fault: str
    """Why it cannot be used; else empty."""
    in_use: bool


class InUse(msgspec.Struct, frozen=True):
    """What is in use for one target."""

    name: str
    since: datetime
    despite: str
    """Why it was not fit for use and is used all the same; else empty."""
    is_there: bool
    made_up: bool
    """It learned from made-up rows alone: what it says tells nothing of anybody's work. False also when it is gone."""
    before: list[str]
    """Names of those that were in use before, the latest first."""


class StatusReport(msgspec.Struct, frozen=True):
    """All models, and which are in use."""

    folder: str
    in_use: dict[str, InUse]
    """By target."""
    models: list[ModelRow]


class ModelChange(msgspec.Struct, frozen=True):
    """What is in use for a target now, and what was before."""

    target: str
    now: str | None
    before: str | None
    despite: str = ""
    """Why the model now in use does not count as better than the baselines; else empty."""
    made_up: bool = False
    """The model now in use learned from made-up rows alone: what it says tells nothing of anybody's work."""


def report_status(workspace: Workspace) -> StatusReport:
    """All models, by name. Raises TachographError (``active_models_damaged``)."""
    active = read_active(workspace.folder)
    models = list_models(workspace)
    there = {one.name: one for one in models}
    in_use = {
        target: _tell_use(history, there.get(history[-1].name))
        for target, history in sorted(active.targets.items())
        if history
    }
    rows = [_row(one, active) for one in models]
    return StatusReport(str(models_dir(workspace.folder)), in_use, rows)


def activate(workspace: Workspace, name: str, *, force: bool = False) -> ModelChange:
    """Put a model to use for its target; a folder from elsewhere is copied into the models folder first.

    Raises NotFound (``no_model``), TachographError (``model_damaged``, ``model_refused``; ``not_better``, exit code 1,
    unless ``force``).
    """
    folder = find_model(workspace, name)
    model, metadata = load_model(folder)
    reason = why_not_better(metadata)
    if reason and not force:
        raise TachographError(
            f"{metadata.name} does not beat the baseline: {reason}.",
            slug="not_better",
            hint="A guess would do as well. More labels help (tacho label review); --force uses it all the same.",
            exit_code=1,
        )
    if metadata.target not in get_args(Target):
        raise UsageError(f"{metadata.name} predicts nothing that this tacho asks for.", slug="other_target")
    if folder.parent != models_dir(workspace.folder):
        _admit(folder, cast(Target, metadata.target))
        folder = keep_model(workspace, model, metadata)
    before = read_active(workspace.folder).of(metadata.target)
    now = put_to_use(workspace.folder, metadata.target, folder.name, reason)
    return ModelChange(metadata.target, now.name, _name(before), reason, is_made_up(metadata))


def roll_back(workspace: Workspace, target: Target) -> ModelChange:
    """Go back to the model that was in use before. Raises NotFound (``no_active_model``)."""
    before, now = go_back(workspace.folder, target)
    if now is None:
        return ModelChange(target, None, before.name)
    made_up = is_made_up(read_metadata(model_dir(workspace.folder, now.name)))
    return ModelChange(target, now.name, before.name, now.reason, made_up)


def choose_targets(workspace: Workspace, target: str, what: str | None) -> list[Target]:
    """What ``--target`` and ``--what`` mean together of models in use: ``session`` alone all of sessions that are.

    Raises UsageError; NotFound (``no_active_model``) when ``session`` means none.
    """
    if target != "session" and what is not None:
        raise UsageError("--what goes with --target session.")
    if target != "session":
        return [cast(Target, target)]
    if what is not None:
        return [cast(Target, f"session_{what}")]
    found = [one for one in active_targets(workspace) if one.startswith("session_")]
    if not found:
        raise NotFound(
            "No model of sessions is in use.", slug="no_active_model", hint="tacho ml status shows what there is."
        )
    return found


def active_targets(workspace: Workspace) -> list[Target]:
    """What a model is in use for."""
    return [
        cast(Target, target) for target, history in sorted(read_active(workspace.folder).targets.items()) if history
    ]


def _admit(folder: Path, target: Target) -> None:
    """Return when the model in ``folder``, from wherever it is, is sound and can be used here."""
    from tachograph.app.ml.admission import admit
    from tachograph.app.ml.offers import ModelFiles

    need_engine()
    files = ModelFiles((folder / MODEL_FILE).read_bytes(), (folder / METADATA_FILE).read_bytes())
    admit(target, files, source=str(folder))


def _row(one: SavedModel, active: ActiveModels) -> ModelRow:
    if one.metadata is None:
        return ModelRow(one.name, None, one.fault, in_use=False)
    current = active.of(one.metadata.target)
    return ModelRow(one.name, tell_model(one.metadata), "", current is not None and current.name == one.name)


def _tell_use(history: tuple[Activation, ...], model: SavedModel | None) -> InUse:
    current = history[-1]
    metadata = None if model is None else model.metadata
    return InUse(
        name=current.name, since=to_datetime(current.at), despite=current.reason, is_there=model is not None,
        made_up=metadata is not None and is_made_up(metadata), before=[one.name for one in history[-2::-1]],
    )  # fmt: skip


def _name(activation: Activation | None) -> str | None:
    return None if activation is None else activation.name
