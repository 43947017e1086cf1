"""``tacho goal ensure-active``: work that has started without a goal."""

from __future__ import annotations

import os
import shutil
from datetime import UTC
from pathlib import Path

import pytest

from tachograph.app.goals.book import Author, Book
from tachograph.app.goals.place import LedgerPlace
from tachograph.app.goals.recovery import find_start
from tachograph.app.goals.started_work import StartedWork, find_started_work
from tachograph.ledger.replay import State
from tachograph.model.goal import Goal
from tests.goals.commands import Goals, git, goals

__all__ = ["goals"]

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def repo(goals: Goals) -> Goals:
    """A repository with a commit."""
    os.rmdir(goals.folder / ".git")
    git(goals.folder, "init", "-q")
    for name in ("src/app.py", "src/login.py", "README.md"):
        write(goals.folder, name, "one\n")
    write(goals.folder, ".gitignore", "*.log\n")
    git(goals.folder, "add", ".")
    git(goals.folder, "commit", "-qm", "First")
    return goals


def write(folder: Path, name: str, text: str = "new\n") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def state_of(goals: Goals) -> str:
    return str(goals.json("ensure-active", schema="goal_ensure_active")["state"])


def changed(goals: Goals) -> list[str]:
    return list(find_started_work(LedgerPlace(goals.folder, goals.ledger)).paths)


def test_a_clean_tree_needs_no_goal(repo: Goals) -> None:
    told = repo("ensure-active")
    assert told == "No goal is open, and nothing has changed since the last commit.\n"
    assert state_of(repo) == "clean_no_active_goal"
    assert not repo.ledger.exists()


def test_started_work_gets_a_draft_and_one_is_enough(repo: Goals) -> None:
    write(repo.folder, "src/app.py")
    write(repo.folder, "src/new.py")
    write(repo.folder, "tests/test_app.py")
    answer = repo.json("ensure-active", schema="goal_ensure_active")
    assert (answer["state"], answer["changed_paths"]) == ("started_work_without_active_goal", 3)
    assert answer["folders"] == [{"name": "src", "paths": 2}, {"name": "tests", "paths": 1}]
    (goal,) = answer["goals"]
    assert (goal["title"], goal["goal_type"], goal["status"], goal["notes"]) == (
        "Recover active task: src, tests", "meta", "in_progress",
        "Work had started without a goal: 3 changed files in src (2), tests (1).",
    )  # fmt: skip
    again = repo.json("ensure-active", schema="goal_ensure_active")
    assert (again["state"], again["goals"]) == ("active_goal_exists", [goal])
    assert len(repo.lines()) == 1


def test_the_draft_is_told_to_a_person(repo: Goals) -> None:
    write(repo.folder, "README.md")
    first, second, third = repo("ensure-active").splitlines()
    name = repo.lines()[0]["goal_id"]
    assert first == "Work has started (1 changed file) and no goal was open: this draft was made."
    assert second.startswith(f"{name} · Recover active task: README.md · since 20")
    assert third == f'tacho goal update {name} --title "…" --type product says what it is.'
    assert repo("ensure-active").splitlines() == ["1 goal in progress", second]


def test_an_open_goal_is_enough_whatever_has_changed(goals: Goals) -> None:
    goals.start()
    assert state_of(goals) == "active_goal_exists"


@pytest.mark.parametrize("file", ["a.py", "src/app.py", "README.md"])
def test_the_first_path_is_told_whole(repo: Goals, file: str) -> None:
    write(repo.folder, file, "changed\n")
    assert changed(repo) == [file]


