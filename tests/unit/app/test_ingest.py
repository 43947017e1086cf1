from __future__ import annotations

import gc
import os
import shutil
from pathlib import Path

import pytest

from tachograph.app import ingest as ingestion
from tachograph.app.ingest import IngestReport, Progress, ingest
from tachograph.app.reading import read_log
from tachograph.app.workspace import Workspace
from tachograph.errors import UsageError
from tachograph.redaction import default_cleaner
from tachograph.settings import Settings
from tachograph.sources import LogFile, load_sources
from tachograph.warehouse.store import open_writer
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.codex import CodexHome
from tests.dump import assert_same, dump_warehouse


@pytest.fixture
def claude(home: Path) -> ClaudeHome:
    return ClaudeHome(home / ".claude")


@pytest.fixture
def log(claude: ClaudeHome) -> ClaudeLog:
    log = claude.project().session().prompt("One.").response(output=11).prompt("Two.").response(output=22)
    claude.write()
    return log


@pytest.fixture
def workspace(home: Path) -> Workspace:
    return Workspace(home / "tachograph", Settings())


def counts(report: IngestReport) -> tuple[int, int, int, int]:
    return report.seen, report.changed, report.sessions, report.responses


def outputs(workspace: Workspace) -> int:
    return sum(row[-6] for row in dump_warehouse(workspace.folder)["usage_quarters"])


def test_an_empty_machine_is_no_error(workspace: Workspace) -> None:
    assert counts(ingest(workspace)) == (0, 0, 0, 0)


def test_what_is_unchanged_is_not_read_again(workspace: Workspace, log: ClaudeLog) -> None:
    assert counts(ingest(workspace)) == (1, 1, 1, 2)
    assert counts(ingest(workspace)) == (1, 0, 0, 0)
    assert ingest(workspace).bytes == 0


def test_of_a_grown_log_only_what_was_added_is_parsed(workspace: Workspace, log: ClaudeLog) -> None:
    ingest(workspace)
    size = log.path.stat().st_size
    log.prompt("Three.").response(output=33).write()
    report = ingest(workspace)
    assert report.bytes == log.path.stat().st_size - size
    assert outputs(workspace) == 66


def test_a_log_that_changed_before_its_end_is_read_whole(workspace: Workspace, log: ClaudeLog) -> None:
    ingest(workspace)
    log.prompt("Three.").response(output=33).write()
    log.path.write_bytes(
        log.path.read_bytes()
        .replace(b'"output_tokens": 11', b'"output_tokens": 44')
        .replace(b'"output_tokens":11', b'"output_tokens":44')
    )
    report = ingest(workspace)
    assert report.bytes == log.path.stat().st_size
    assert outputs(workspace) == 44 + 22 + 33


@pytest.mark.parametrize("change", ["shorter", "replaced", "same size"])
def test_a_log_that_is_another_now_is_read_again(workspace: Workspace, log: ClaudeLog, change: str) -> None:
    ingest(workspace)
    content = log.path.read_bytes()
    if change == "shorter":
        log.path.write_bytes(b"".join(content.splitlines(keepends=True)[:2]))
        expected = 11
    elif change == "replaced":
        other = log.path.with_name("new")
        other.write_bytes(content.replace(b"22", b"77"))
        other.replace(log.path)
        expected = 88
    else:
        log.path.write_bytes(content.replace(b"22", b"77"))
        os.utime(log.path, ns=(1, 1))
        expected = 88
    ingest(workspace)
    assert outputs(workspace) == expected


def test_sessions_outlive_their_logs(workspace: Workspace, log: ClaudeLog) -> None:
    ingest(workspace)
    before = dump_warehouse(workspace.folder)
    log.path.unlink()
    for options in ({}, {"rebuild": True}, {"rederive": True}):
        ingest(workspace, **options)
        assert_same(dump_warehouse(workspace.folder), before)


def test_a_moved_log_counts_once(workspace: Workspace, log: ClaudeLog) -> None:
    ingest(workspace)
    moved = log.path.parent.with_name("-moved") / log.path.name
    moved.parent.mkdir()
    shutil.move(log.path, moved)
    ingest(workspace)
    assert outputs(workspace) == 33
    assert len(dump_warehouse(workspace.folder)["sessions"]) == 1
    with open_writer(workspace.folder) as connection:
        assert connection.execute("SELECT prompts, turns, tool_calls FROM sessions").fetchall() == [(2, 2, 0)]


