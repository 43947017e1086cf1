"""Order, growth, interruption and purging never show: the loop holds what one fresh run would hold."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import pytest

from tachograph.app.learn.fold import load_alerts
from tachograph.app.learn.telemetry_points import forget_point
from tachograph.app.workspace import Workspace
from tachograph.learning.review import Reviewer
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader, open_writer, transaction, write_meta
from tests.builders.history import write_hard_history
from tests.loop.machine import ALL, TRIAL, Dump, Machine, assert_same, dump_loop, write_history
from tests.unit.telemetry.spans import Folder

STEPS = ("grow", "grow", "grow", "grow", "learn", "learn", "ingest", "cut")


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, bytes]:
    return write_history(tmp_path_factory.mktemp("history"))


@pytest.fixture(scope="module")
def hard_logs(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, bytes]:
    folder = tmp_path_factory.mktemp("hard")
    write_hard_history(folder)
    return {file.relative_to(folder): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.fixture
def machine(tmp_path: Path, logs: dict[Path, bytes], monkeypatch: pytest.MonkeyPatch) -> Machine:
    return at_machine(tmp_path / "machine", logs, monkeypatch)


def at_machine(folder: Path, logs: dict[Path, bytes], monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(folder / "claude"))
    monkeypatch.setenv("CODEX_HOME", str(folder / "codex"))
    return Machine(folder, logs)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, logs: dict[Path, bytes]) -> Dump:
    """What one run over everything comes to."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        return at_machine(tmp_path_factory.mktemp("fresh") / "machine", logs, monkeypatch).settle()


def test_the_history_holds_what_the_order_could_change(fresh: Dump) -> None:
    assert len(fresh["points"]) == ALL
    assert any(row[4] == "critical" for row in fresh["alerts"])
    assert any(name.startswith("incident ") for name in fresh)
    trial = fresh[f"trial {TRIAL}"]
    assert trial["state"] == "active"
    assert trial["target"]["n_treatment"] > 2
    assert trial["target"]["n_control"] > 2
    assert fresh["offers all"]
    assert any(name == "quality_relevance" for _, name, _ in fresh["kpis"])


@pytest.mark.parametrize("seed", [*range(8), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(8, 100))])
def test_any_course_of_events_comes_to_what_one_fresh_run_does(seed: int, machine: Machine, fresh: Dump) -> None:
    go_through(machine, seed)
    assert machine.interruptions
    assert_same(machine.settle(), fresh)


