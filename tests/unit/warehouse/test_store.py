from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tachograph.errors import Busy, TachographError
from tachograph.warehouse.store import SCHEMA_VERSION, open_reader, open_writer, read_meta, transaction, write_meta


def test_a_new_store_is_private_and_has_its_version(tmp_path: Path) -> None:
    with open_writer(tmp_path / "data") as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_missing_store_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(TachographError) as caught:
        open_reader(tmp_path)
    assert (caught.value.slug, caught.value.exit_code) == ("no_warehouse", 4)
    assert "tacho" in caught.value.hint


def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    with open_writer(tmp_path):
        pass
    with closing(sqlite3.connect(tmp_path / "warehouse.sqlite")) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    for opening in (lambda: open_writer(tmp_path).__enter__(), lambda: open_reader(tmp_path)):
        with pytest.raises(TachographError) as caught:
            opening()
        assert (caught.value.slug, caught.value.exit_code) == ("store_too_new", 4)


def test_a_damaged_store_is_named(tmp_path: Path) -> None:
    (tmp_path / "warehouse.sqlite").write_bytes(b"this is no database, whatever its name says" * 200)
    with pytest.raises(TachographError) as caught:
        open_reader(tmp_path)
    assert caught.value.slug == "store_damaged"
    assert str(tmp_path / "warehouse.sqlite") in caught.value.message


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    with open_writer(tmp_path):
        pass
    with closing(open_reader(tmp_path)) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM meta")


def test_there_is_one_writer_at_a_time(tmp_path: Path) -> None:
    with open_writer(tmp_path), pytest.raises(Busy) as caught, open_writer(tmp_path, wait_seconds=0.1):
        pass
    assert caught.value.exit_code == 5
    with open_writer(tmp_path, wait_seconds=0.1):
        pass


def test_a_transaction_is_whole_or_not_at_all(tmp_path: Path) -> None:
    with open_writer(tmp_path) as connection:
        with pytest.raises(KeyboardInterrupt), transaction(connection):
            write_meta(connection, "a", "1")
            raise KeyboardInterrupt
        assert read_meta(connection, "a", "none") == "none"
        with transaction(connection):
            write_meta(connection, "a", "2")
            write_meta(connection, "a", "3")
    with closing(open_reader(tmp_path)) as connection:
        assert read_meta(connection, "a") == "3"
