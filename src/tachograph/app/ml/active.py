"""Which model is in use for what, and which ones were before. Nothing of a model itself is loaded here."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from tachograph.app.workspace import Workspace
from tachograph.errors import Busy, NotFound, TachographError
from tachograph.paths import private_dir

Target = Literal["productivity", "success", "session_cost", "session_success", "session_waste"]
"""What a model predicts: of a command its score or its success; of a session cost, success or waste."""
COMMAND_TARGETS: tuple[Target, ...] = ("productivity", "success")
"""The first one that is in use scores commands as they are captured."""

MODEL_FILE = "model.json"
METADATA_FILE = "metadata.json"
_MODELS = "models"
_ACTIVE = "active.json"
_LOCK = "active.lock"
_WAIT_SECONDS = 10.0
_BESIDE = "model-xgb"
"""The folder beside a store of commands in which a model may lie."""
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]|\.(?!\.)){0,78}[a-z0-9]")
_REMEMBERED = 20
"""How many activations of a target are kept for going back."""


class Activation(msgspec.Struct, frozen=True):
    """A model that was put to use."""

    name: str
    at: int
    """ms since 1970-01-01 UTC."""
    reason: str = ""
    """Why, where it does not beat the baseline; else empty."""


class LastTraining(msgspec.Struct, frozen=True):
    """What the last retraining learned from, so that the same labels are not tried again."""

    data_hash: str
    rows: int
    """With a label."""
    at: int
    """ms since 1970-01-01 UTC."""
    name: str
    """The model that was trained."""


class FailedTraining(msgspec.Struct, frozen=True):
    """The last retraining, which gave no model: there was too little to learn from."""

    data_hash: str
    rows: int
    """With a label."""
    at: int
    """ms since 1970-01-01 UTC."""
    why: str
    """One sentence."""


class ActiveModels(msgspec.Struct, frozen=True):
    """What ``active.json`` holds."""

    schema: int = 1
    targets: dict[str, tuple[Activation, ...]] = {}
    """For each target the activations, the last one in use."""
    trainings: dict[str, LastTraining] = {}
    failures: dict[str, FailedTraining] = {}
    """By target; until a model is trained."""

    def of(self, target: str) -> Activation | None:
        """The one in use; None: there is none."""
        history = self.targets.get(target, ())
        return history[-1] if history else None


def models_dir(folder: Path) -> Path:
    """The folder of all models within a data folder; it need not exist."""
    return folder / _MODELS


def model_dir(folder: Path, name: str) -> Path:
    """The folder of the model called ``name``; it need not exist. Raises TachographError for what is no name."""
    return models_dir(folder) / check_name(name)


def check_name(name: str) -> str:
    """``name`` itself. Raises TachographError (``model_name``) unless it can be a folder's name anywhere."""
    if not is_name(name):
        raise TachographError(
            f"{name[:100]!r} cannot be a model's name.",
            slug="model_name",
            hint="Small letters, digits, dots, hyphens and underscores, 2 to 80; a letter or digit at both ends.",
            exit_code=2,
        )
    return name


def is_name(name: str) -> bool:
    """Whether ``name`` can be a model's."""
    return _NAME.fullmatch(name) is not None


def read_active(folder: Path) -> ActiveModels:
    """Which models are in use, of the data folder ``folder``. Raises TachographError when the file is damaged."""
    path = models_dir(folder) / _ACTIVE
    try:
        return msgspec.json.decode(path.read_bytes(), type=ActiveModels)
    except FileNotFoundError:
        return ActiveModels()
    except (OSError, msgspec.DecodeError) as error:
        raise TachographError(
            f"{path} cannot be used: {error}.",
            slug="active_models_damaged",
            hint="Move it away; tacho ml activate NAME puts a model to use again.",
        ) from error


