"""A plain folder as a registry: publishing, approving, pulling, and what a hostile one can do."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import pytest

from tachograph.app.ml.active import read_active
from tachograph.app.ml.models import load_model
from tachograph.app.ml.offers import Registry, hash_file
from tachograph.app.ml.registry import PublishReport, PullReport, publish, pull
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError
from tests.ml.registry_models import encoded, keep, trained


@pytest.fixture
def here(tmp_path: Path) -> Workspace:
    """Where models are trained."""
    return Workspace(tmp_path / "here")


@pytest.fixture
def there(tmp_path: Path) -> Workspace:
    """Another machine."""
    return Workspace(tmp_path / "there")


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    return tmp_path / "shared drive" / "models"


def no_mlflow(uri: str) -> Registry:
    raise AssertionError(uri)


def put(workspace: Workspace, name: str, uri: Path | str, alias: str = "champion") -> PublishReport:
    return publish(workspace, name, str(uri), alias, open_mlflow=no_mlflow)


def get(workspace: Workspace, uri: Path | str, alias: str = "champion", **options: bool) -> PullReport:
    return pull(workspace, str(uri), alias, open_mlflow=no_mlflow, **options)


def fail(workspace: Workspace, uri: Path | str, alias: str = "champion", **options: bool) -> TachographError:
    """Why nothing was pulled; nothing is here then."""
    with pytest.raises(TachographError) as caught:
        get(workspace, uri, alias, **options)
    assert not workspace.folder.exists()
    return caught.value


def test_a_model_goes_there_and_comes_to_another_machine_the_same(here, there, shared) -> None:
    name = keep(here)
    published = put(here, name, shared)
    metadata_hash = hash_file(encoded(trained()[1]))
    assert published == PublishReport(
        registry=str(shared), kind="folder", alias="champion", target="productivity", name=name,
        version=metadata_hash, before=None, sha256=metadata_hash, made_up=True,
    )  # fmt: skip
    report = get(there, shared)
    (pulled,) = report.models
    assert (report.registry, report.kind, report.alias) == (str(shared), "folder", "champion")
    assert (pulled.target, pulled.name, pulled.outcome, pulled.in_use) == ("productivity", name, "added", False)
    assert (pulled.version, pulled.sha256, pulled.better) == (metadata_hash, metadata_hash, "")
    assert load_model(there.folder / "models" / name) == trained()
    assert read_active(there.folder).targets == {}


def test_what_lies_there(here, shared) -> None:
    name = keep(here)
    version = put(here, name, shared).version
    model, metadata = trained()
    assert {str(path.relative_to(shared)) for path in shared.rglob("*") if path.is_file()} == {
        "tachograph-models.json",
        "productivity/champion.json",
        f"productivity/{version}/model.json",
        f"productivity/{version}/metadata.json",
    }
    assert msgspec.json.decode((shared / "productivity" / "champion.json").read_bytes()) == {
        "name": name, "model_sha256": metadata.model_hash, "metadata_sha256": hash_file(encoded(metadata))
    }  # fmt: skip
    assert (shared / "productivity" / version / "model.json").read_bytes() == model


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_others_can_read_what_is_published_and_nobody_else_what_is_pulled(here, there, shared) -> None:
    old = os.umask(0o077)
    try:
        put(here, keep(here), shared)
    finally:
        os.umask(old)
    name = get(there, shared).models[0].name
    inside = shared / "productivity"
    assert {oct(path.stat().st_mode & 0o777) for path in inside.rglob("*.json")} == {"0o644"}
    assert {oct(path.stat().st_mode & 0o777) for path in inside.iterdir() if path.is_dir()} == {"0o755"}
    folder = there.folder / "models" / name
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in (folder, *folder.iterdir())} == {
        name: "0o700", "model.json": "0o600", "metadata.json": "0o600"
    }  # fmt: skip


def test_doing_it_again_changes_nothing(here, there, shared) -> None:
    name = keep(here)
    first = put(here, name, shared)
    before = {path: path.stat().st_mtime_ns for path in (shared / "productivity" / first.version).iterdir()}
    again = put(here, name, shared)
    assert again.before == again.version == first.version
    assert {path: path.stat().st_mtime_ns for path in before} == before
    get(there, shared)
    assert [(one.name, one.outcome) for one in get(there, shared).models] == [(name, "unchanged")]


def test_it_is_used_only_when_asked_for(here, there, shared) -> None:
    put(here, keep(here), shared)
    (pulled,) = get(there, shared, activate=True).models
    assert pulled.in_use
    current = read_active(there.folder).of("productivity")
    assert current is not None
    assert current.name == pulled.name
    assert get(there, shared).models[0].in_use


def test_approval_is_moving_the_alias(here, there, shared) -> None:
    old, new = keep(here), keep(here, seed=2)
    put(here, old, shared)
    put(here, new, shared, "candidate")
    assert [one.name for one in get(there, shared).models] == [old]
    shutil.copy(shared / "productivity" / "candidate.json", shared / "productivity" / "champion.json")
    assert [one.name for one in get(there, shared, activate=True).models] == [new]
    back = put(here, old, shared)
    assert back.before == get(there, shared, "candidate").models[0].version
    assert [one.name for one in get(there, shared, activate=True).models] == [old]


def test_all_targets_come_at_once(here, there, shared) -> None:
    names = {put(here, keep(here, target), shared).target for target in ("productivity", "success")}
    assert names == {"productivity", "success"}
    report = get(there, shared, activate=True)
    assert [one.target for one in report.models] == ["productivity", "success"]
    assert set(read_active(there.folder).targets) == {"productivity", "success"}


def test_one_bad_model_keeps_all_out(here, there, shared) -> None:
    put(here, keep(here), shared)
    version = put(here, keep(here, "success"), shared).version
    (shared / "success" / version / "model.json").write_bytes(b"{}")
    assert fail(there, shared, activate=True).slug == "model_refused"


def test_a_model_no_better_than_a_guess_is_no_champion(here, there, shared) -> None:
    held_out = msgspec.structs.replace(trained()[1].held_out, comparisons=())
    name = keep(here, beats_baseline=False, held_out=held_out, name="poor")
    with pytest.raises(TachographError) as caught:
        put(here, name, shared)
    assert (caught.value.slug, caught.value.exit_code) == ("not_better", 1)
    assert not shared.exists()
    put(here, name, shared, "candidate")
    told = fail(there, shared, "candidate", activate=True)
    assert (told.slug, told.exit_code) == ("not_better", 1)
    (pulled,) = get(there, shared, "candidate").models
    assert (pulled.name, pulled.in_use, pulled.better) == ("poor", False, "there was nothing to hold it against")


def test_another_model_of_that_name_here_stays(here, there, shared) -> None:
    put(here, keep(here), shared)
    mine = keep(there, seed=2, name=trained()[1].name)
    with pytest.raises(TachographError) as caught:
        get(there, shared)
    assert caught.value.slug == "model_exists"
    assert load_model(there.folder / "models" / mine)[0] == trained(seed=2)[0]


def test_a_pinned_registry_gives_that_model_only(here, there, shared) -> None:
    first = put(here, keep(here), shared)
    put(here, keep(here, "success"), shared)
    pinned = f"{shared}#sha256={first.sha256.upper()}"
    assert [one.name for one in get(there, pinned).models] == [first.name]
    put(here, keep(here, seed=2), shared)
    with pytest.raises(TachographError) as caught:
        get(there, pinned)
    why = "it is not the one that was asked for (its hash is another one)"
    assert caught.value.message == f"The model of {shared} was refused: {why}."
    with pytest.raises(TachographError) as caught:
        put(here, first.name, pinned)
    assert caught.value.slug == "usage"


@pytest.mark.parametrize("form", ["relative", "file:", "~"])
def test_ways_to_name_a_folder(here, there, home, form, monkeypatch: pytest.MonkeyPatch) -> None:
    place = home / "a b" / "models"
    monkeypatch.chdir(home)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    uri = {"relative": "a b/models", "file:": place.as_uri(), "~": "~/a b/models"}[form]
    assert put(here, keep(here), uri).registry == str(place)
    assert get(there, uri).registry == str(place)


@pytest.mark.parametrize("alias", ["../champion", "a/b", "", "latest", "v3", "Champion", "a" * 64, "c.json", "-x"])
def test_what_cannot_be_an_alias(here, there, shared, alias: str) -> None:
    assert fail(there, shared, alias).slug == "usage"
    with pytest.raises(TachographError) as caught:
        put(here, keep(here), shared, alias)
    assert (caught.value.slug, caught.value.exit_code) == ("usage", 2)


def test_nothing_there(here, there, shared) -> None:
    assert fail(there, shared).slug == "registry_unreachable"
    put(here, keep(here), shared)
    told = fail(there, shared, "candidate")
    assert isinstance(told, NotFound)
    assert (told.slug, told.exit_code) == ("not_published", 3)
    assert told.message == f"The registry {shared} has no model under the alias candidate."
    with pytest.raises(NotFound):
        put(here, "no-such-model", shared)


# ------------------------------------------------------------------------------------------------ hostile ones


@pytest.fixture
def published(here: Workspace, shared: Path) -> tuple[Path, Path]:
    """The alias's file and the model's folder."""
    version = put(here, keep(here), shared).version
    return shared / "productivity" / "champion.json", shared / "productivity" / version


@pytest.mark.parametrize(
    ("file", "content", "slug", "told"),
    [
        ("model.json", None, "registry_damaged", "is missing"),
        ("metadata.json", None, "registry_damaged", "is missing"),
        ("model.json", b"", "model_refused", "its trees are not the published ones"),
        ("model.json", trained()[0][:-100], "model_refused", "its trees are not the published ones"),
        ("model.json", trained(seed=2)[0], "model_refused", "its trees are not the published ones"),
        ("metadata.json", encoded(trained(seed=2)[1]), "model_refused", "its metadata are not the published ones"),
        ("model.json", b" " * ((32 << 20) + 1), "registry_damaged", "has more than 33,554,432 bytes"),
        ("metadata.json", b" " * ((1 << 20) + 1), "registry_damaged", "has more than 1,048,576 bytes"),
    ],
)
def test_files_that_were_tampered_with(there, shared, published, file, content, slug, told) -> None:
    place = published[1] / file
    place.unlink() if content is None else place.write_bytes(content)
    error = fail(there, shared, activate=True)
    assert error.slug == slug
    assert told in error.message
    assert error.message.count("\n") == 0


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"[]",
        b'{"name": "x"}',
        b'{"name": "x", "model_sha256": "../../../../etc", "metadata_sha256": "../../../../etc"}',
        b'{"name": "x", "model_sha256": "' + b"0" * 64 + b'\\n", "metadata_sha256": "' + b"0" * 64 + b'"}',
        b"[" * 4000,
        b" " * 5000,
    ],
)
def test_aliases_that_were_tampered_with(there, shared, published, note: bytes) -> None:
    published[0].write_bytes(note)
    assert fail(there, shared).slug == "registry_damaged"


def test_a_name_in_the_alias_makes_no_path(there, shared, published, tmp_path: Path) -> None:
    note = msgspec.json.decode(published[0].read_bytes())
    published[0].write_bytes(msgspec.json.encode({**note, "name": "../../../outside"}))
    told = f"The model '../../../outside' of {shared} was refused: it has another name than the published one."
    assert fail(there, shared).message == told
    assert not (tmp_path / "outside").exists()


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_pipe_is_not_waited_for(there, shared, published, make) -> None:
    (published[1] / "model.json").unlink()
    make(published[1] / "model.json")
    assert fail(there, shared).slug == "registry_damaged"


def test_publishing_again_mends_it(here, there, shared, published) -> None:
    (published[1] / "model.json").write_bytes(b"{}")
    put(here, trained()[1].name, shared)
    assert get(there, shared).models[0].outcome == "added"


def test_a_model_that_was_changed_here_is_not_published(here, shared) -> None:
    name = keep(here)
    (here.folder / "models" / name / "model.json").write_bytes(trained(seed=2)[0])
    with pytest.raises(TachographError) as caught:
        put(here, name, shared)
    assert caught.value.slug == "model_damaged"
    assert not shared.exists()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user whom modes hold back")
def test_a_folder_that_may_not_be_written(here, shared) -> None:
    shared.mkdir(parents=True)
    shared.chmod(0o500)
    with pytest.raises(TachographError) as caught:
        put(here, keep(here), shared)
    shared.chmod(0o700)
    assert caught.value.slug == "cannot_write"
    assert list(shared.iterdir()) == []


def test_a_file_in_the_place_of_the_folder(here, there, shared) -> None:
    shared.parent.mkdir(parents=True)
    shared.write_text("hello")
    with pytest.raises(TachographError) as caught:
        put(here, keep(here), shared)
    assert caught.value.slug == "cannot_write"
    assert fail(there, shared).slug == "registry_unreachable"
