from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.cli._frame import run
from tachograph.settings import Settings
from tests.builders.claude import ClaudeHome


def test_a_damaged_page_is_the_stores_failure_and_no_bug(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    claude = ClaudeHome(home / ".claude")
    for number in range(40):
        claude.project(f"/home/ada/p{number}").session().prompt("Hello." * 50).response()
    claude.write()
    workspace = Workspace(home / "tachograph", Settings())
    ingest(workspace, jobs=1)
    path = workspace.folder / "warehouse.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))
    assert run(["sessions", "--no-ingest"]) == 4
    errors = capsys.readouterr().err
    assert "tacho doctor" in errors
    assert "Traceback" not in errors
