"""Histories with commands in them, and the store of commands beside them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tachograph.app.commands.backfill import BackfillReport, backfill
from tachograph.app.commands.outcomes import refresh_outcomes
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.capture.store import CommandStore, open_commands
from tachograph.model import CommandEvent, CommandLabel
from tachograph.settings import Settings
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.codex import CodexHome

SITE = "/home/ada/site"
NOW = 1_780_000_000_000


class Machine:
    """A machine with both agents' homes and a data folder."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.claude = ClaudeHome(home / ".claude")
        self.codex = CodexHome(home / ".codex")
        self.workspace = Workspace(home / "tachograph", Settings(**settings))

    def session(self, cwd: str = SITE, **options: Any) -> ClaudeLog:
        """A new session of Claude Code."""
        return self.claude.project(cwd).session(**options)

    def ingest(self) -> None:
        """Write the logs as they are now and read them."""
        self.claude.write()
        self.codex.write()
        ingest(self.workspace, jobs=1)

    @contextmanager
    def store(self) -> Iterator[CommandStore]:
        """The data folder's store."""
        with open_commands(self.workspace.folder) as store:
            yield store

    def backfill(self) -> BackfillReport:
        """Ingest and backfill."""
        self.ingest()
        with self.store() as store:
            return backfill(self.workspace, store)

    def refresh(self) -> None:
        """Look the outcomes up."""
        with self.store() as store:
            refresh_outcomes(self.workspace, store, NOW)

    def note(self, *events: CommandEvent) -> None:
        """Keep captured events."""
        with self.store() as store:
            store.note_all([(event, ()) for event in events])

    def events(self, where: str = "1") -> list[CommandEvent]:
        """What the store holds."""
        with self.store() as store:
            return store.events(where)

    def labels(self, where: str = "1") -> list[CommandLabel]:
        """What the store holds."""
        with self.store() as store:
            return store.labels(where)

    def programs(self) -> list[str]:
        """Of all events, in the order of time."""
        return [event.program for event in self.events()]

    def outcomes(self, source: str) -> dict[str, float]:
        """Program -> score, of the labels from ``source``."""
        names = {event.id: event.program for event in self.events()}
        return {names[one.target]: one.score for one in self.labels(f"source = '{source}'")}


def captured(number: int = 1, **fields: Any) -> CommandEvent:
    """An event that ``tacho run`` kept."""
    given: dict[str, Any] = {
        "id": f"evt_{number:020x}", "origin": "run", "agent": None, "executed_at": NOW - 3_600_000,
        "command_hash": "0" * 32, "hash_key": "0" * 12, "program": "make", "duration_ms": 1000, "exit_code": 0,
    }  # fmt: skip
    return CommandEvent(**(given | fields))
