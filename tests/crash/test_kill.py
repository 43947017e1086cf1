"""Whatever ends an ingestion, the next one takes it up, and nothing is lost or doubled."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tests.builders.history import write_many_histories
from tests.dump import Rows, assert_same, dump_warehouse

_PROGRAM = """
import tachograph.app.ingest as ingestion
from tachograph.app.workspace import Workspace
ingestion._BATCH_LOGS = 15
ingestion._PARALLEL_BYTES = {parallel}
ingestion.ingest(Workspace(), jobs={jobs}, rebuild={rebuild})
"""


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    write_many_histories(folder, 60)
    return folder


@pytest.fixture
def machine(logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a machine that has the logs."""
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(logs / "claude"))
    monkeypatch.setenv("CODEX_HOME", str(logs / "codex"))
    monkeypatch.setenv("TACHO_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def expected(machine: Path, tmp_path: Path) -> dict[str, Rows]:
    workspace = Workspace(tmp_path / "fresh", Settings())
    ingest(workspace, jobs=1)
    return dump_warehouse(workspace.folder)


def start(*, jobs: int = 1, rebuild: bool = False) -> subprocess.Popen[bytes]:
    program = _PROGRAM.format(jobs=jobs, parallel=0 if jobs > 1 else 10**12, rebuild=rebuild)
    return subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE)


def kill_again_and_again(machine: Path, kills: int, rng: random.Random) -> int:
    """Kill ingestions at random moments until ``kills`` were really cut short; returns how many were."""
    started = time.monotonic()
    start(jobs=2).communicate()
    whole = time.monotonic() - started
    for path in machine.iterdir():
        path.unlink()
    cut_short = number = 0
    while cut_short < kills and number < 5 * kills:
        number += 1
        process = start(jobs=1 + number % 2, rebuild=number % 4 == 3)
        time.sleep(rng.uniform(0.2, 0.9) * whole)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        cut_short += process.returncode == -signal.SIGKILL
        if (machine / "warehouse.sqlite").exists():
            with closing(sqlite3.connect(machine / "warehouse.sqlite")) as connection:
                assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
    return cut_short


@pytest.mark.parametrize("kills", [20, pytest.param(200, marks=pytest.mark.soak)])
def test_kills_at_random_moments_lose_and_double_nothing(machine: Path, expected: dict[str, Rows], kills: int) -> None:
    assert kill_again_and_again(machine, kills, random.Random(7)) == kills
    ingest(Workspace(machine, Settings()), jobs=1)
    assert_same(dump_warehouse(machine), expected)


def test_two_ingestions_at_once_double_nothing(machine: Path, expected: dict[str, Rows]) -> None:
    both = [start(), start(jobs=2)]
    for process in both:
        _, errors = process.communicate()
        assert process.returncode == 0 or b"Busy" in errors
    assert_same(dump_warehouse(machine), expected)


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_being_asked_to_end_leaves_a_consistent_store_and_exits_130(
    machine: Path, expected: dict[str, Rows], asked: signal.Signals
) -> None:
    process = subprocess.Popen([sys.executable, "-m", "tachograph", "ingest"], stderr=subprocess.PIPE)
    while not (machine / "warehouse.sqlite").exists():
        time.sleep(0.01)
    process.send_signal(asked)
    _, errors = process.communicate()
    assert process.returncode in (130, -asked)  # the second: it was done already, and Python about to end
    assert b"Traceback" not in errors
    ingest(Workspace(machine, Settings()), jobs=1)
    assert_same(dump_warehouse(machine), expected)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_workers_end_with_their_parent(machine: Path) -> None:
    process = start(jobs=3)  # itself and two more
    workers: list[int] = []
    while len(workers) < 2 and process.poll() is None:
        workers = children_of(process.pid)
    assert len(workers) == 2
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() and not is_zombie(pid) for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def children_of(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_the_lock_is_free_again_after_a_kill(machine: Path) -> None:
    process = start()
    while not (machine / "writer.lock").exists():
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    started = time.monotonic()
    ingest(Workspace(machine, Settings()), jobs=1, wait_seconds=60)
    assert time.monotonic() - started < 20
