"""``tacho doctor`` on what models need."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tachograph.app.doctor import Check, examine, ml_runtime
from tachograph.app.ml.active import model_dir, put_to_use


@pytest.fixture
def data(home: Path) -> Path:
    """The data folder."""
    return home / "tachograph"


def look() -> Check:
    return next(check for check in examine().checks if check.name == "models")


def use(data: Path, name: str) -> None:
    """Put a model to use; nothing here looks into it."""
    folder = model_dir(data, name)
    folder.mkdir(parents=True)
    (folder / "model.json").write_text("{}")
    put_to_use(data, "productivity", name)


def take_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the extra is not installed."""
    found = ml_runtime.util.find_spec
    monkeypatch.setattr(ml_runtime.util, "find_spec", lambda name: None if name == "xgboost" else found(name))


def test_all_is_well(home: Path) -> None:
    check = look()
    assert (check.status, check.hint) == ("ok", "")
    assert check.summary.startswith("xgboost 3.")
    assert check.summary.endswith("loads; none in use")


def test_models_in_use_are_named(data: Path) -> None:
    use(data, "productivity-1")
    check = look()
    assert (check.status, check.details) == ("ok", ["productivity: productivity-1"])
    assert check.summary.endswith("loads; 1 in use")


def test_who_uses_no_models_needs_no_extra(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take_away(monkeypatch)
    check = look()
    assert (check.status, check.hint) == ("ok", "To use models: pip install 'tachograph[ml]'")


def test_a_model_in_use_without_the_extra(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(data, "productivity-1")
    take_away(monkeypatch)
    check = look()
    assert (check.status, check.hint) == ("warn", "pip install 'tachograph[ml]'")
    assert check.summary == "a model is in use, and the extra is not installed"


@pytest.mark.parametrize(
    ("system", "fix"),
    [
        ("darwin", "brew install libomp"),
        ("win32", "Visual C++ Redistributable"),
        ("linux", "pip install --force-reinstall xgboost-cpu"),
    ],
)
def test_a_library_that_does_not_load(home: Path, monkeypatch: pytest.MonkeyPatch, system: str, fix: str) -> None:
    class Finder:
        """Fails as the library's own start does on a Mac without OpenMP."""

        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> None:
            if name == "xgboost":
                raise OSError("Library not loaded: @rpath/libomp.dylib")

    for name in [name for name in sys.modules if name.partition(".")[0] == "xgboost"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(ml_runtime.util, "find_spec", lambda name: object())
    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    monkeypatch.setattr(ml_runtime.sys, "platform", system)
    check = ml_runtime.check_ml_runtime_of(home)
    assert (check.status, check.summary) == ("warn", "xgboost is installed and does not load")
    assert "libomp.dylib" in check.details[0]
    assert fix in check.hint


def test_a_model_in_use_that_is_gone(data: Path) -> None:
    put_to_use(data, "productivity", "gone")
    check = look()
    assert (check.status, check.summary) == ("warn", "in use, and not there any more: gone")
    assert "tacho ml rollback" in check.hint


def test_a_damaged_list_of_models(data: Path) -> None:
    (data / "models").mkdir(parents=True)
    (data / "models" / "active.json").write_text("?")
    check = look()
    assert check.status == "warn"
    assert "active.json cannot be used" in check.summary
