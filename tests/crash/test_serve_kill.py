"""A dashboard killed while it reads and answers: nothing is lost or doubled, and the next one starts at once."""

from __future__ import annotations

import http.client
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.learn.run import learn
from tachograph.app.rollups.cubes import CUBES
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tests.builders.history import write_many_histories
from tests.dump import assert_same, dump_warehouse

_START_SECONDS = 30.0
"""It takes about half a second of work; a machine that does much else meanwhile takes many times that."""


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    write_many_histories(folder, 30)
    return folder


@pytest.fixture
def machine(logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder, on a machine whose homes have no logs yet."""
    for name, folder in (("CLAUDE_CONFIG_DIR", "claude"), ("CODEX_HOME", "codex"), ("TACHO_DATA_DIR", "data")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    return tmp_path / "data"


class Dashboard:
    """A server, and somebody who reads from it all the time."""

    def __init__(self) -> None:
        started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tachograph", "serve", "--port", "0", "--json", "--scan-interval", "5"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        self.url = urlsplit(json.loads(b"".join(iter(self.process.stdout.readline, b"}\n")) + b"}")["url"])
        self.seconds = time.monotonic() - started
        self.answers: list[int] = []
        self.cookie = self.get(f"{self.url.path}?{self.url.query}").headers["Set-Cookie"].partition(";")[0]
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def get(self, path: str, cookie: str = "") -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(str(self.url.hostname), self.url.port, timeout=30)
        with closing(connection):
            connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
            answer = connection.getresponse()
            self.body = answer.read()
        return answer

    def wait_for_pages(self) -> None:
        """Until the first logs have been read."""
        deadline = time.monotonic() + 30
        while 200 not in self.answers and time.monotonic() < deadline:
            time.sleep(0.02)

    def _read(self) -> None:
        with suppress(OSError, http.client.HTTPException):
            while True:
                for path in ("/", "/sessions?range=all", "/api/v1/overview?range=all", "/waste?range=all"):
                    self.answers.append(self.get(path, self.cookie).status)

    def kill(self) -> bytes:
        """End it without a warning; returns what it had complained of."""
        self.process.send_signal(signal.SIGKILL)
        _, errors = self.process.communicate()
        self.reader.join()
        return errors


def copy_some(logs: Path, home: Path, rng: random.Random) -> None:
    """Bring some of the logs, or more of one that is there, into the homes."""
    for path in rng.sample(sorted(path for path in logs.rglob("*") if path.is_file()), 12):
        target = home / path.relative_to(logs)
        target.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes()
        whole = rng.random() < 0.5 or path.suffix != ".jsonl"
        held = target.stat().st_size if target.exists() else 0
        end = len(content) if whole else rng.randint(held, len(content))
        if end > held:
            with target.open("ab") as file:
                file.write(content[held:end])


@pytest.mark.parametrize("kills", [pytest.param(4, marks=pytest.mark.slow), pytest.param(50, marks=pytest.mark.soak)])
def test_kills_while_reading_logs_and_answering_lose_and_double_nothing(
    machine: Path, logs: Path, kills: int, tmp_path: Path
) -> None:
    rng = random.Random(11)
    answers: set[int] = set()
    for number in range(1, kills + 1):
        dashboard = Dashboard()
        assert dashboard.seconds < _START_SECONDS
        for _ in range(rng.randint(1, 3)):
            copy_some(logs, tmp_path, rng)
            time.sleep(rng.uniform(0.1, 1.2))
        if number % 4 == 0:  # the others are mostly killed before
            dashboard.wait_for_pages()
            copy_some(logs, tmp_path, rng)
            time.sleep(rng.uniform(0, 1.5))
        errors = dashboard.kill()
        assert b"Traceback" not in errors
        answers.update(dashboard.answers)
        with closing(sqlite3.connect(machine / "warehouse.sqlite")) as connection:
            assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
    assert answers == {200, 503}  # 503: nothing is read yet
    shutil.copytree(logs, tmp_path, dirs_exist_ok=True)
    fresh = Workspace(tmp_path / "fresh", Settings())
    for workspace in (Workspace(machine, Settings()), fresh):
        ingest(workspace)
        learn(workspace, update=False)
    assert_same(dump_warehouse(machine), dump_warehouse(fresh.folder))
    assert sums_of(machine) == sums_of(fresh.folder)


def sums_of(folder: Path) -> dict[str, dict[object, list[int]]]:
    """All rollups, as they are once they are up to date."""
    from tachograph.app.dashboard.open_desk import open_desk
    from tachograph.app.rollups.read import add_up
    from tachograph.app.scope import Scope

    with open_desk(Workspace(folder, Settings()), update=True) as desk:
        everything = Scope(date(2026, 3, 30), "all")
        return {
            cube.table: {
                key: [getattr(sums, name) for name in cube.__struct_fields__]
                for key, sums in add_up(desk.connection, cube, everything, ("day", "project", "agent", *cube.keys))
            }
            for cube in CUBES
        }