def test_a_hard_link_is_the_same_log(workspace: Workspace, log: ClaudeLog) -> None:
    os.link(log.path, log.path.with_name("11111111-2222-4333-8444-555555555555.jsonl"))
    assert ingest(workspace).seen == 1


def test_agent_and_path_choose_what_is_read(workspace: Workspace, log: ClaudeLog, home: Path) -> None:
    codex = CodexHome(home / ".codex")
    codex.session().turn("gpt-5.4").prompt("Hello.").tokens(input=5, output=6).complete()
    codex.write()
    assert counts(ingest(workspace, agent="codex")) == (1, 1, 1, 1)
    elsewhere = home / "backup"
    shutil.copytree(home / ".claude" / "projects", elsewhere)
    assert counts(ingest(workspace, path=elsewhere)) == (1, 1, 1, 2)
    assert counts(ingest(workspace)) == (2, 1, 1, 2)
    assert outputs(workspace) == 33 + 6


def test_an_unknown_agent_is_named_with_the_known_ones(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="'claude'") as caught:
        ingest(workspace, agent="claude")
    assert "claude_code, codex" in caught.value.hint


def test_reading_processes_give_the_same_as_one_process(
    workspace: Workspace, claude: ClaudeHome, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        claude.project(f"/home/ada/p{number % 3}").session().prompt(f"Number {number}.").response(output=number)
    claude.write()
    ingest(workspace, jobs=1)
    monkeypatch.setattr(ingestion, "_PARALLEL_BYTES", 0)
    seen: list[Progress] = []
    parallel = Workspace(home / "parallel", Settings())
    ingest(parallel, jobs=2, on_progress=seen.append)
    assert_same(dump_warehouse(parallel.folder), dump_warehouse(workspace.folder))
    assert (seen[-1].done_logs, seen[-1].done_bytes) == (30, seen[-1].all_bytes)


def test_progress_never_goes_back(workspace: Workspace, log: ClaudeLog) -> None:
    seen: list[Progress] = []
    ingest(workspace, on_progress=seen.append)
    assert [progress.done_logs for progress in seen] == [1]


def test_a_mistake_of_a_source_keeps_no_other_log_out(
    workspace: Workspace, log: ClaudeLog, claude: ClaudeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tachograph.sources import claude_code

    second = claude.project("/home/ada/other").session().prompt("Broken.").response()
    second.write()
    parse = claude_code.parse

    def stumble(found, *arguments, **options):  # type: ignore[no-untyped-def]
        if found.path == str(second.path):
            raise ZeroDivisionError("division by zero")
        return parse(found, *arguments, **options)

    monkeypatch.setattr(claude_code, "parse", stumble)
    report = ingest(workspace, jobs=1)
    assert (report.sessions, report.unreadable) == (1, 1)
    problems = dump_warehouse(workspace.folder)["problems"]
    assert [(row[2], "ZeroDivisionError" in row[5]) for row in problems] == [("reader_failed", True)]
    monkeypatch.undo()


def test_reading_leaves_nothing_to_the_collector(home: Path) -> None:
    """It is switched off while logs are read: what holds itself would stay until the end."""
    claude, codex = ClaudeHome(home / ".claude"), CodexHome(home / ".codex")
    log = claude.project().session().prompt("Fix it.").shell("make", "boom", exit_code=2).response()
    log.subagent().prompt("Look.").response()
    codex.session().prompt("Fix it.").answer().tokens(input=10, output=5)
    claude.write()
    codex.write()
    logs = [one for source in load_sources().values() for one in source.discover(home) if isinstance(one, LogFile)]
    clean = default_cleaner()
    for one in logs:
        read_log(one, clean)  # what is made once and kept
    gc.collect()
    gc.disable()
    try:
        for one in logs:
            read_log(one, clean)
        assert gc.collect() == 0
    finally:
        gc.enable()
    assert len(logs) == 3
