"""The store of commands: what goes in comes out, in short transactions, in a file of its owner's."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from tachograph.capture.store import SCHEMA_VERSION, commands_file, open_commands, read_commands
from tachograph.errors import TachographError
from tachograph.model import ChangedPath, CommandEvent, CommandLabel, CommandScore

EVENT = CommandEvent(
    id="evt_1", origin="run", agent=None, executed_at=5, command_hash="a", hash_key="k", program="ls", duration_ms=3,
    exit_code=0,
)  # fmt: skip
FULL = CommandEvent(
    id="evt_2", origin="log", agent="codex", executed_at=6, command_hash="b", hash_key="k", program="make",
    duration_ms=None, exit_code=124, timed_out=True, signal=15, files_touched_count=1, lines_added=2, lines_deleted=3,
    binary_files=0, renames=1, commits=0, head_before="x", head_after="y", delta_note="why", repo="/r",
    session="codex:1", call="c", command="make it",
)  # fmt: skip


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    paths = (ChangedPath("a", 1, None), ChangedPath("b", None, None, "c", "1", "2"))
    label, score = (
        CommandLabel("evt_1", "human", "person", 50, 3, "why"),
        CommandScore("evt_1", "m", 1.5, None, 3, "x", -1),
    )
    with open_commands(tmp_path) as store:
        store.note(EVENT, paths)
        store.note(FULL)
        store.put_labels([label])
        store.put_scores([score])
    with open_commands(tmp_path) as store:
        assert store.events() == [EVENT, FULL]
        assert store.events("agent = ?", ["codex"]) == [FULL]
        assert store.paths_of("evt_1") == list(paths)
        assert (store.labels(), store.scores()) == ([label], [score])


def test_the_same_again_takes_the_place_of_what_was_known(tmp_path: Path) -> None:
    with open_commands(tmp_path) as store:
        store.note(EVENT, [ChangedPath("a", 1, 1)])
        store.note(EVENT, [ChangedPath("b", 1, 1)])
        store.put_labels(CommandLabel("evt_1", "human", "person", score, 1) for score in (10, 90))
        assert (len(store.events()), [one.path for one in store.paths_of("evt_1")]) == (1, ["b"])
        assert [one.score for one in store.labels()] == [90]


def test_several_are_kept_together_or_not_at_all(tmp_path: Path) -> None:
    def broken() -> object:
        yield EVENT, ()
        raise RuntimeError

    with open_commands(tmp_path) as store:
        with pytest.raises(RuntimeError):
            store.note_all(broken())  # type: ignore[arg-type]
        assert store.events() == []


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    with open_commands(tmp_path / "new"):
        found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    assert set(found.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.touch(mode=0o644)
    commands_file(tmp_path).symlink_to(target)
    with pytest.raises(TachographError, match="link"), open_commands(tmp_path):
        pass
    assert (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"", 0o644)


def test_a_reader_makes_nothing_and_passes_over_what_is_newer(tmp_path: Path) -> None:
    with read_commands(tmp_path) as store:
        assert store is None
    assert list(tmp_path.iterdir()) == []
    with open_commands(tmp_path) as store:
        store.note(EVENT)
    with read_commands(tmp_path) as store:
        assert store is not None
        assert store.events() == [EVENT]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            store.connection.execute("DELETE FROM events")
    with sqlite3.connect(commands_file(tmp_path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with read_commands(tmp_path) as store:
        assert store is None
    with pytest.raises(TachographError) as caught, open_commands(tmp_path):
        pass
    assert caught.value.slug == "store_too_new"


def test_a_store_whose_scores_do_not_say_what_they_are_keeps_all_but_those(tmp_path: Path) -> None:
    label = CommandLabel("evt_1", "human", "person", 50, 3, "why")
    with open_commands(tmp_path) as store:
        store.note(EVENT, [ChangedPath("a", 1, 1)])
        store.put_labels([label])
    with sqlite3.connect(commands_file(tmp_path)) as connection:
        connection.execute("DROP TABLE scores")
        connection.execute("CREATE TABLE scores (event TEXT PRIMARY KEY, score REAL NOT NULL) STRICT, WITHOUT ROWID")
        connection.execute("INSERT INTO scores VALUES ('evt_1', 1.5)")
        connection.execute("PRAGMA user_version = 1")
    with read_commands(tmp_path) as store:
        assert store is None
    with open_commands(tmp_path) as store:
        assert (store.events(), store.labels(), store.scores()) == ([EVENT], [label], [])
        assert [path.path for path in store.paths_of("evt_1")] == ["a"]
        store.put_scores([CommandScore("evt_1", "m", 60, 50, 70, "x", -1, "chance")])
    with read_commands(tmp_path) as store:
        assert store is not None
        assert [score.kind for score in store.scores()] == ["chance"]


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    commands_file(tmp_path).write_bytes(b"no database at all" * 100)
    for opening in (open_commands, read_commands):
        with pytest.raises(TachographError, match="cannot be used") as caught, opening(tmp_path):
            pass
        assert caught.value.slug == "store_failed"