CHANGES = {
    "staged": (lambda folder: (write(folder, "src/app.py"), git(folder, "add", ".")), ["src/app.py"]),
    "staged and taken back": (
        lambda folder: (write(folder, "src/app.py"), git(folder, "add", "."), write(folder, "src/app.py", "one\n")),
        ["src/app.py"],
    ),
    "deleted": (lambda folder: (folder / "src/app.py").unlink(), ["src/app.py"]),
    "moved": (lambda folder: git(folder, "mv", "src/app.py", "main.py"), ["main.py", "src/app.py"]),
    "ignored": (lambda folder: write(folder, "debug.log"), []),
    "only touched": (lambda folder: os.utime(folder / "src/app.py", (1, 1)), []),
    "spaces and umlauts": (lambda folder: write(folder, "a b/ü.py"), ["a b/ü.py"]),
    "the ledger": (lambda folder: write(folder, "metrics/events.ndjson", ""), []),
    "beside the ledger": (lambda folder: write(folder, "metrics/events.ndjson.20260504T090000.bak"), []),
    "not the ledger": (lambda folder: write(folder, "metrics/other.ndjson"), ["metrics/other.ndjson"]),
    "another repository": (lambda folder: ((folder / "inner").mkdir(), git(folder / "inner", "init", "-q")), []),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_counts_as_work(repo: Goals, name: str) -> None:
    make, paths = CHANGES[name]
    make(repo.folder)
    assert changed(repo) == paths


def test_files_before_the_first_commit_are_work(goals: Goals) -> None:
    os.rmdir(goals.folder / ".git")
    git(goals.folder, "init", "-q")
    write(goals.folder, "a.py")
    write(goals.folder, "b.py")
    git(goals.folder, "add", "a.py")
    work = find_started_work(LedgerPlace(goals.folder, goals.ledger))
    assert (work.paths, len(work.times), work.committed_at) == (("a.py", "b.py"), 2, None)


def test_a_ledger_of_a_part_of_the_tree_is_about_that_part(repo: Goals, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repo.folder, "README.md")
    write(repo.folder, "pkg/metrics/events.ndjson", "")
    monkeypatch.chdir(repo.folder / "pkg")
    assert state_of(repo) == "clean_no_active_goal"
    write(repo.folder, "pkg/a.py")
    assert state_of(repo) == "started_work_without_active_goal"


def test_nothing_of_the_repository_is_run_and_nothing_in_it_is_written(repo: Goals) -> None:
    marker = repo.folder.parent / "ran"
    program = write(repo.folder.parent, "evil.sh", f"#!/bin/sh\ntouch {marker}\ncat\n")
    program.chmod(0o755)
    write(repo.folder, ".gitattributes", "*.py filter=evil\n")
    for key in ("filter.evil.clean", "core.fsmonitor", "diff.external", "core.pager"):
        git(repo.folder, "config", key, str(program))
    marker.unlink(missing_ok=True)
    write(repo.folder, "src/app.py", "other\n")
    before = {path: path.stat().st_mtime_ns for path in (repo.folder / ".git").rglob("*")}
    assert changed(repo) == [".gitattributes", "src/app.py"]
    assert not marker.exists()
    assert {path: path.stat().st_mtime_ns for path in (repo.folder / ".git").rglob("*")} == before


def test_without_a_git_tree_it_cannot_be_told(goals: Goals) -> None:
    os.rmdir(goals.folder / ".git")
    answer = goals.json("ensure-active", schema="goal_ensure_active")
    assert (answer["state"], answer["why_uncertain"]) == ("detection_uncertain", "this is no git repository")
    assert "cannot be told: this is no git repository." in goals("ensure-active")
    assert not goals.ledger.exists()


def test_without_git_it_cannot_be_told(repo: Goals, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = repo.json("ensure-active", schema="goal_ensure_active")
    assert (answer["state"], answer["why_uncertain"]) == ("detection_uncertain", "git is not installed")


def test_a_damaged_repository_cannot_be_told(repo: Goals) -> None:
    (repo.folder / ".git" / "index").write_bytes(b"DIRC nonsense")
    assert state_of(repo) == "detection_uncertain"


def test_hostile_names_are_harmless(repo: Goals) -> None:
    write(repo.folder, "a\x1b[31m\u202e\n/x.py")
    told = repo("ensure-active")
    assert [char for char in "\x1b\u202e" if char in told] == []
    assert "\x1b" not in repo.ledger.read_text()
    assert repo.lines()[0]["title"] == "Recover active task: a\ufffd[31m\ufffd"


def test_the_draft_is_the_agents(repo: Goals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEX_THREAD_ID", "0199a213-81c0-7800-8aa1-bbab2a035a53")
    write(repo.folder, "a.py")
    (goal,) = repo.json("ensure-active", schema="goal_ensure_active")["goals"]
    assert (goal["agent"], goal["sessions"]) == ("codex", ["codex:0199a213-81c0-7800-8aa1-bbab2a035a53"])


def test_a_goal_that_somebody_starts_meanwhile_is_enough(repo: Goals, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(place: LedgerPlace) -> StartedWork:
        Book(place, Author(), UTC).start("Quicker", "product")
        return find_started_work(place)

    monkeypatch.setattr("tachograph.app.goals.recovery.find_started_work", look)
    write(repo.folder, "a.py")
    answer = repo.json("ensure-active", schema="goal_ensure_active")
    assert (answer["state"], [one["title"] for one in answer["goals"]]) == ("active_goal_exists", ["Quicker"])
    assert len(repo.lines()) == 1


STARTS = [
    ([50, 60], None, None, 50),
    ([10, 50, 60], 20, None, 50),
    ([10, 50, 60], 20, 55, 60),
    ([10], 20, None, 100),
    ([], None, None, 100),
    ([200], None, None, 100),
]


@pytest.mark.parametrize(("times", "committed", "finished", "start"), STARTS)
def test_the_draft_begins_with_the_oldest_change_since_the_commit_and_the_last_goal(
    times: list[int], committed: int | None, finished: int | None, start: int
) -> None:
    goal = Goal(id="a", key="a", title="a", type="meta", status="success", started_at=1, finished_at=finished)
    work = StartedWork(("a",), tuple(times), committed)
    assert find_start(State((goal,), (), 0), work, now_ms=100) == start
