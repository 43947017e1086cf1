"""Which model is in use, and how one goes back."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tachograph.app.ml.active import (
    Activation,
    FailedTraining,
    LastTraining,
    check_name,
    find_scoring_model,
    go_back,
    model_dir,
    note_failure,
    note_training,
    put_to_use,
    read_active,
)
from tachograph.app.workspace import Workspace
from tachograph.errors import Busy, NotFound, TachographError
from tachograph.warehouse.lock import file_lock


def lay_down(folder: Path) -> Path:
    """A folder that has a model's file; nothing here looks into it."""
    folder.mkdir(parents=True)
    (folder / "model.json").write_text("{}", encoding="utf-8")
    return folder


def test_nothing_is_in_use_at_first(tmp_path: Path) -> None:
    assert read_active(tmp_path).of("productivity") is None
    assert not (tmp_path / "models").exists()


def test_activations_are_kept_by_target_and_undone_one_by_one(tmp_path: Path) -> None:
    for name in ("first", "second"):
        lay_down(model_dir(tmp_path, name))
        put_to_use(tmp_path, "productivity", name, now_ms=1000)
    put_to_use(tmp_path, "success", "other", "because", now_ms=2000)
    assert read_active(tmp_path).of("productivity") == Activation("second", 1000)
    assert read_active(tmp_path).of("success") == Activation("other", 2000, "because")

    assert go_back(tmp_path, "productivity") == (Activation("second", 1000), Activation("first", 1000))
    assert go_back(tmp_path, "productivity") == (Activation("first", 1000), None)
    with pytest.raises(NotFound) as caught:
        go_back(tmp_path, "productivity")
    assert caught.value.slug == "no_active_model"
    assert read_active(tmp_path).of("success") == Activation("other", 2000, "because")


def test_going_back_passes_over_models_that_are_gone(tmp_path: Path) -> None:
    for name in ("kept", "gone", "last"):
        put_to_use(tmp_path, "productivity", name, now_ms=1)
    lay_down(model_dir(tmp_path, "kept"))
    assert go_back(tmp_path, "productivity")[1] == Activation("kept", 1)


def test_the_model_in_use_is_not_noted_twice(tmp_path: Path) -> None:
    assert put_to_use(tmp_path, "productivity", "one", now_ms=1) == Activation("one", 1)
    assert put_to_use(tmp_path, "productivity", "one", now_ms=2) == Activation("one", 1)
    assert read_active(tmp_path).targets == {"productivity": (Activation("one", 1),)}


def test_only_the_last_twenty_are_remembered(tmp_path: Path) -> None:
    for number in range(25):
        put_to_use(tmp_path, "productivity", f"m{number}", now_ms=number)
    names = [one.name for one in read_active(tmp_path).targets["productivity"]]
    assert names == [f"m{number}" for number in range(5, 25)]


def test_a_training_and_one_that_failed_are_kept_apart(tmp_path: Path) -> None:
    put_to_use(tmp_path, "productivity", "one", now_ms=1)
    trained, failed = LastTraining("aa", 9, 5, "two"), FailedTraining("bb", 7, 6, "too little")
    note_training(tmp_path, "productivity", trained)
    note_failure(tmp_path, "productivity", failed)
    note_failure(tmp_path, "success", failed)
    active = read_active(tmp_path)
    assert active.trainings == {"productivity": trained}
    assert active.failures == {"productivity": failed, "success": failed}
    assert active.of("productivity") == Activation("one", 1)

    note_training(tmp_path, "productivity", msgspec.structs.replace(trained, data_hash="cc"))
    assert read_active(tmp_path).failures == {"success": failed}


_WRITER = """
import sys
from pathlib import Path
from tachograph.app.ml.active import FailedTraining, note_failure
folder, who = Path(sys.argv[1]), sys.argv[2]
for number in range(40):
    note_failure(folder, f"{who}-{number}", FailedTraining("aa", number, 1, ""))
"""


def test_two_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path), who]) for who in ("a", "b")]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    wanted = {f"{who}-{number}" for who in "ab" for number in range(40)}
    assert read_active(tmp_path).failures.keys() == wanted


def test_another_process_that_does_not_let_go_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_to_use(tmp_path, "productivity", "one", now_ms=1)
    monkeypatch.setattr("tachograph.app.ml.active._WAIT_SECONDS", 0.0)
    with file_lock(tmp_path / "models" / "active.lock", 0.0) as held:
        assert held
        with pytest.raises(Busy) as caught:
            put_to_use(tmp_path, "productivity", "two")
    assert caught.value.exit_code == 5
    assert read_active(tmp_path).of("productivity") == Activation("one", 1)


def test_where_nothing_is_in_use_going_back_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        go_back(tmp_path, "productivity")
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_private_json(tmp_path: Path) -> None:
    put_to_use(tmp_path, "productivity", "one", now_ms=1)
    path = tmp_path / "models" / "active.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert json.loads(path.read_text("utf-8"))["targets"] == {
        "productivity": [{"name": "one", "at": 1, "reason": ""}],
    }


@pytest.mark.parametrize("content", ["", "[]", '{"targets": {"productivity": 7}}', "\xff"])
def test_a_damaged_file_is_told_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "models" / "active.json"
    path.parent.mkdir()
    path.write_text(content, encoding="latin-1")
    for use in (read_active, lambda folder: put_to_use(folder, "productivity", "one")):
        with pytest.raises(TachographError) as caught:
            use(tmp_path)
        assert (caught.value.slug, caught.value.exit_code) == ("active_models_damaged", 4)
    assert path.read_text("latin-1") == content


@pytest.mark.parametrize("name", ["a1", "productivity-2026-11-21-3f9a12cd", "x.y_z-1", "a" * 80])
def test_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "a", "..", "a..b", "../x", "x/y", ".x", "x.", "A1", "x y", "a\nb", "a" * 81, "ä1"]
)
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(TachographError) as caught:
        check_name(name)
    assert (caught.value.slug, caught.value.exit_code) == ("model_name", 2)


class TestTheModelThatScores:
    """The given one, else the one beside the store, else the one in use: productivity before success."""

    def test_there_is_none(self, tmp_path: Path) -> None:
        assert find_scoring_model(Workspace(tmp_path)) is None

    def test_each_goes_before_the_next(self, tmp_path: Path) -> None:
        workspace, store = Workspace(tmp_path / "data"), tmp_path / "repo" / ".tacho"
        success = lay_down(model_dir(workspace.folder, "success-1"))
        put_to_use(workspace.folder, "success", "success-1")
        assert find_scoring_model(workspace, store) == success
        productivity = lay_down(model_dir(workspace.folder, "productivity-1"))
        put_to_use(workspace.folder, "productivity", "productivity-1")
        assert find_scoring_model(workspace, store) == productivity
        beside = lay_down(store / "model-xgb")
        assert find_scoring_model(workspace, store) == beside
        assert find_scoring_model(workspace) == productivity
        given = lay_down(tmp_path / "given")
        assert find_scoring_model(workspace, store, given) == given

    def test_a_given_folder_without_a_model_means_none(self, tmp_path: Path) -> None:
        lay_down(tmp_path / "model-xgb")
        assert find_scoring_model(Workspace(tmp_path), None, tmp_path / "empty") is None

    def test_one_that_was_deleted_does_not_count(self, tmp_path: Path) -> None:
        put_to_use(tmp_path, "productivity", "gone")
        assert find_scoring_model(Workspace(tmp_path)) is None
