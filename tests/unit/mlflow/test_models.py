"""Models in MLflow's registry without a server, and how much a server can make us write."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tachograph.app.ml.registry import publish, pull
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError
from tachograph.mlflow.models import MlflowRegistry, _files_of_at_most
from tests.ml.registry_models import keep, trained


def test_a_database_is_a_registry_too(uri: str, tmp_path: Path) -> None:
    here, there = Workspace(tmp_path / "here"), Workspace(tmp_path / "there")
    name = keep(here)
    published = publish(here, name, uri, open_mlflow=MlflowRegistry)
    assert (published.kind, published.registry, published.version) == ("mlflow", uri, "1")
    again = publish(here, name, uri, open_mlflow=MlflowRegistry)
    assert (again.version, again.before) == ("1", "1")
    (pulled,) = pull(there, uri, open_mlflow=MlflowRegistry, activate=True).models
    assert (pulled.name, pulled.version, pulled.sha256, pulled.in_use) == (name, "1", published.sha256, True)
    with pytest.raises(NotFound):
        pull(there, uri, "candidate", open_mlflow=MlflowRegistry)


def test_where_the_runs_lie_can_be_chosen(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "/Users/ada/models")
    here = Workspace(tmp_path / "here")
    publish(here, keep(here), uri, open_mlflow=MlflowRegistry)
    client = mlflow.MlflowClient(uri, uri)
    run = client.get_model_version("tachograph-productivity", "1").run_id
    assert client.get_experiment(client.get_run(run).info.experiment_id).name == "/Users/ada/models"
    assert client.get_experiment_by_name("tachograph-models") is None


def test_nothing_else_goes_to_stdout(uri: str, tmp_path: Path) -> None:
    here = Workspace(tmp_path / "here")
    name = keep(here)
    code = (
        "import sys; from pathlib import Path; from tachograph.app.ml.registry import publish, pull;"
        "from tachograph.app.workspace import Workspace; from tachograph.mlflow.models import MlflowRegistry;"
        "publish(Workspace(Path(sys.argv[1])), sys.argv[2], sys.argv[3], open_mlflow=MlflowRegistry);"
        "pull(Workspace(Path(sys.argv[1])), sys.argv[3], open_mlflow=MlflowRegistry)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(here.folder), name, uri], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_a_password_in_the_uri_is_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(TachographError) as caught:
        pull(Workspace(tmp_path / "there"), "http://ada:s3cret@127.0.0.1:9/x", open_mlflow=MlflowRegistry)
    assert caught.value.slug == "mlflow_failed"
    assert "s3cret" not in caught.value.message + caught.value.hint


def test_a_database_without_its_driver(tmp_path: Path) -> None:
    with pytest.raises(TachographError) as caught:
        pull(Workspace(tmp_path / "there"), "mssql+pymssql://db/models", open_mlflow=MlflowRegistry)
    assert caught.value.message == "MLflow does not open this store: No module named 'pymssql'"


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
def test_no_larger_file_is_written(tmp_path: Path) -> None:
    large = b"x" * 300_000
    with pytest.raises(OSError), _files_of_at_most(200_000), (tmp_path / "a").open("wb") as stream:  # noqa: PT011
        stream.write(large)
    assert (tmp_path / "a").stat().st_size <= 200_000
    (tmp_path / "b").write_bytes(large)
    assert (tmp_path / "b").stat().st_size == 300_000
    assert len(trained()[0]) < 200_000