@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(4, 50))])
def test_so_does_a_history_of_forks_and_copies(
    seed: int, tmp_path: Path, hard_logs: dict[Path, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = at_machine(tmp_path / "fresh", hard_logs, monkeypatch).settle()
    machine = at_machine(tmp_path / "machine", hard_logs, monkeypatch)
    go_through(machine, seed)
    assert_same(machine.settle(), expected)


def go_through(machine: Machine, seed: int) -> None:
    """Logs come and grow, the loop goes round and is interrupted, at random."""
    chance = random.Random(seed)
    paths = sorted(machine.logs)
    for path in paths:
        machine.grow(path, 0.1)
    machine.learn_cut_short(-1)
    for _ in range(30):
        step = chance.choice(STEPS)
        if step == "grow":
            for path in chance.sample(paths, 4):
                machine.grow(path, chance.choice([0.2, 0.5, 1.0, 1.0]))
        elif step == "cut":
            machine.grow(chance.choice(paths), 0.5)
            machine.learn_cut_short(chance.randrange(-2, 6))
        else:
            getattr(machine, step)()


def test_old_sessions_that_come_late_are_judged_where_they_belong(machine: Machine, fresh: Dump) -> None:
    paths = sorted(machine.logs, key=lambda path: machine.logs[path][:2000], reverse=True)
    for path in paths:
        machine.grow(path)
        if path in paths[::7]:
            machine.learn()
    assert_same(machine.settle(), fresh)


def test_a_session_that_grows_is_judged_anew(machine: Machine, fresh: Dump) -> None:
    for path in machine.logs:
        machine.grow(path, 0.7)
    machine.learn()
    half = dump_loop(machine.workspace.folder)
    assert {row[0] for row in half["points"]} == {row[0] for row in fresh["points"]}
    assert half["kpis"] != fresh["kpis"]
    assert_same(machine.settle(), fresh)


def test_what_was_measured_before_an_interruption_is_judged_after_it(machine: Machine) -> None:
    machine.settle()
    folder = machine.workspace.folder
    latest = max(machine.logs, key=lambda path: machine.logs[path][:2000] * (len(path.parts) == 4))
    session = f"claude_code:{latest.stem}"
    score(machine, session, 0.0)
    machine.learn()
    assert f"{session} quality_relevance" in alerting(machine)
    score(machine, session, 1.0)  # the session ends when it did: only its score is another
    machine.learn_cut_short(-1)
    assert machine.interruptions == 1
    machine.learn()
    assert f"{session} quality_relevance" not in alerting(machine)
    found = dump_loop(folder)
    assert_same(found, forced_dump(machine))


def test_a_new_session_does_not_cost_the_whole_history(machine: Machine, fresh: Dump) -> None:
    mains = sorted((path for path in machine.logs if len(path.parts) == 4), key=lambda path: machine.logs[path][:2000])
    for path in machine.logs:
        if path != mains[-1]:
            machine.grow(path)
    machine.learn()
    judged = mock.Mock(side_effect=Reviewer.take, autospec=True)
    with mock.patch.object(Reviewer, "take", lambda *arguments, **options: judged(*arguments, **options)):
        found = machine.settle()
    assert 1 <= judged.call_count < 14
    assert_same(found, fresh)


def test_who_was_treated_counts_also_when_it_is_read_late(machine: Machine, fresh: Dump) -> None:
    file = machine.workspace.folder / "hooks" / "assignments.ndjson"
    file.rename(file.with_name("elsewhere"))
    machine.settle()
    file.with_name("elsewhere").rename(file)
    assert_same(machine.settle(), fresh)


def test_a_baseline_that_is_set_back_is_so_in_all_that_follows(machine: Machine) -> None:
    machine.settle()
    with open_writer(machine.workspace.folder) as connection, transaction(connection):
        connection.execute(
            "INSERT INTO baseline_resets (at, agent_type, agent, family, kpi) SELECT ended_at, 'main', NULL, NULL, NULL"
            " FROM points ORDER BY ended_at LIMIT 1 OFFSET 20"
        )
    machine.learn()
    found = dump_loop(machine.workspace.folder)
    assert_same(found, forced_dump(machine))


def score(machine: Machine, session: str, score: float) -> None:
    """A judge says something, or something else, of a session."""
    with open_writer(machine.workspace.folder) as connection, transaction(connection):
        row = (session, "relevance", "late", 1, score, "judge")
        connection.execute("INSERT OR REPLACE INTO evaluations VALUES (?, ?, ?, ?, ?, ?)", row)
        forget_point(connection, session)


def alerting(machine: Machine) -> set[str]:
    connection = open_reader(machine.workspace.folder)
    found = {f"{one.session} {one.kpi}" for one in load_alerts(connection, "severity <> 'info'")}
    connection.close()
    return found


def forced_dump(machine: Machine) -> Dump:
    """After everything was computed anew."""
    with open_writer(machine.workspace.folder) as connection, transaction(connection):
        connection.execute("DELETE FROM points")
        connection.execute("DELETE FROM kpis")
    machine.learn()
    return dump_loop(machine.workspace.folder)


def test_nothing_is_done_again_when_nothing_has_changed(machine: Machine) -> None:
    machine.settle()
    report = machine.learn()
    assert not report.changed
    assert report.new_sessions == 0
    assert report.sessions == ALL


@pytest.mark.parametrize("kills", [6, pytest.param(60, marks=pytest.mark.soak)])
def test_rounds_that_are_killed_leave_nothing_half_done(kills: int, machine: Machine, fresh: Dump) -> None:
    for path in machine.logs:
        machine.grow(path)
    environment = {**os.environ, "TACHO_DATA_DIR": str(machine.workspace.folder)}
    command = [sys.executable, "-m", "tachograph", "learn", "--quiet"]
    chance = random.Random(11)
    cut_short = 0
    for _ in range(kills):
        process = subprocess.Popen(command, env=environment)
        time.sleep(chance.uniform(0.1, 0.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
        cut_short += process.returncode == -signal.SIGKILL
    assert cut_short
    assert_same(machine.settle(), fresh)


def test_rounds_at_the_same_time_do_it_once(machine: Machine, fresh: Dump) -> None:
    for path in machine.logs:
        machine.grow(path)
    environment = {**os.environ, "TACHO_DATA_DIR": str(machine.workspace.folder)}
    command = [sys.executable, "-m", "tachograph", "learn", "--quiet"]
    several = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) for _ in range(3)]
    for process in several:
        _, errors = process.communicate()
        assert (process.returncode, errors) == (0, b"")
    assert_same(machine.settle(), fresh)


def test_sessions_of_telemetry_are_there_in_the_round_that_computes_everything_anew(
    machine: Machine, tmp_path: Path
) -> None:
    told = Folder(tmp_path / "telemetry").prompt().tool("Bash").tokens(1_000, 200).at(400).tool("Read")
    machine.workspace = Workspace(machine.workspace.folder, Settings(learn_folder=str(told.write())))
    before = machine.settle()
    assert sum(row[1] == "telemetry" for row in before["points"]) == 1
    with open_writer(machine.workspace.folder) as connection, transaction(connection):
        write_meta(connection, "kpi_fingerprint", "of another version")
    machine.learn()
    assert_same(dump_loop(machine.workspace.folder), before)
