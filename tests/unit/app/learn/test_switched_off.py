"""``active.json``: what is under test, as a file that people may edit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders.pointed import Loop, loop

__all__ = ["loop"]

BEST = ["background_agents", "batch_tasks", "preload_documents"]


@pytest.fixture
def closing(loop: Loop) -> Loop:
    """Three suggestions are under test."""
    loop.bad_days()
    loop.install()
    loop.learn()
    loop.now += 1
    return loop


def file_of(loop: Loop) -> Path:
    return loop.folder / "active.json"


def entries(file: Path) -> list[dict[str, Any]]:
    held: Any = json.loads(file.read_bytes())
    found: list[dict[str, Any]] = next(value for value in held.values() if isinstance(value, list))
    return found


def keep(file: Path, *names: str) -> None:
    """Leave these entries alone."""
    held: Any = json.loads(file.read_bytes())
    key = next(name for name, value in held.items() if isinstance(value, list))
    held[key] = [one for one in held[key] if any(name in json.dumps(one) for name in names)]
    file.write_text(json.dumps(held), encoding="utf-8")


def disabled(loop: Loop) -> list[tuple[str, str, str]]:
    return [(one[0], one[1], one[3]) for one in loop.decided() if one[2] == "disable"]


def test_the_file_lists_what_is_under_test(closing: Loop) -> None:
    assert len(entries(file_of(closing))) == 3
    assert all(any(name in json.dumps(one) for one in entries(file_of(closing))) for name in BEST)
    assert file_of(closing).stat().st_mode & 0o077 == 0


def test_a_removed_entry_is_disabled_by_the_user(closing: Loop) -> None:
    keep(file_of(closing), "background_agents", "preload_documents")
    report = closing.learn()
    assert report.changed
    assert disabled(closing) == [("batch_tasks", "main", "user")]
    assert "batch_tasks" not in closing.offered()
    assert report.activated == 1  # its place is taken by the next one
    assert len(entries(file_of(closing))) == 3
    assert closing.trials()["batch_tasks"].state == "retired"


def test_what_was_removed_does_not_come_back(closing: Loop) -> None:
    keep(file_of(closing), "preload_documents")
    closing.learn()
    closing.now += 1
    closing.learn(forced=True)
    assert [name for name, _, _ in disabled(closing)] == ["background_agents", "batch_tasks"]
    assert {"background_agents", "batch_tasks"}.isdisjoint(closing.offered())


def test_a_file_that_is_gone_is_written_anew(closing: Loop) -> None:
    file_of(closing).unlink()
    closing.learn(forced=True)
    assert disabled(closing) == []
    assert len(entries(file_of(closing))) == 3


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", '"text"', "\x00\xff"])
def test_a_file_that_cannot_be_read_is_left_to_the_user_and_disables_nothing(closing: Loop, content: str) -> None:
    file_of(closing).write_text(content, encoding="latin-1")
    report = closing.learn(forced=True)
    assert disabled(closing) == []
    assert sorted(closing.offered()) == BEST
    assert file_of(closing).read_text(encoding="latin-1") == content
    (note,) = report.notes
    assert note.endswith("active.json cannot be read as what it should be, and was left as it is.")


def test_what_is_removed_while_a_broken_file_is_repaired_is_disabled(closing: Loop) -> None:
    whole = file_of(closing).read_text()
    file_of(closing).write_text("{")
    closing.learn(forced=True)
    file_of(closing).write_text(whole)
    keep(file_of(closing), "background_agents", "preload_documents")
    closing.now += 1
    closing.learn(forced=True)
    assert disabled(closing) == [("batch_tasks", "main", "user")]


def test_an_empty_list_disables_all(closing: Loop) -> None:
    keep(file_of(closing))
    closing.learn()
    assert len(disabled(closing)) == 3


def test_an_entry_that_somebody_added_activates_nothing(closing: Loop) -> None:
    text = file_of(closing).read_text().replace("batch_tasks", "no_such_thing")
    file_of(closing).write_text(text)
    closing.learn()
    assert disabled(closing) == [("batch_tasks", "main", "user")]
    assert "no_such_thing" not in {one[0] for one in closing.decided()}


def test_the_telemetry_folder_has_the_file_too_and_a_removal_there_counts(closing: Loop, tmp_path: Path) -> None:
    closing.settings(f'[learn]\nfolder = "{tmp_path}"\n')
    closing.learn()
    there = tmp_path / "optimizations" / "active.json"
    assert len(entries(there)) == 3
    closing.now += 1
    keep(there, "background_agents", "preload_documents")
    closing.learn()
    assert disabled(closing) == [("batch_tasks", "main", "user")]
    assert entries(there) == entries(file_of(closing))


def test_a_folder_that_was_just_named_disables_nothing(closing: Loop, tmp_path: Path) -> None:
    (tmp_path / "optimizations").mkdir()
    (tmp_path / "optimizations" / "active.json").write_bytes(file_of(closing).read_bytes())
    keep(tmp_path / "optimizations" / "active.json")
    closing.settings(f'[learn]\nfolder = "{tmp_path}"\n')
    closing.learn()
    assert disabled(closing) == []


def test_without_anything_under_test_there_is_no_file(loop: Loop) -> None:
    loop.bad_days()
    loop.learn()
    assert not file_of(loop).exists()
