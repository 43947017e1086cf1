"""A purged session is gone from all that the loop keeps and writes, and does not come back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.app.learn.fold import load_alerts, load_incidents, load_treated
from tachograph.app.purge import Target, plan_purge, purge
from tachograph.app.workspace import Workspace
from tachograph.cli._frame import run
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader
from tests.loop.machine import TRIAL, Machine, assert_same, dump_loop, write_history
from tests.unit.telemetry.spans import Folder


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    logs = write_history(tmp_path / "history")
    folder = tmp_path / "machine"
    for variable, name in {"CLAUDE_CONFIG_DIR": "claude", "CODEX_HOME": "codex", "TACHO_DATA_DIR": "data"}.items():
        monkeypatch.setenv(variable, str(folder / name))
    return Machine(folder, logs)


def gravest(machine: Machine) -> str:
    """A session that has an alert, is one of an incident, and was treated in the trial."""
    connection = open_reader(machine.workspace.folder)
    treated = set(load_treated(connection))
    in_incidents = {row.session for one in load_incidents(connection) for row in one.sessions}
    alerts = load_alerts(connection, "severity <> 'info'")
    connection.close()
    return next(one.session for one in alerts if one.session in treated & in_incidents)


def purge_session(machine: Machine, session: str) -> None:
    connection = open_reader(machine.workspace.folder)
    plan = plan_purge(connection, Target(session=session))
    connection.close()
    assert purge(machine.workspace, plan).erased


def traces(folder: Path, session: str) -> list[str]:
    """Files in which the session's own id stands."""
    native = session.partition(":")[2].encode()
    return [
        str(file.relative_to(folder))
        for file in sorted(folder.rglob("*"))
        if file.is_file() and native in file.read_bytes()
    ]


def test_nothing_of_a_purged_session_is_left(machine: Machine) -> None:
    machine.settle()
    folder, session = machine.workspace.folder, gravest(machine)
    (folder / "hooks" / "let-through").write_text(f"0123456789abcdef {session}\n")
    (folder / "reports").mkdir(exist_ok=True)
    assert run(["report", "weekly", "--week", "2026-W22", "--markdown", str(folder / "reports" / "weekly.md")]) == 0
    assert {"active.json", "hooks/assignments.ndjson", "hooks/let-through", "warehouse.sqlite"} <= {
        *traces(folder, session)
    }
    written = (folder / "hooks" / "assignments.ndjson").read_bytes()
    purge_session(machine, session)
    assert traces(folder, session) == []
    left = (folder / "hooks" / "assignments.ndjson").read_bytes()
    assert len(left) == len(written)  # a hook that adds a line in the meantime loses nothing
    assert left.count(TRIAL.encode()) == written.count(TRIAL.encode()) - 1
    machine.learn()
    assert traces(folder, session) == []
    with_it = dump_loop(folder)
    assert session not in str(with_it)
    assert len(with_it["points"]) > 20


def test_the_rest_is_as_if_the_session_had_never_been(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.settle()
    session = gravest(machine)
    purge_session(machine, session)
    machine.learn()
    without = {path: content for path, content in machine.logs.items() if session.partition(":")[2] not in str(path)}
    assert len(without) < len(machine.logs)
    for variable, name in {"CLAUDE_CONFIG_DIR": "claude", "CODEX_HOME": "codex"}.items():
        monkeypatch.setenv(variable, str(tmp_path / "other" / name))
    other = Machine(tmp_path / "other", without)
    assert_same(dump_loop(machine.workspace.folder), other.settle())


def test_what_telemetry_tells_does_not_bring_a_purged_session_back(machine: Machine, tmp_path: Path) -> None:
    machine.settle()
    session = gravest(machine)
    native = session.partition(":")[2]
    told = Folder(tmp_path / "telemetry")
    told.prompt(session=native).tool("Bash", native).tokens(1_000, 200, session=native).score("relevance", 0.9, native)
    machine.workspace = Workspace(machine.workspace.folder, Settings(learn_folder=str(told.write())))
    machine.learn()
    connection = open_reader(machine.workspace.folder)
    assert connection.execute("SELECT session FROM telemetry").fetchall() == [(session,)]
    connection.close()
    purge_session(machine, session)
    told.prompt("more", native).score("relevance", 0.8, native, timestamp="2026-05-29T21:00:00.000Z").write()
    machine.learn()
    assert session not in str(dump_loop(machine.workspace.folder))
    assert traces(machine.workspace.folder, session) == []
