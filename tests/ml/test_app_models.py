"""Models as files: written whole, read only as what they are."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest

from tachograph.app.ml.active import put_to_use
from tachograph.app.ml.examples import read_examples
from tachograph.app.ml.models import (
    find_active_model,
    find_model,
    hash_model,
    keep_model,
    list_models,
    load_model,
    save_model,
)
from tachograph.app.ml.train import TrainRequest, choose_params, fit
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError
from tachograph.learning.ml.metadata import Metadata
from tests.ml.rows import dataset

Model = tuple[bytes, Metadata]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    table = read_examples(dataset(tmp_path_factory.mktemp("rows") / "rows.csv"), "productivity")
    request = TrainRequest(target="productivity", n_estimators=10)
    return fit(table, "productivity", choose_params(request), now_ms=1_795_000_000_000)


def renamed(model: Model, name: str) -> Model:
    return model[0], msgspec.structs.replace(model[1], name=name)


def test_a_model_comes_back_as_it_was(tmp_path: Path, model: Model) -> None:
    save_model(tmp_path / "m", *model)
    assert load_model(tmp_path / "m") == model
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == ["metadata.json", "model.json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "m").iterdir()} == {0o600}
    assert stat.S_IMODE((tmp_path / "m").stat().st_mode) == 0o700
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_its_name_says_what_when_and_which(model: Model) -> None:
    assert model[1].model_hash == hash_model(model[0])
    both = hash_model(f"{model[1].model_hash}{model[1].data_hash}".encode())
    assert model[1].name == f"productivity-2026-11-18-{both[:8]}"
    assert (model[1].target, model[1].goal, model[1].created_at) == ("productivity", "number", 1_795_000_000_000)
    assert model[1].label_definition.startswith("how the command turned out, 0 (of no use) to 100")


def test_files_are_replaced_where_a_folder_is_there(tmp_path: Path, model: Model) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "notes.txt").write_text("mine")
    save_model(tmp_path / "m", *model)
    save_model(tmp_path / "m", *renamed(model, "other"))
    assert load_model(tmp_path / "m")[1].name == "other"
    assert (tmp_path / "m" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("model.json", b"{}", "model.json is not the one that metadata.json describes"),
        ("metadata.json", b"{", "metadata.json cannot be read"),
        ("metadata.json", b'{"schema": 1}', "metadata.json cannot be read"),
        ("metadata.json", b" " * ((4 << 20) + 1), "metadata.json is larger than 4 MiB"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    tmp_path: Path, model: Model, file: str, content: bytes, said: str
) -> None:
    save_model(tmp_path / "m", *model)
    (tmp_path / "m" / file).write_bytes(content)
    with pytest.raises(TachographError) as caught:
        load_model(tmp_path / "m")
    assert (caught.value.slug, caught.value.exit_code) == ("model_damaged", 4)
    assert said in caught.value.message


@pytest.mark.parametrize("file", ["model.json", "metadata.json"])
def test_half_a_model_is_none(tmp_path: Path, model: Model, file: str) -> None:
    save_model(tmp_path / "m", *model)
    (tmp_path / "m" / file).unlink()
    with pytest.raises(NotFound) as caught:
        load_model(tmp_path / "m")
    assert caught.value.slug == "no_model"


def test_the_models_folder_keeps_each_under_its_name(tmp_path: Path, model: Model) -> None:
    workspace = Workspace(tmp_path)
    place = keep_model(workspace, *renamed(model, "one"))
    assert place == tmp_path / "models" / "one"
    assert keep_model(workspace, *renamed(model, "one")) == place
    changed = msgspec.structs.replace(model[1], name="one", model_hash=hash_model(b"{}"))
    with pytest.raises(TachographError) as caught:
        keep_model(workspace, b"{}", changed)
    assert caught.value.slug == "model_exists"
    assert load_model(place)[1].name == "one"


def test_models_are_found_by_name_beginning_and_folder(tmp_path: Path, model: Model) -> None:
    workspace = Workspace(tmp_path)
    for name in ("alpha-1", "alpha-2", "beta-1"):
        keep_model(workspace, *renamed(model, name))
    assert find_model(workspace, "alpha-1").name == "alpha-1"
    assert find_model(workspace, "beta").name == "beta-1"
    assert find_model(workspace, str(tmp_path / "models" / "alpha-2")) == tmp_path / "models" / "alpha-2"
    for name in ("alpha", "gamma", "./nothing"):
        with pytest.raises(NotFound) as caught:
            find_model(workspace, name)
        assert caught.value.slug == "no_model"
    with pytest.raises(TachographError) as caught:
        find_model(workspace, "a*")
    assert caught.value.slug == "model_name"


def test_a_folder_here_is_found_by_its_name_alone(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    for name in ("mine", "My Model"):
        save_model(Path(name), *model)
        assert find_model(workspace, name) == Path(name)
    kept = keep_model(workspace, *renamed(model, "mine"))
    assert find_model(workspace, "mine") == kept


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, model: Model) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "m" / "model.json").mkdir(parents=True)
    for place in (tmp_path / "file" / "m", tmp_path / "m"):
        with pytest.raises(TachographError) as caught:
            save_model(place, *model)
        assert caught.value.exit_code == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "m"]


def test_broken_ones_are_listed_with_the_reason(tmp_path: Path, model: Model) -> None:
    workspace = Workspace(tmp_path)
    assert list_models(workspace) == []
    keep_model(workspace, *renamed(model, "good"))
    keep_model(workspace, *renamed(model, "bad"))
    (tmp_path / "models" / "bad" / "metadata.json").write_text("?")
    (tmp_path / "models" / ".left.part").mkdir()
    put_to_use(tmp_path, "productivity", "good")
    listed = list_models(workspace)
    assert [(one.name, one.metadata is None) for one in listed] == [("bad", True), ("good", False)]
    assert "metadata.json cannot be read" in listed[0].fault


def test_the_one_in_use(tmp_path: Path, model: Model) -> None:
    workspace = Workspace(tmp_path)
    keep_model(workspace, *renamed(model, "one"))
    assert find_active_model(workspace, "productivity") is None
    put_to_use(tmp_path, "productivity", "one")
    assert find_active_model(workspace, "productivity") == tmp_path / "models" / "one"
    put_to_use(tmp_path, "productivity", "gone")
    assert find_active_model(workspace, "productivity") is None
