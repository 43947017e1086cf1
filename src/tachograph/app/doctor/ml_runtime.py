"""Check of what models need: the extra ``ml``, its library, and the models in use."""

from __future__ import annotations

import sys
from importlib import metadata, util
from pathlib import Path

from tachograph.app.doctor.check import Check, Scene
from tachograph.app.ml.active import MODEL_FILE, ActiveModels, model_dir, read_active
from tachograph.app.ml.engine import INSTALL, need_engine
from tachograph.errors import TachographError

NAME = "models"
_PACKAGES = ("xgboost-cpu", "xgboost")
_FIXES = {
    "darwin": "It needs OpenMP: brew install libomp, then try again.",
    "win32": "It needs Microsoft's Visual C++ Redistributable (vcomp140.dll); install it, then try again.",
}
_FIX = "pip install --force-reinstall xgboost-cpu; its builds need glibc 2.28 or newer, or macOS, or Windows."


def check_ml_runtime(scene: Scene) -> Check:
    """Whether models can be trained and used here, and whether those in use are there."""
    return check_ml_runtime_of(scene.folder)


def check_ml_runtime_of(folder: Path) -> Check:
    """The same of a data folder."""
    try:
        active = read_active(folder)
    except TachographError as error:
        return Check(NAME, "warn", error.message, hint=error.hint)
    used = {target: history[-1].name for target, history in active.targets.items() if history}
    details = [f"{target}: {name}" for target, name in sorted(used.items())]
    if util.find_spec("xgboost") is None:
        return _without_library(details)
    fault = load_fault()
    if fault:
        hint = fix_for(sys.platform)
        return Check(NAME, "warn", "xgboost is installed and does not load", [fault, *details], hint)
    gone = _gone(folder, active)
    if gone:
        hint = "tacho ml rollback goes back to the one before; tacho ml train makes another."
        return Check(NAME, "warn", f"in use, and not there any more: {', '.join(gone)}", details, hint)
    state = f"{len(used)} in use" if used else "none in use"
    return Check(NAME, "ok", f"xgboost {_version()} loads; {state}", details)


def load_fault() -> str:
    """Why the library of trees does not load, on one line; empty: it does."""
    try:
        need_engine()
    except TachographError as error:
        return error.message
    return ""


def fix_for(system: str) -> str:
    """What makes the library load on a system of this name, as ``sys.platform`` has it."""
    return _FIXES.get(system, _FIX)


def _without_library(used: list[str]) -> Check:
    if not used:
        return Check(NAME, "ok", "the extra is not installed; nothing here needs it", hint=f"To use models: {INSTALL}")
    return Check(NAME, "warn", "a model is in use, and the extra is not installed", used, INSTALL)


def _gone(folder: Path, active: ActiveModels) -> list[str]:
    names = [history[-1].name for history in active.targets.values() if history]
    return [name for name in names if not (model_dir(folder, name) / MODEL_FILE).is_file()]


def _version() -> str:
    for package in _PACKAGES:
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return "(of no known version)"
