"""The warehouse for programs: questions in, rows out."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tachograph.analysis.axes.token_economy import References
from tachograph.app.filters import Filter
from tachograph.app.findings import FindingFilter, FindingRecord, list_findings
from tachograph.app.session_rows import SessionRow
from tachograph.app.sessions import list_sessions
from tachograph.app.token_facts import load_references
from tachograph.model import Session
from tachograph.warehouse.rows import load_segment
from tachograph.warehouse.store import open_reader


class History:
    """What the warehouse holds, read-only. A context manager: leave it, or call :meth:`close`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        """Read-only; docs/schema.md describes the tables."""
        self._references: References | None = None

    @classmethod
    def open(cls, folder: str | Path | None = None, *, update: bool = False) -> Self:
        """The warehouse in ``folder`` (default: the user's); ``update`` brings it up to date first (a demo's stays).

        Raises TachographError when there is none, or when it is damaged, too old or too new.
        """
        from tachograph.app.workspace import Workspace

        workspace = Workspace(Path(folder) if folder is not None else None)
        if update and not workspace.is_demo:
            from tachograph.app.ingest import ingest

            ingest(workspace)
        connection = open_reader(workspace.folder)
        connection.execute("BEGIN")  # all answers are about the same state
        return cls(connection)

    def close(self) -> None:
        """Let the warehouse go."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def sessions(self, chosen: Filter | None = None, limit: int = 0) -> list[SessionRow]:
        """Main sessions with their subagents folded in, the most recent first; at most ``limit`` (0: all)."""
        return list_sessions(self.connection, chosen or Filter(), "recent", limit).sessions

    def findings(self, chosen: Filter | None = None, wanted: FindingFilter | None = None) -> list[FindingRecord]:
        """Waste, the dearest first."""
        return list_findings(self.connection, chosen or Filter(), wanted)

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows of one SQL statement by the names of their columns. Raises sqlite3.Error for a wrong one."""
        cursor = self.connection.execute(sql, parameters)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def holds(self, session: Session) -> bool:
        """Whether one of its logs tells of ``session`` exactly so: nothing was added since, and nothing left out."""
        segments = self.connection.execute("SELECT segment FROM segments WHERE session = ?", (session.id,)).fetchall()
        return any(load_segment(self.connection, segment) == session for (segment,) in segments)

    def references(self) -> References:
        """All sessions of the warehouse, to compare others with."""
        if self._references is None:
            self._references = load_references(self.connection)
        return self._references
