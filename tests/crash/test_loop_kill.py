"""Whatever ends a round of the loop, or runs beside it, the next round comes to what one undisturbed round does."""

from __future__ import annotations

import json
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

from tachograph.app.hooks.installed import Installed, InstalledFile, write_installed
from tachograph.app.learn.agent_types import AgentTypes
from tachograph.app.learn.points import refresh_points
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader, open_writer
from tests.loop.machine import Dump, Machine, assert_same, dump_loop, write_history

ROOT = Path(__file__).parents[2]
_PROGRAM = """
import sys
from pathlib import Path
from tachograph.app.learn.run import learn
from tachograph.app.workspace import Workspace
from tests.crash.test_loop_kill import settings_of
from tests.loop.machine import still
folder = Path(sys.argv[1])
with still():
    learn(Workspace(folder / "data", settings_of(folder)), wait_seconds=30)
"""
DECIDED = ("retire", "activate")
"""What the loop decides by itself: on what a person has put to the test, or with nothing under test yet."""


def settings_of(folder: Path) -> Settings:
    """All that the loop may do by itself."""
    return Settings(
        learn_activation="auto", learn_promotion="auto", learn_policy="quick", learn_folder=str(folder / "telemetry")
    )


def at_machine(folder: Path, logs: dict[Path, bytes], monkeypatch: pytest.MonkeyPatch, decided: str) -> Machine:
    for variable, name in {"CLAUDE_CONFIG_DIR": "claude", "CODEX_HOME": "codex"}.items():
        monkeypatch.setenv(variable, str(folder / name))
    machine = Machine(folder, logs)
    machine.workspace = Workspace(folder / "data", settings_of(folder))
    (folder / "telemetry").mkdir()
    file = InstalledFile(agent="claude_code", scope="user", path="/none", written="", existed=False)
    write_installed(folder / "data", Installed(activation="auto", files=(file,)))
    if decided == "activate":
        (folder / "data" / "hooks" / "assignments.ndjson").unlink()
        with closing(sqlite3.connect(folder / "data" / "warehouse.sqlite")) as connection:
            connection.execute("DELETE FROM decisions")
            connection.commit()
    for path in logs:
        machine.grow(path)
    return machine


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, bytes]:
    return write_history(tmp_path_factory.mktemp("history"))


@pytest.fixture(scope="module", params=DECIDED)
def decided(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, logs: dict[Path, bytes], decided: str
) -> tuple[Dump, dict[str, object]]:
    """What one round comes to: in the warehouse, and in the telemetry folder."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        machine = at_machine(tmp_path_factory.mktemp("undisturbed") / "machine", logs, monkeypatch, decided)
        return settle(machine)


@pytest.fixture
def machine(tmp_path: Path, logs: dict[Path, bytes], monkeypatch: pytest.MonkeyPatch, decided: str) -> Machine:
    return at_machine(tmp_path / "machine", logs, monkeypatch, decided)


def settle(machine: Machine) -> tuple[Dump, dict[str, object]]:
    """Rounds until nothing changes any more."""
    for _ in range(3):
        machine.learn()
    return dump_loop(machine.folder / "data"), published(machine.folder / "telemetry")


def published(folder: Path) -> dict[str, object]:
    """Every file's content, the history's as the lines that can be read."""
    found: dict[str, object] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        found[str(path.relative_to(folder))] = sorted(content.splitlines()) if path.suffix == ".jsonl" else content
    return found


def start(machine: Machine) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", _PROGRAM, str(machine.folder)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, cwd=ROOT, env=dict(os.environ))


def test_the_undisturbed_round_decides_by_itself(undisturbed: tuple[Dump, dict[str, object]], decided: str) -> None:
    assert [row[4] for row in undisturbed[0]["decisions"] if row[5] == "auto"] == [decided]
    assert "history/kpis.jsonl" in undisturbed[1]


def test_sessions_of_a_round_that_was_killed_before_its_files_have_theirs_from_the_next_one(
    machine: Machine, undisturbed: tuple[Dump, dict[str, object]]
) -> None:
    machine.ingest()
    with open_writer(machine.workspace.folder) as connection:
        assert refresh_points(connection, AgentTypes({}))
    dump, files = settle(machine)
    assert_same(dump, undisturbed[0])
    assert files.keys() >= undisturbed[1].keys()


@pytest.mark.slow
@pytest.mark.parametrize("kills", [10, pytest.param(100, marks=pytest.mark.soak)])
def test_kills_at_random_moments_lose_and_double_nothing(
    kills: int, machine: Machine, undisturbed: tuple[Dump, dict[str, object]]
) -> None:
    chance = random.Random(5)
    wait, cut_short = 0.2, 0
    for _ in range(6 * kills):
        process = start(machine)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        cut_short += process.returncode == -signal.SIGKILL
        if process.returncode == 0:  # it was done already: the next one has everything to do again, and less time
            forget(machine)
            wait *= chance.uniform(0.5, 1.0)
        else:
            wait *= chance.uniform(1.0, 1.4)
        if cut_short == kills:
            break
    assert cut_short == kills
    dump, files = settle(machine)
    assert_same(dump, undisturbed[0])
    assert {name: files.get(name) for name in undisturbed[1]} == undisturbed[1]


def forget(machine: Machine) -> None:
    """Undo what rounds have derived; what was decided stays."""
    with closing(sqlite3.connect(machine.folder / "data" / "warehouse.sqlite")) as connection:
        for table in ("points", "kpis", "alerts"):
            connection.execute(f"DELETE FROM {table}")
        connection.execute("UPDATE meta SET value = '' WHERE name = 'loop_stamp'")
        connection.commit()


def test_five_rounds_an_ingestion_and_a_reader_at_once_double_nothing(
    machine: Machine, undisturbed: tuple[Dump, dict[str, object]]
) -> None:
    processes = [start(machine) for _ in range(5)]
    seen = set()
    while any(process.poll() is None for process in processes):
        with closing(open_reader(machine.folder / "data")) as connection:
            seen.add(connection.execute("SELECT count(*) FROM alerts").fetchone()[0])
    for process in processes:
        _, errors = process.communicate()
        assert (process.returncode, errors) == (0, b"")
    assert seen <= {0, len(undisturbed[0]["alerts"])}  # all of them at once, or none
    dump, files = settle(machine)
    assert_same(dump, undisturbed[0])
    assert files == undisturbed[1]
    lines = [json.loads(line) for line in (machine.folder / "telemetry/history/kpis.jsonl").read_bytes().splitlines()]
    assert len(lines) == len({line["session_id"] for line in lines})