def put_to_use(folder: Path, target: str, name: str, reason: str = "", now_ms: int | None = None) -> Activation:
    """Have ``target`` predicted by the model ``name`` from now on; what is in use already stays as it is.

    Raises TachographError when the file is damaged, Busy when other processes do not let go of it.
    """
    added = Activation(name, _now() if now_ms is None else now_ms, reason)

    def use(active: ActiveModels) -> ActiveModels:
        current = active.of(target)
        if current is not None and current.name == name:
            return active
        history = (*active.targets.get(target, ()), added)[-_REMEMBERED:]
        return msgspec.structs.replace(active, targets={**active.targets, target: history})

    return _change(folder, use)[1].targets[target][-1]


def go_back(folder: Path, target: str) -> tuple[Activation, Activation | None]:
    """Take the model that is in use for ``target`` out of use; return it and the one before, which is in use again.

    Models that are no longer there are passed over; without an earlier one, none is in use. Raises NotFound when none
    is in use now, and as :func:`put_to_use`.
    """
    _in_use(read_active(folder), target)  # where nothing is, no lock is left behind

    def step(active: ActiveModels) -> ActiveModels:
        _in_use(active, target)
        history = active.targets[target][:-1]
        while history and not (model_dir(folder, history[-1].name) / MODEL_FILE).is_file():
            history = history[:-1]
        return msgspec.structs.replace(active, targets={**active.targets, target: history})

    before, after = _change(folder, step)
    return _in_use(before, target), after.of(target)


def _in_use(active: ActiveModels, target: str) -> Activation:
    current = active.of(target)
    if current is None:
        raise NotFound(
            f"No model is in use for {target}.", slug="no_active_model", hint="tacho ml status shows what there is."
        )
    return current


def note_training(folder: Path, target: str, last: LastTraining) -> None:
    """Remember a retraining that gave a model. Raises as :func:`put_to_use`."""

    def note(active: ActiveModels) -> ActiveModels:
        failures = {name: one for name, one in active.failures.items() if name != target}
        return msgspec.structs.replace(active, trainings={**active.trainings, target: last}, failures=failures)

    _change(folder, note)


def note_failure(folder: Path, target: str, failed: FailedTraining) -> None:
    """Remember a retraining that gave none. Raises as :func:`put_to_use`."""
    _change(folder, lambda active: msgspec.structs.replace(active, failures={**active.failures, target: failed}))


def find_scoring_model(workspace: Workspace, folder: Path | None = None, given: Path | None = None) -> Path | None:
    """The folder of the model that scores a command of the store in ``folder``; None: there is none.

    The one ``given`` by name, else ``model-xgb`` in the store's folder, else the one in use for commands. Reads one
    small file at most and imports nothing: it is asked at each command.
    """
    if given is not None:
        return given if (given / MODEL_FILE).is_file() else None
    beside = (folder or workspace.folder) / _BESIDE
    if (beside / MODEL_FILE).is_file():
        return beside
    active = read_active(workspace.folder)
    for target in COMMAND_TARGETS:
        current = active.of(target)
        if current is not None and (model_dir(workspace.folder, current.name) / MODEL_FILE).is_file():
            return model_dir(workspace.folder, current.name)
    return None


def _change(folder: Path, alter: Callable[[ActiveModels], ActiveModels]) -> tuple[ActiveModels, ActiveModels]:
    """Read the file, alter it and write it, one process at a time; what it held before and what it holds now."""
    from tachograph.app.export.write import write_privately  # for whoever only reads: start-up time
    from tachograph.warehouse.lock import file_lock

    private_dir(folder)
    private_dir(models_dir(folder))
    with file_lock(models_dir(folder) / _LOCK, _WAIT_SECONDS) as held:
        if not held:
            raise Busy("Another tacho process is putting models to use.", hint="Try again when it has ended.")
        before = read_active(folder)
        after = alter(before)
        if after != before:
            with write_privately(models_dir(folder) / _ACTIVE) as stream:
                stream.write(msgspec.json.format(msgspec.json.encode(after), indent=1) + b"\n")
    return before, after


def _now() -> int:
    return time.time_ns() // 1_000_000
