"""The ledger's file: several writers, kills, links, and git."""

from __future__ import annotations

import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
from datetime import UTC
from pathlib import Path

import pytest

from tachograph.app.goals.book import Author, Book, read
from tachograph.app.goals.place import LedgerPlace
from tachograph.errors import TachographError
from tachograph.ledger import file

WRITE = """
import sys
from datetime import UTC
from pathlib import Path
from tachograph.app.goals.book import Author, Book
from tachograph.app.goals.place import LedgerPlace
book = Book(LedgerPlace(Path(sys.argv[1]).parent, Path(sys.argv[1])), Author(), UTC)
goal = book.start(f"By {sys.argv[2]}", "meta")
print(goal.key, flush=True)
for number in range(1, int(sys.argv[3])):
    book.add_usage(goal.key, None, number)
    print(number, flush=True)
"""


@pytest.fixture
def place(tmp_path: Path) -> LedgerPlace:
    return LedgerPlace(tmp_path, tmp_path / "metrics" / "events.ndjson")


def book(place: LedgerPlace) -> Book:
    return Book(place, Author(), UTC)


def write(place: LedgerPlace, name: str, events: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", WRITE, str(place.path), name, str(events)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def test_eight_writers_of_two_hundred_events_lose_none(place: LedgerPlace) -> None:
    writers = [write(place, str(number), 200) for number in range(8)]
    told = [writer.communicate(timeout=300)[0] for writer in writers]
    assert [len(one.splitlines()) for one in told] == [200] * 8
    found = read(place)
    assert (found.problems, found.lines, len(found.events)) == ((), 1600, 1600)
    assert sorted(goal.title for goal in found.state.goals) == [f"By {number}" for number in range(8)]
    assert len({goal.id for goal in found.state.goals}) == 8
    assert all([one.tokens for one in goal.manual] == list(range(1, 200)) for goal in found.state.goals)


@pytest.mark.parametrize("kills", [20, pytest.param(200, marks=pytest.mark.soak)])
def test_a_kill_at_any_moment_loses_nothing_that_was_told(place: LedgerPlace, kills: int) -> None:
    dice = random.Random(5)
    told: dict[str, int] = {}
    torn: list[int] = []  # by their line; since ended, as the next writer does
    for number in range(kills):
        with write(place, str(number), 100_000) as writer:
            assert writer.stdout is not None
            key = writer.stdout.readline().strip()
            time.sleep(dice.uniform(0, 0.03))
            writer.send_signal(signal.SIGKILL)
            told[key] = writer.stdout.read().count("\n")
        found = read(place)
        problems = [(one.line, one.slug) for one in found.problems]
        new = [line for line, slug in problems if slug == "torn_line"]
        assert problems == [(line, "not_json") for line in torn] + [(line, "torn_line") for line in new]
        assert new in ([], [found.lines])
        torn += new
        goals = {goal.key: goal for goal in found.state.goals}
        assert all(len(goals[key].manual) >= least for key, least in told.items())
        book(place).start("After", "meta")
        assert len(read(place).state.goals) == len(goals) + 1
    assert sum(told.values()) > kills


def test_a_torn_line_is_ended_before_the_next_is_written(place: LedgerPlace) -> None:
    book(place).start("One", "meta")
    whole = place.path.read_bytes()
    place.path.write_bytes(whole + b'{"ts": "2026-11-')
    book(place).start("Two", "meta")
    assert place.path.read_bytes().startswith(whole + b'{"ts": "2026-11-\n{')
    found = read(place)
    assert [goal.title for goal in found.state.goals] == ["One", "Two"]
    assert [(one.line, one.slug) for one in found.problems] == [(2, "not_json")]


def test_the_ledger_is_private_and_grows_only(place: LedgerPlace) -> None:
    book(place).start("One", "meta")
    before = place.path.read_bytes()
    assert stat.S_IMODE(place.path.stat().st_mode) == 0o600
    book(place).start("Two", "meta")
    assert place.path.read_bytes().startswith(before)


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_plain_file_is_left_alone(place: LedgerPlace, tmp_path: Path, kind: str) -> None:
    place.path.parent.mkdir()
    other = tmp_path / "precious"
    other.write_text("mine")
    if kind == "link":
        place.path.symlink_to(other)
    elif kind == "pipe":
        os.mkfifo(place.path)
    else:
        place.path.mkdir()
    with pytest.raises(TachographError):
        book(place).start("One", "meta")
    with pytest.raises(TachographError):
        read(place)
    assert other.read_text() == "mine"


def test_a_repair_and_a_writer_do_not_lose_each_others_work(place: LedgerPlace) -> None:
    turns = 0
    with write(place, "w", 100) as writer:
        while writer.poll() is None:
            if place.path.exists():
                file.replace(place.path, lambda content: content.rstrip(b"\n") + b"\n\n" if content else content)
                turns += 1
            time.sleep(0.02)
    found = read(place)
    assert writer.returncode == 0
    assert turns > 1
    assert (found.problems, len(found.events)) == ((), 100)


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    names = ("-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *names, *arguments], cwd=folder, capture_output=True, text=True, timeout=60)


def clones(tmp_path: Path, *, union: bool) -> tuple[LedgerPlace, LedgerPlace]:
    """Two clones of a repository with a goal, each of which then goes on with it and starts two of its own."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    git(first, "init", "-q", "-b", "main")
    places = [LedgerPlace(one, one / "metrics" / "events.ndjson") for one in (first, second)]
    shared = book(places[0]).start("Shared", "product")
    if union:
        (first / ".gitattributes").write_text("metrics/events.ndjson merge=union\n")
    git(first, "add", "."), git(first, "commit", "-qm", "start")
    git(tmp_path, "clone", "-q", "first", "second")
    for place, reason in zip(places, ("other", "model_mistake"), strict=True):
        book(place).resume(shared.id, reason)  # type: ignore[arg-type]
        book(place).start(f"Of {place.root.name}", "meta")
        book(place).start(f"Also of {place.root.name}", "meta")
        git(place.root, "commit", "-qam", "work")
    return places[0], places[1]


def test_git_merges_two_clones_without_a_conflict(tmp_path: Path) -> None:
    first, second = clones(tmp_path, union=True)
    assert git(second.root, "pull", "-q", "--no-rebase", "--no-edit").returncode == 0
    git(first.root, "pull", "-q", "--no-rebase", str(second.root), "main")
    states = [read(place).state for place in (first, second)]
    assert states[0] == states[1]
    assert states[0].refused == ()
    assert sorted(goal.title for goal in states[0].goals) == [
        "Also of first", "Also of second", "Of first", "Of second", "Shared"
    ]  # fmt: skip
    assert len({goal.id for goal in states[0].goals}) == 5
    (shared,) = (goal for goal in states[0].goals if goal.title == "Shared")
    assert [one.failure_reason for one in shared.attempts] == ["other", "model_mistake", None]


def test_a_conflict_is_told_and_both_sides_count(tmp_path: Path) -> None:
    _, second = clones(tmp_path, union=False)
    assert git(second.root, "pull", "-q", "--no-rebase", "--no-edit").returncode != 0
    found = read(second)
    assert [one.slug for one in found.problems if one.slug != "same_name"] == ["conflict_marker"] * 3
    assert len(found.state.goals) == 5
    assert all(json.loads(line)["key"] for line in second.path.read_text().splitlines() if line.startswith("{"))
