"""A watcher at work on real files, and what it has said."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tachograph.app.ingest import ingest
from tachograph.app.learn.run import learn
from tachograph.app.watch.records import Change
from tachograph.app.watch.watcher import Watcher
from tachograph.app.workspace import Workspace
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.log import LogBuilder
from tests.dump import assert_same, dump_warehouse

SOON = 3.0
"""Seconds within which growth is to be seen."""
PATIENCE = 30.0
"""A machine that runs other tests beside it may be several times slower."""


def moment(seconds_ago: float = 0.0) -> str:
    """A moment just now, as logs write it."""
    return (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat()


def append(log: LogBuilder) -> None:
    """Add to the file what the builder has and the file has not, as an agent does."""
    held = log.path.stat().st_size if log.path.exists() else 0
    log.path.parent.mkdir(parents=True, exist_ok=True)
    with log.path.open("ab") as file:
        file.write(log.content()[held:])


def wait_until(condition: Callable[[], Any], seconds: float = PATIENCE) -> float:
    """Wait for it; returns how long that took. Fails when it does not come."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not happen"
        time.sleep(0.02)
    return time.monotonic() - began


class Watching:
    """A watcher over the test's home, and the Claude Code history in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.claude = ClaudeHome(home / ".claude")
        self.changes: list[Change] = []
        self.notes: list[str] = []
        self.watchers: list[Watcher] = []
        self._lock = threading.Lock()

    @property
    def data(self) -> Path:
        return self.home / "tachograph"

    @property
    def watcher(self) -> Watcher:
        return self.watchers[-1]

    def start(self, *paths: Path, ready: bool = True, **options: Any) -> Watcher:
        """Start a watcher; with ``ready`` wait until it has read what is there and nothing is left to do."""
        options = {"scan_interval": 120.0, "on_change": self._take, "on_note": self.notes.append} | options
        self.watchers.append(Watcher(Workspace(), paths, **options))
        self.watcher.start()
        if ready:
            wait_until(lambda: self.watcher.status.ready)
            self.settle()
        return self.watcher

    def settle(self) -> None:
        """Wait until the look at everything that follows the first one is over, too."""
        pending = self.watcher._pending
        wait_until(lambda: not pending._wants_sweep and not pending._logs and self.watcher.status.ready)
        time.sleep(0.3)

    def session(self, **options: Any) -> ClaudeLog:
        """A session with one answer that began a minute ago; not yet written."""
        return self.claude.project().session(moment(60), **options).prompt("One.").response(output=11)

    def seen(self, session: str) -> int:
        """How often something was said about a session."""
        with self._lock:
            return sum(session in change.sessions for change in self.changes)

    def outputs(self, session: str) -> int:
        """Tokens of output that are stored of a session."""
        with closing(open_reader(self.data)) as connection:
            query = "SELECT total(output) FROM usage_quarters JOIN sessions USING (session) WHERE id = ?"
            return int(connection.execute(query, (session,)).fetchone()[0])

    def assert_as_fresh(self) -> None:
        """The store equals the one that a single ingestion makes."""
        fresh = Workspace(self.home / "fresh")
        ingest(fresh, jobs=1)
        for workspace in (Workspace(), fresh):
            learn(workspace, update=False)
        assert_same(dump_warehouse(self.data), dump_warehouse(fresh.folder))

    def stop(self) -> None:
        for watcher in self.watchers:
            watcher.stop()

    def _take(self, change: Change) -> None:
        with self._lock:
            self.changes.append(change)
