"""A real MLflow store for each test: made once, copied, and forgotten."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tachograph.app.workspace import Workspace
from tachograph.mlflow.store import Store

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """MLflow and what it stands on use names that others have deprecated: not ours to mend."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.filterwarnings("ignore"))


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables: making them takes seconds."""
    file = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    Store(f"sqlite:///{file}").experiment("0-made-once", create=True)
    return file


@pytest.fixture
def uri(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The tracking URI of a store of one's own; artifacts lie beside it."""
    place = tmp_path / "mlflow"
    place.mkdir()
    monkeypatch.chdir(place)  # MLflow keeps artifacts where one stands
    for variable in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID"):
        monkeypatch.delenv(variable, raising=False)
    shutil.copy(empty_store, place / "mlflow.db")
    return f"sqlite:///{place / 'mlflow.db'}"


@pytest.fixture
def store(uri: str) -> Store:
    """The store behind :func:`uri`."""
    return Store(uri)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty warehouse."""
    return Workspace(tmp_path / "data")
