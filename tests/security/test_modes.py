"""What tacho writes is its owner's alone, whatever the umask."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from tachograph.app.demo import open_demo
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.warehouse.store import open_writer
from tests.builders.claude import ClaudeHome

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
UMASKS = [0o000, 0o022, 0o077, 0o777]


@contextmanager
def umask(value: int) -> Iterator[None]:
    held = os.umask(value)
    try:
        yield
    finally:
        os.umask(held)


def modes(folder: Path) -> dict[str, int]:
    """Of the folder and of everything in it."""
    found = [folder, *folder.rglob("*")]
    return {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in found}


def write_log(home: Path) -> Path:
    claude = ClaudeHome(home / "logs")
    claude.project().session().prompt("Hello").response()
    return claude.write()


@pytest.mark.parametrize("mask", UMASKS, ids=oct)
def test_the_store_is_private(home: Path, mask: int) -> None:
    logs = write_log(home)
    with umask(mask):
        ingest(Workspace(home / "data"), path=logs)
    found = modes(home / "data")
    assert found.pop(".") == 0o700
    assert set(found.values()) == {0o600}
    assert {"warehouse.sqlite", "writer.lock"} <= set(found)


@pytest.mark.parametrize("mask", UMASKS, ids=oct)
def test_so_are_the_files_that_exist_only_while_it_is_written(home: Path, mask: int) -> None:
    with umask(mask), open_writer(home / "data") as connection:
        connection.execute("INSERT INTO meta VALUES ('a', 'b')")
        found = modes(home / "data")
    assert found["warehouse.sqlite-wal"] == found["warehouse.sqlite-shm"] == 0o600


@pytest.mark.parametrize("mask", UMASKS, ids=oct)
def test_so_is_the_demo(home: Path, mask: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACHO_DATA_DIR", str(home / "data"))
    with umask(mask):
        open_demo(date(2026, 5, 20))
    for name, mode in modes(home / "data").items():
        assert mode == (0o700 if (home / "data" / name).is_dir() else 0o600), name


def test_a_store_that_others_could_read_is_tightened_by_the_next_ingestion(home: Path) -> None:
    logs = write_log(home)
    ingest(Workspace(home / "data"), path=logs)
    (home / "data" / "warehouse.sqlite").chmod(0o644)
    ingest(Workspace(home / "data"), path=logs)
    assert modes(home / "data")["warehouse.sqlite"] == 0o600
