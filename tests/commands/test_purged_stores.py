"""What purged sessions ran is also taken out of stores inside repositories, where these are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.capture.store import open_commands
from tachograph.model import ChangedPath, CommandLabel
from tests.commands.logged import Machine, captured
from tests.unit.cli.running import Tacho, assert_valid, tacho

__all__ = ["tacho"]

PLACE = "src/heron.py"


@pytest.fixture
def sessions(home: Path, tmp_path: Path) -> list[str]:
    """Two sessions in the warehouse, each with a command in the store ``inner``, in which a third one is a person's."""
    machine = Machine(home)
    logs = [machine.session().prompt().shell("ls") for _ in range(2)]
    machine.ingest()
    names = [f"claude_code:{log.session_id}" for log in logs]
    with open_commands(tmp_path / "inner") as store:
        for number, name in enumerate(names, 1):
            store.note(captured(number, session=name), [ChangedPath(PLACE, 1, 0)])
        store.note(captured(3))
        store.put_labels([CommandLabel(names[0], "human", "person", 50, 1), CommandLabel(names[1], "human", "p", 1, 1)])
    return names


def left(folder: Path) -> tuple[list[int], int]:
    with open_commands(folder) as store:
        return [int(event.id[4:], 16) for event in store.events(order="id")], len(store.labels())


def test_a_named_store_loses_what_the_purged_session_ran_and_nothing_else(
    tacho: Tacho, tmp_path: Path, sessions: list[str]
) -> None:
    inner = tmp_path / "inner"
    arguments = ["purge", "--session", sessions[0], "--path", str(inner), "--no-ingest"]
    assert tacho(*arguments, "--dry-run") == 0
    assert f"1 command of 1 session in the store {inner}" in " ".join(tacho.out.split())
    assert left(inner) == ([1, 2, 3], 2)
    answer = tacho.json(*arguments, "--yes")
    assert (answer["main_sessions"], answer["erased"]) == (1, True)
    assert answer["stores"] == [{"folder": str(inner), "sessions": 1, "commands": 1}]
    assert left(inner) == ([2, 3], 1)
    assert sessions[0].encode() not in b"".join(path.read_bytes() for path in inner.iterdir())


def test_a_store_that_was_not_named_then_can_be_named_later(tacho: Tacho, tmp_path: Path, sessions: list[str]) -> None:
    inner = tmp_path / "inner"
    assert tacho("purge", "--session", sessions[1], "--yes", "--no-ingest") == 0
    assert left(inner) == ([1, 2, 3], 2)
    assert tacho("purge", "--path", str(inner), "--yes", "--no-ingest") == 0
    assert tacho.out.split() == f"Removed 1 command of 1 session in the store {inner}".split()
    assert left(inner) == ([1, 3], 1)
    answer = tacho.json("purge", "--path", str(inner), "--yes", "--no-ingest")
    assert answer["stores"] == [{"folder": str(inner), "sessions": 0, "commands": 0}]
    assert_valid("purge", answer)


def test_a_folder_without_a_store_is_refused_and_nothing_is_purged(
    tacho: Tacho, tmp_path: Path, sessions: list[str]
) -> None:
    arguments = ("purge", "--session", sessions[0], "--path", str(tmp_path / "none"), "--yes", "--no-ingest")
    assert tacho(*arguments) == 3
    assert "There is no store of commands in" in tacho.err
    assert not (tmp_path / "none").exists()
    assert tacho("show", sessions[0], "--no-ingest") == 0
