"""What a refresh costs depends on what has changed, not on how much there is."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.ingest import ingest
from tachograph.app.rollups.refresh import refresh
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tests.builders.claude import ClaudeHome, ClaudeLog

_STEP = 10
"""Instructions of SQLite's machine between two ticks."""


class Meter:
    """Counts the instructions that SQLite's machine takes."""

    def __init__(self) -> None:
        self.ticks = 0
        self._connect = sqlite3.connect

    def connect(self, *arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = self._connect(*arguments, **options)
        connection.set_progress_handler(self._tick, _STEP)
        return connection

    def _tick(self) -> int:
        self.ticks += 1
        return 0


def count_ticks(workspace: Workspace, *, by_desk: bool = False) -> int:
    meter = Meter()
    with mock.patch.object(sqlite3, "connect", meter.connect):
        if by_desk:
            with open_desk(workspace, update=True):
                pass
        else:
            refresh(workspace)
    return meter.ticks


def write_others(claude: ClaudeHome, count: int) -> None:
    """Sessions of another task type, three a day."""
    start = datetime.fromisoformat("2026-01-05T09:00:00+00:00")
    for number in range(count):
        at = (start + timedelta(hours=8 * number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        log = claude.project(f"/home/ada/project{number % 5}").session(at)
        log.prompt(f"Explain part {number} of the parser.").shell("ls", "a").response()


def store_some(home: Path, others: int) -> tuple[Workspace, ClaudeLog]:
    claude = ClaudeHome(home / f"claude{others}" / ".claude")
    write_others(claude, others)
    live = claude.project().session("2026-02-02T09:00:00Z").prompt("Fix the failing test.").shell("ls", "a").response()
    claude.write()
    workspace = Workspace(home / f"data{others}", Settings(display_timezone="UTC"))
    ingest(workspace, path=home / f"claude{others}", jobs=1)
    refresh(workspace)
    return workspace, live


def test_a_live_session_costs_as_much_among_few_as_among_many(home: Path) -> None:
    costs, idle = [], []
    for others in (10, 150):
        workspace, live = store_some(home, others)
        live.shell("make", "ok").response().write()
        ingest(workspace, path=live.path.parent.parent.parent, jobs=1)
        costs.append(count_ticks(workspace))
        idle.append(count_ticks(workspace, by_desk=True))
    few, many = costs
    assert few > 500
    assert many < few * 1.1
    assert max(idle) < min(idle) * 1.1
    assert max(idle) < few / 10
