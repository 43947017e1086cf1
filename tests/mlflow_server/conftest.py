"""One MLflow server for all of these tests."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

PYTHON = os.environ.get("MLFLOW_SERVER_PYTHON", "")
START_SECONDS = 120
HERE = Path(__file__).parent
MARKS = (
    pytest.mark.mlflow,
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON, reason="needs an MLflow server: make test-mlflow"),
    pytest.mark.filterwarnings("ignore"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They run where the server is there."""
    for item in items:
        if item.path.is_relative_to(HERE):
            for mark in MARKS:
                item.add_marker(mark)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address; store and artifacts are its own."""
    place = tmp_path_factory.mktemp("server")
    with closing(socket.socket()) as probed:
        probed.bind(("127.0.0.1", 0))
        port = probed.getsockname()[1]
    command = [
        PYTHON, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{place / 'mlflow.db'}", "--artifacts-destination", str(place / "artifacts"),
    ]  # fmt: skip
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_MODEL_CATALOG_URI": ""}
    log = place / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=place, env={**os.environ, **quiet}, stdout=output, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(port, process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 15)  # its workers too
        process.wait(30)


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    return
        except OSError:
            pass
        time.sleep(0.2)
    pytest.fail(f"no server:\n{log.read_text(errors='replace')[-2000:]}")
