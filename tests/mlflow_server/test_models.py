"""Models that go to a real MLflow server, are approved there, and come to other machines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tachograph.app.ml.active import read_active
from tachograph.app.ml.models import load_model
from tachograph.app.ml.offers import hash_file
from tachograph.app.ml.registry import PublishReport, PullReport, publish, pull
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError
from tachograph.mlflow.models import MlflowRegistry
from tests.ml.registry_models import encoded, keep, trained

MODEL = "tachograph-productivity"


@pytest.fixture
def here(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "here")


@pytest.fixture
def there(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "there")


@pytest.fixture
def client(server: str) -> Any:
    """What the organisation itself does with its server; no models are there at first."""
    import mlflow

    client = mlflow.MlflowClient(server, server)
    for model in client.search_registered_models():
        client.delete_registered_model(model.name)
    return client


def put(workspace: Workspace, name: str, uri: str, alias: str = "champion") -> PublishReport:
    return publish(workspace, name, uri, alias, open_mlflow=MlflowRegistry)


def get(workspace: Workspace, uri: str, alias: str = "champion", **options: bool) -> PullReport:
    return pull(workspace, uri, alias, open_mlflow=MlflowRegistry, **options)


def fail(workspace: Workspace, uri: str) -> TachographError:
    with pytest.raises(TachographError) as caught:
        get(workspace, uri, activate=True)
    assert not workspace.folder.exists()
    assert "\n" not in caught.value.message
    return caught.value


def test_a_model_goes_there_and_comes_to_another_machine_the_same(server: str, client: Any, here, there) -> None:
    name = keep(here)
    published = put(here, name, server)
    assert (published.kind, published.registry, published.version, published.before) == ("mlflow", server, "1", None)
    (pulled,) = get(there, server, activate=True).models
    assert (pulled.name, pulled.version, pulled.outcome, pulled.in_use) == (name, "1", "added", True)
    assert load_model(there.folder / "models" / name) == trained()
    current = read_active(there.folder).of("productivity")
    assert current is not None
    assert current.name == name


def test_what_the_server_holds(server: str, client: Any, here) -> None:
    model, metadata = trained()
    put(here, keep(here), server)
    version = client.get_model_version_by_alias(MODEL, "champion")
    assert version.tags == {
        "tachograph.name": metadata.name,
        "tachograph.model_sha256": hash_file(model),
        "tachograph.metadata_sha256": hash_file(encoded(metadata)),
    }
    artifacts = client.list_artifacts(version.run_id, "model")
    assert {one.path: one.file_size for one in artifacts} == {
        "model/model.json": len(model), "model/metadata.json": len(encoded(metadata))
    }  # fmt: skip
    assert [one.path for one in client.list_artifacts(version.run_id)] == ["model"]
    assert client.get_run(version.run_id).info.status == "FINISHED"


def test_an_organisation_approves_by_the_alias(server: str, client: Any, here, there) -> None:
    old, new = keep(here), keep(here, seed=2)
    assert put(here, old, server).version == "1"
    assert put(here, new, server, "candidate").version == "2"
    assert [one.name for one in get(there, server, activate=True).models] == [old]
    client.set_registered_model_alias(MODEL, "champion", "2")
    assert [one.name for one in get(there, server, activate=True).models] == [new]
    client.set_registered_model_alias(MODEL, "champion", "1")
    (back,) = get(there, server, activate=True).models
    assert (back.name, back.outcome, back.in_use) == (old, "unchanged", True)
    client.delete_registered_model_alias(MODEL, "champion")
    with pytest.raises(NotFound) as caught:
        get(there, server)
    assert caught.value.message == f"The registry {server} has no model under the alias champion."


def test_the_same_model_is_one_version(server: str, client: Any, here) -> None:
    name = keep(here)
    put(here, name, server)
    again = put(here, name, server)
    assert (again.version, again.before) == ("1", "1")
    assert put(here, name, server, "candidate").version == "1"
    assert len(client.search_model_versions(f"name = '{MODEL}'")) == 1


def test_several_targets(server: str, client: Any, here, there) -> None:
    for target in ("productivity", "success"):
        put(here, keep(here, target), server)
    pulled = get(there, server).models
    assert [(one.target, one.version) for one in pulled] == [("productivity", "1"), ("success", "1")]


def overwrite(client: Any, tmp_path: Path, file: str, content: bytes) -> None:
    """As somebody with access to the artifacts could."""
    (tmp_path / file).write_bytes(content)
    run = client.get_model_version_by_alias(MODEL, "champion").run_id
    client.log_artifact(run, str(tmp_path / file), "model")


@pytest.mark.parametrize(
    ("file", "content", "slug", "told"),
    [
        ("model.json", trained(seed=2)[0], "model_refused", "its trees are not the published ones"),
        ("model.json", trained()[0][:-50], "model_refused", "its trees are not the published ones"),
        ("metadata.json", encoded(trained(seed=2)[1]), "model_refused", "its metadata are not the published ones"),
        ("model.json", b" " * ((32 << 20) + 1), "registry_damaged", "model/model.json has more than 33,554,432 bytes"),
    ],
)
def test_artifacts_that_were_tampered_with(
    server: str, client: Any, here, there, tmp_path, file, content, slug, told
) -> None:
    put(here, keep(here), server)
    overwrite(client, tmp_path, file, content)
    error = fail(there, server)
    assert error.slug == slug
    assert told in error.message
    assert put(here, keep(here), server).version == "2"  # what is damaged is not taken for the same
    assert get(there, server).models[0].version == "2"


def test_a_version_that_tacho_did_not_publish(server: str, client: Any, there) -> None:
    client.create_registered_model(MODEL)
    run = client.create_run(client.create_experiment("/Users/ada/others")).info
    client.create_model_version(MODEL, f"{run.artifact_uri}/model", run.run_id)
    client.set_registered_model_alias(MODEL, "champion", "1")
    error = fail(there, server)
    assert error.slug == "registry_damaged"
    assert error.message.endswith(f"version 1 of {MODEL} has no hashes, so tacho did not publish it.")


@pytest.mark.parametrize("value", ["../../etc/passwd", "0" * 63, ""])
def test_hashes_that_are_none(server: str, client: Any, here, there, value: str) -> None:
    put(here, keep(here), server)
    client.set_model_version_tag(MODEL, "1", "tachograph.model_sha256", value)
    assert fail(there, server).slug == "registry_damaged"


def test_a_name_that_leads_elsewhere(server: str, client: Any, here, there) -> None:
    put(here, keep(here), server)
    client.set_model_version_tag(MODEL, "1", "tachograph.name", "../../outside")
    told = f"The model '../../outside' of {server} was refused: it has another name than the published one."
    assert fail(there, server).message == told


def test_files_that_are_gone(server: str, client: Any, here, there) -> None:
    put(here, keep(here), server)
    empty = client.create_run(client.get_run(client.get_model_version(MODEL, "1").run_id).info.experiment_id).info
    tags = client.get_model_version(MODEL, "1").tags
    client.create_model_version(MODEL, f"{empty.artifact_uri}/model", empty.run_id, tags=tags)
    client.set_registered_model_alias(MODEL, "champion", "2")
    error = fail(there, server)
    assert error.slug == "registry_damaged"
    assert error.message.endswith("model/model.json is missing.")


def test_a_pinned_server(server: str, client: Any, here, there) -> None:
    published = put(here, keep(here), server)
    assert get(there, f"{server}#sha256={published.sha256}").models[0].outcome == "added"
    with pytest.raises(TachographError) as caught:
        get(there, f"{server}#sha256={'0' * 64}")
    assert caught.value.slug == "model_refused"


def test_a_server_that_is_not_there(here, there, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    assert fail(there, "http://127.0.0.1:9").slug == "registry_unreachable"
    name = keep(here)
    with pytest.raises(TachographError) as caught:
        put(here, name, "http://127.0.0.1:9")
    assert caught.value.slug == "registry_unreachable"


def test_metadata_are_kept_whole(server: str, client: Any, here, there) -> None:
    name = keep(here)
    put(here, name, server)
    get(there, server)
    mine, theirs = (workspace.folder / "models" / name / "metadata.json" for workspace in (here, there))
    assert msgspec.json.decode(mine.read_bytes()) == msgspec.json.decode(theirs.read_bytes())
