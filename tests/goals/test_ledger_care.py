"""Looking a ledger through, putting it in order, taking another one over."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tachograph.app.goals.book import Author, Book, read
from tachograph.app.goals.fsck import examine, repair_ledger
from tachograph.app.goals.imports import import_ledger
from tachograph.app.goals.place import LedgerPlace
from tachograph.errors import NotFound, TachographError

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path) -> LedgerPlace:
    return LedgerPlace(tmp_path, tmp_path / "metrics" / "events.ndjson")


def book(place: LedgerPlace) -> Book:
    return Book(place, Author(), UTC)


def fill(place: LedgerPlace) -> list[bytes]:
    first = book(place).start("One", "product")
    book(place).resume(first.id, "other")
    book(place).start("Two", "retro")
    return place.path.read_bytes().splitlines(keepends=True)


def test_a_sound_ledger_is_left_as_it_is(place: LedgerPlace) -> None:
    fill(place)
    before = place.path.read_bytes()
    report = repair_ledger(place, NOW)
    assert (report.problems, report.repaired, report.lines, report.events, report.goals) == ([], False, 3, 3, 2)
    assert place.path.read_bytes() == before
    assert [one.name for one in place.path.parent.iterdir()] == ["events.ndjson"]


def test_no_ledger_is_no_problem(place: LedgerPlace) -> None:
    assert (examine(place).problems, repair_ledger(place).repaired) == ([], False)
    assert not place.path.exists()


def test_a_damaged_ledger_is_told_of_and_mended_with_a_copy_kept(place: LedgerPlace) -> None:
    one, two, three = fill(place)
    damaged = b"".join(
        [b"<<<<<<< HEAD\n", one, b"my notes\n", two.replace(b"other", b"model_mistake"), one, three[:40]]
    )
    place.path.write_bytes(damaged)
    assert [(found.line, found.slug, found.harmless) for found in examine(place).problems] == [
        (1, "conflict_marker", False), (3, "not_json", False), (4, "edited_line", True), (5, "duplicate_event", True),
        (6, "torn_line", False),
    ]  # fmt: skip
    before = read(place).state.goals
    report = repair_ledger(place, NOW)
    assert (report.removed_markers, report.removed_duplicates, report.restamped, report.rejected) == (1, 1, 1, 2)
    assert len(report.problems) == 5
    backup, rejected = (Path(name or "") for name in (report.backup_path, report.rejected_path))
    assert backup.name == "events.ndjson.20261121T120000000000.bak"
    assert (backup.read_bytes(), rejected.read_bytes()) == (damaged, b"my notes\n" + three[:40] + b"\n")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (backup, rejected, place.path)] == [0o600] * 3
    assert (examine(place).problems, read(place).state.goals) == ([], before)
    assert repair_ledger(place, NOW).repaired is False


def test_rejected_lines_gather(place: LedgerPlace) -> None:
    fill(place)
    for text in (b"first\n", b"second\n"):
        with place.path.open("ab") as ledger:
            ledger.write(text)
        repair_ledger(place)
    assert (place.path.parent / "events.ndjson.rejected").read_bytes() == b"first\nsecond\n"


def test_another_ledger_is_taken_over_once(place: LedgerPlace, tmp_path: Path) -> None:
    other = LedgerPlace(tmp_path, tmp_path / "other.ndjson")
    lines = fill(other)
    book(place).start("Mine", "meta")
    other.path.write_bytes(b"".join([*lines, b"noise\n"]))
    report = import_ledger(place, other.path)
    assert (report.added, report.known, report.goals_before, report.goals_after) == (3, 0, 1, 3)
    assert [(one.line, one.slug) for one in report.problems] == [(4, "not_json")]
    again = import_ledger(place, other.path)
    assert (again.added, again.known, again.goals_after) == (0, 3, 3)
    assert place.path.read_bytes().endswith(b"".join(lines))


def test_the_other_tools_forms_are_taken_over(place: LedgerPlace, tmp_path: Path) -> None:
    goal = {
        "goal_id": "2026-05-04-001", "title": "Old", "goal_type": "product", "status": "success", "attempts": 2,
        "started_at": "2026-05-04T09:00:00+00:00", "finished_at": "2026-05-04T10:00:00+00:00",
    }  # fmt: skip
    event = {"event_type": "goal_finished", "ts": "2026-05-04T10:00:00+00:00", "goal": goal, "entries": []}
    source = tmp_path / "old.ndjson"
    source.write_text(json.dumps(event) + "\n")
    assert import_ledger(place, source).added == 1
    document = tmp_path / "old.json"
    document.write_text(json.dumps({"tasks": [{**goal, "goal_id": "2026-05-04-002"}], "entries": []}, indent=2))
    assert [import_ledger(place, document).added for _ in range(2)] == [1, 0]
    found = read(place).state.goals
    assert [(one.id, one.status, len(one.attempts)) for one in found] == [
        ("2026-05-04-001", "success", 2), ("2026-05-04-002", "success", 2)
    ]  # fmt: skip


def test_what_is_no_ledger_is_not_taken_over(place: LedgerPlace, tmp_path: Path) -> None:
    source = tmp_path / "x.json"
    with pytest.raises(NotFound):
        import_ledger(place, source)
    source.write_text('{"name": "package", "version": 1}')
    with pytest.raises(TachographError, match="is no ledger: it holds no goals"):
        import_ledger(place, source)
    with pytest.raises(TachographError, match="cannot be read"):
        import_ledger(place, tmp_path)
    assert not place.path.exists()
