"""What an adversary found in scoring: each case once made a finding that is wrong, hid one, or took for ever."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tachograph.analysis.detectors import Detector, Scene, find_waste, load_detectors
from tachograph.app import rebuild
from tachograph.app.filters import make_filter
from tachograph.app.findings import FindingFilter, list_findings
from tachograph.app.ingest import ingest
from tachograph.app.judging import score_trajectory
from tachograph.app.workspace import Workspace
from tachograph.model import Finding, Session
from tachograph.settings import Settings
from tachograph.warehouse import store
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.codex import CodexHome, CodexLog
from tests.builders.session import SessionScript
from tests.builders.waste import Story, read_log, scene_of
from tests.effort import least_seconds, takes_at_most
from tests.unit.judge.fake_server import MODEL, FakeServer, serving, status, tags

TEXT = "a line of some file\n" * 20
OUTPUT = "/home/ada/site/out.txt"


@pytest.fixture
def claude(home: Path) -> ClaudeHome:
    return ClaudeHome(home / ".claude")


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with serving() as running:
        yield running


def begin_claude() -> ClaudeLog:
    return ClaudeHome(Path("/home/ada/.claude")).project().session().prompt()


def begin_codex() -> CodexLog:
    return CodexHome(Path("/home/ada/.codex")).session().turn().prompt()


def found_in(log: ClaudeLog | CodexLog) -> list[str]:
    return [finding.detector for finding in find_waste(scene_of(read_log(log)))]


# ------------------------------------------------------------------------------------------------ wrong findings


def build_in_background(how: str) -> ClaudeLog | CodexLog:
    """A session in which a build has been started that still runs."""
    if how == "codex":
        running = "Chunk ID: a\nWall time: 10.0 seconds\nProcess running with session ID 7\nOutput:\n"
        return begin_codex().call("exec_command", {"cmd": "make build"}).output(running).tokens(input=10)
    if how == "ampersand":
        return begin_claude().shell("make build > build.txt &")
    detail = {"stdout": "", "stderr": "", "interrupted": False, "backgroundTaskId": "b1"}
    given = {"command": "make build", "run_in_background": True}
    return begin_claude().tool("Bash", given, result="Command running in background with ID: b1", detail=detail)


@pytest.mark.parametrize("how", ["claude", "ampersand", "codex"])
def test_a_command_at_work_in_the_background_may_change_the_outcome(how: str) -> None:
    log = build_in_background(how)
    for _ in range(2):
        log.shell("grep done out.txt", "grep: out.txt: No such file or directory", 2)
    assert found_in(log) == []


@pytest.mark.parametrize("how", ["claude", "ampersand", "codex"])
def test_a_command_at_work_in_the_background_may_change_a_file(how: str) -> None:
    log = build_in_background(how)
    for _ in range(2):
        if isinstance(log, CodexLog):
            log.shell("cat out.txt", TEXT).tokens(input=10)
        else:
            log.read(OUTPUT, TEXT)
    assert found_in(log) == []


@pytest.mark.parametrize(
    "more", [{"dangerouslyDisableSandbox": True}, {"timeout": 600_000}], ids=["outside the sandbox", "with more time"]
)
def test_a_command_run_in_another_way_is_no_retry(more: dict[str, Any]) -> None:
    log = begin_claude()
    for given in ({}, more):
        log.tool("Bash", {"command": "npm test", **given}, result="Exit code 1\nit was not permitted", error=True)
    assert found_in(log) == []


def test_a_command_run_with_more_rights_is_no_retry() -> None:
    log = begin_codex()
    packed = json.dumps({"output": "it was not permitted", "metadata": {"exit_code": 1, "duration_seconds": 0.1}})
    for more in ({}, {"with_escalated_permissions": True, "justification": "It needs the network."}):
        log.call("shell", {"command": ["bash", "-lc", "npm test"], **more}).output(packed).tokens(input=10)
    assert found_in(log) == []


def test_a_near_repetition_is_not_hidden_by_a_far_one(claude: ClaudeHome, home: Path) -> None:
    log = claude.project().session().prompt().read(OUTPUT, TEXT).read(OUTPUT, TEXT)
    for _ in range(30):
        log.response()
    log.read(OUTPUT, TEXT).response()
    claude.write()
    workspace = Workspace(home / "tachograph", Settings())
    ingest(workspace, jobs=1)
    with closing(open_reader(workspace.folder)) as connection:
        wanted = FindingFilter("redundant_read", max_gap_turns=5)
        assert len(list_findings(connection, make_filter(), wanted, 0)) == 1


# --------------------------------------------------------------------------------------------------------- time


def nested_rewinds(size: int) -> Session:
    story = Story()
    for parent in [*range(size), *reversed(range(size))]:
        story.prompt(parent=parent).answer(output=1)
    return story.done()


def flat_rewinds(size: int) -> Session:
    story = Story()
    for _ in range(size):
        story.prompt(parent=1).answer(output=1)
    return story.done()


def failed_edits(size: int) -> Session:
    story = Story()
    for number in range(size):
        story.answer().call("Edit", "edit", status="error", path=f"/a/f{number}")
    for number in range(size):
        story.answer().read(number, path=f"/b/g{number}")
    return story.done()


def all_read_twice(size: int) -> Session:
    story = Story()
    for number in [*range(size), *range(size)]:
        story.answer().read(number)
    return story.done()


def all_failed_twice(size: int) -> Session:
    story = Story()
    fields = {"status": "error", "error_hash": 1, "exit_code": 2, "result_hash": 1}
    for number in [*range(size), *range(size)]:
        story.call(command=f"grep a f{number}", command_hash=number, **fields).wait(0.1)
    return story.done()


# Once quadratic, nested rewinds cubic: a session of 6 MB with 4,000 prompts that were rewound, or of 30 MB with
# 10,000 failed edits and as many reads, takes minutes.
@pytest.mark.parametrize(
    ("detector", "build", "size"),
    [
        ("abandoned_branch", nested_rewinds, 60),
        ("abandoned_branch", flat_rewinds, 300),
        ("failed_edit_loop", failed_edits, 130),
        ("redundant_read", all_read_twice, 500),
        ("repeated_failed_retry", all_failed_twice, 350),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_detector_takes_time_in_proportion(detector: str, build: Callable[[int], Session], size: int) -> None:
    find = load_detectors()[detector]
    short, long = build(size), build(4 * size)
    find(scene_of(short))
    takes_at_most(9 * least_seconds(lambda: find(scene_of(short))), lambda: find(scene_of(long)))


def test_reminders_that_never_end_are_read_in_proportion() -> None:
    logs = [begin_claude().shell("cat a.txt", "<system-reminder>" * size) for size in (400, 1600)]
    read_log(logs[0])
    takes_at_most(9 * least_seconds(lambda: read_log(logs[0])) + 0.02, lambda: read_log(logs[1]))


_PEAK = """
import resource, tachograph.app.ingest as ingestion
from tachograph.app.workspace import Workspace
ingestion.ingest(Workspace(), jobs=1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.soak
@pytest.mark.skipif(sys.platform != "linux", reason="counts memory in kB")
def test_many_subagents_that_read_the_same_take_little_memory(claude: ClaudeHome) -> None:
    main = claude.project().session().prompt()
    for _ in range(1000):
        agent = main.subagent().prompt("Look at it.")
        for number in range(8):
            agent.read(f"/home/ada/site/f{number}.py", f"{number} {TEXT}")
    claude.write()
    done = subprocess.run([sys.executable, "-c", _PEAK], check=True, capture_output=True, env=dict(os.environ))
    assert int(done.stdout) <= 300


# ----------------------------------------------------------------------------------------------------- the store


def test_a_detector_that_stumbles_over_one_session_keeps_nothing_out(
    claude: ClaudeHome, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = [claude.project().session().prompt("Hello.").response() for _ in range(2)]
    claude.write()
    detectors = load_detectors()

    def stumble(scene: Scene) -> list[Finding]:
        if scene.session.native_id == logs[0].session_id:
            raise RecursionError("a mistake of ours")
        return []

    broken = {**detectors, "heavy_result": Detector("heavy_result", "Broken", "session", stumble)}
    monkeypatch.setattr("tachograph.analysis.detectors._registry.load_detectors", lambda: broken)
    report = ingest(Workspace(home / "tachograph", Settings()), jobs=1)
    with closing(open_reader(home / "tachograph")) as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (2,)
        problems = connection.execute("SELECT slug, detail FROM problems").fetchall()
    assert report.problems == 1
    assert [(slug, "heavy_result failed (RecursionError in" in detail) for slug, detail in problems] == [
        ("detector_failed", True)
    ]


def leave_deleted_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have SQLite keep what was deleted, as most builds do (Debian's does not)."""
    tune: Callable[[sqlite3.Connection], None] = store._tune

    def plainly(connection: sqlite3.Connection) -> None:
        tune(connection)
        connection.execute("PRAGMA secure_delete = OFF")

    monkeypatch.setattr(store, "_tune", plainly)


def test_text_that_was_not_erased_in_time_is_erased_later(
    claude: ClaudeHome, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_deleted_bytes(monkeypatch)
    log = claude.project().session()
    for number in range(400):
        log.prompt(f"Mind the marmalade {number}, " + "please " * 40).shell(f"ls marmalade{number}", "no such file", 2)
    claude.write()
    folder = home / "tachograph"
    ingest(Workspace(folder, Settings()), jobs=1)
    log.path.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(rebuild, "erase_free_pages", interrupt)
        with pytest.raises(KeyboardInterrupt):
            ingest(Workspace(folder, Settings(store_text="none")), jobs=1)
    ingest(Workspace(folder, Settings(store_text="none")), jobs=1)
    assert [file.name for file in sorted(folder.iterdir()) if b"marmalade" in file.read_bytes()] == []


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


# ----------------------------------------------------------------------------------------------------- the judge


def test_a_secret_in_a_servers_fault_is_not_told(server: FakeServer) -> None:
    secret = "ghp" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    server.on("/api/tags", tags(MODEL)).on("/api/chat", status(500, f"upstream said no to {secret}".encode()))
    session = SessionScript().prompt("Repair the login.").response(output=5).done()
    score = score_trajectory(None, session, server.config(), ask_now=True, store=None)
    assert "upstream said no to" in str(score)
    assert secret not in str(score)
