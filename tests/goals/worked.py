"""Sessions whose costs can be told by heart, and goals that they were worked on for.

Prices (see tests.builders.small): output $10 for a million tokens, everything else free. Times are of 20 May 2026, UTC.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tachograph.app.goals.place import LedgerPlace
from tachograph.app.goals.usage import LedgerUsage, measure
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.ledger.events import OwnEvent
from tachograph.ledger.lines import encode
from tachograph.ledger.reading import Reading, read_ledger
from tachograph.ledger.transitions import Goals
from tachograph.model.goal import Goal
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.codex import CodexHome
from tests.builders.log import milliseconds
from tests.builders.small import HOUSE, make_workspace
from tests.ledger.making import Writer

SITE = "/home/ada/site"


def at(clock: str) -> int:
    """``10:30`` on the day of all this, or ``21T10:30`` on another one of that month, as ms UTC."""
    day, _, time = clock.rpartition("T")
    return milliseconds(f"2026-05-{day or '20'}T{time}:00Z")


def moment(clock: str) -> str:
    """The same as text."""
    day, _, time = clock.rpartition("T")
    return f"2026-05-{day or '20'}T{time}:00Z"


class Worked:
    """Logs and a ledger in the making."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.claude = ClaudeHome(home / ".claude")
        self.codex = CodexHome(home / ".codex")
        self.ledger = Writer(start=at("01T00:00") * 1000)
        self.place = LedgerPlace(Path(SITE), home / "site" / "metrics" / "events.ndjson")

    @property
    def goals(self) -> Goals:
        """By key."""
        return self.ledger.goals

    def session(self, clock: str, cwd: str = SITE, **options: Any) -> ClaudeLog:
        """A session that begins at this time."""
        return self.claude.project(cwd).session(moment(clock), **{"model": HOUSE, **options})

    def turn(self, log: ClaudeLog, clock: str, *outputs: int) -> ClaudeLog:
        """A prompt at this time, then a response every full minute after it, of so many output tokens."""
        log.at(moment(clock)).prompt("Go on.", seconds=0)
        for output in outputs:
            log.response(output=output, seconds=60)
        return log

    def goal(self, key: str, start: str, end: str | None = None, *, link: tuple[str, ...] = (), **fields: Any) -> str:
        """A goal that was open in this time; it succeeds."""
        self.ledger.start(key, started_at=at(start), **fields)
        if link:
            self.ledger.update(key, link=link)
        if end is not None:
            self.ledger.finish(key, finished_at=at(end))
        return key

    def store(self) -> Workspace:
        """Write the logs, read them in."""
        self.claude.write()
        self.codex.write()
        workspace = make_workspace(self.home)
        ingest(workspace)
        return workspace

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """The history, read in."""
        connection = open_reader(self.store().folder)
        try:
            yield connection
        finally:
            connection.close()

    def measure(self, goals: list[Goal] | None = None) -> LedgerUsage:
        """What the goals used."""
        with self.connection() as connection:
            return measure(connection, self.place, list(self.goals.values()) if goals is None else goals)

    def reading(self) -> Reading:
        """The ledger, as it is read from its lines."""
        return read_ledger(b"".join(encode(event) for event in self.ledger.events))

    def write_ledger(self, events: list[OwnEvent] | None = None) -> None:
        """Put the ledger into its file."""
        self.place.path.parent.mkdir(parents=True, exist_ok=True)
        self.place.path.write_bytes(b"".join(encode(event) for event in events or self.ledger.events))


def name_of(log: Any) -> str:
    """A Claude Code session as the ledger names it."""
    return f"claude_code:{log.session_id}"


def outputs(usage: LedgerUsage) -> dict[str, int]:
    """Output tokens by goal, with those that are unclear and no goal's."""
    return {
        **{key: one.totals.output for key, one in usage.goals.items() if one.totals.responses},
        **({"unclear": usage.unclear.output} if usage.unclear.responses else {}),
        **({"other": usage.other.output} if usage.other.responses else {}),
    }
