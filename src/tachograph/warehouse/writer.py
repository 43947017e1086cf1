"""Storing what a log holds, together with the checkpoint that says how far it was read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from tachograph.model import Finding, Marker, ParsedLog, Prompt, Response, Session, ToolCall
from tachograph.warehouse.rows import (
    FINDING_COLUMNS,
    PROMPT_COLUMNS,
    RESPONSE_COLUMNS,
    TOOL_CALL_COLUMNS,
    PriceResponse,
    Row,
    finding_row,
    marker_row,
    prompt_row,
    response_rows,
    tool_call_row,
)

R = TypeVar("R", Response, ToolCall, Prompt, Marker)

_LOG_OF_PATH = "SELECT log FROM logs WHERE path_hash = ?"
_PATH_OF_LOG = "SELECT path_hash FROM logs WHERE log = ?"
_PLACES_OF_SESSION = "SELECT segment, log FROM segments WHERE session = ?"
_CHILDREN = ("responses", "tool_calls", "prompts", "markers", "findings")
_SEGMENT_COLUMNS = (
    "session, agent, kind, parent_id, forked_from, agent_type, project, cwds, git_branch, versions, title, entrypoint,"
    " started_at, ended_at, complete, lines, usage_lines, skipped_usage, turns, prompts, interruptions, compactions,"
    " api_errors, tool_calls, tool_errors, tool_denied, subagents, lines_added, lines_removed, active_ms, first_at,"
    " opening_hash, opening, task_type"
)
_SEGMENT_WIDTH = _SEGMENT_COLUMNS.count(",") + 1


class Checkpoint(msgspec.Struct, frozen=True, array_like=True):
    """Where and how a log was read last: a row of ``logs``."""

    path_hash: int
    agent: str
    path: str
    size: int
    mtime_ns: int
    inode: int
    device: int
    sidecar_mtime_ns: int
    content_hash: int
    parser: int
    epoch: int


class Touched(msgspec.Struct):
    """What a batch of writes changed: the rest of the derived rows stays as it is."""

    segments: set[int] = msgspec.field(default_factory=set)
    """Segments written."""
    sessions: set[str] = msgspec.field(default_factory=set)
    """Sessions that any segment of was written or removed."""
    keys: set[int] = msgspec.field(default_factory=set)
    """Keys of responses that were removed: their other copies may count now."""

    def __bool__(self) -> bool:
        return bool(self.sessions or self.keys)


class LogWriter:
    """Writes parsed logs within the caller's transaction and remembers what was touched."""

    def __init__(self, connection: sqlite3.Connection, price: PriceResponse) -> None:
        self._connection = connection
        self._price = price
        self.touched = Touched()

    def write(
        self,
        checkpoint: Checkpoint,
        parsed: ParsedLog,
        summaries: Sequence[Sequence[object]],
        findings: Sequence[Iterable[Finding]],
        before: Sequence[Session] | None = None,
    ) -> None:
        """Store a log: ``summaries`` and ``findings`` belong to its sessions in order.

        ``before`` is what was stored of it when the source only read on; then only what differs is written.
        """
        held = self._connection.execute(_LOG_OF_PATH, (checkpoint.path_hash,)).fetchone()
        log = self._write_log(held[0] if held else None, checkpoint, parsed)
        old = self._segments(log) if held else {}
        if before is None and old:
            self._delete_segments(list(old.values()))
            old = {}
        known = {session.id: session for session in before or ()}
        for ordinal, (session, summary, found) in enumerate(zip(parsed.sessions, summaries, findings, strict=True)):
            segment = self._write_segment(old.get(ordinal), log, ordinal, session, summary)
            self._write_records(segment, session, known.get(session.id))
            write_findings(self._connection, segment, session.id, found)
            self.touched.segments.add(segment)
            self.touched.sessions.add(session.id)

    def knows(self, path_hash: int) -> bool:
        """Whether this log was stored before."""
        return self._connection.execute(_LOG_OF_PATH, (path_hash,)).fetchone() is not None

    def forget(self, logs: Iterable[int]) -> None:
        """Remove logs with all that came from them."""
        for log in logs:
            self._delete_segments(list(self._segments(log).values()))
            self._connection.execute("DELETE FROM problems WHERE log = ?", (log,))
            self._connection.execute("DELETE FROM logs WHERE log = ?", (log,))

    def forget_log(self, path_hash: int) -> None:
        """Remove the log of this path, if it was stored, with all that came from it."""
        self.forget(log for (log,) in self._connection.execute(_LOG_OF_PATH, (path_hash,)).fetchall())

    def forget_sessions(self, sessions: Iterable[str]) -> list[int]:
        """Remove sessions with all that is stored of them; returns the path hashes of logs that went with them.

        A log that holds other sessions too stays, without the state to go on from: it is read whole when it grows.
        """
        segments: list[int] = []
        logs: set[int] = set()
        for session in sessions:
            rows = self._connection.execute(_PLACES_OF_SESSION, (session,)).fetchall()
            segments += [segment for segment, _ in rows]
            logs.update(log for _, log in rows)
            self.touched.sessions.add(session)
        self._delete_segments(segments)
        empty = [log for log in sorted(logs) if not self._segments(log)]
        self._connection.executemany("UPDATE logs SET carry = x'' WHERE log = ?", [(log,) for log in logs])
        hashes = [self._connection.execute(_PATH_OF_LOG, (log,)).fetchone()[0] for log in empty]
        self.forget(empty)
        return hashes

    def _segments(self, log: int) -> dict[int, int]:
        return dict(self._connection.execute("SELECT ordinal, segment FROM segments WHERE log = ?", (log,)))

    def _write_log(self, log: int | None, c: Checkpoint, parsed: ParsedLog) -> int:
        unknown = json.dumps(dict(parsed.unknown_types), sort_keys=True)
        row = (
            c.path_hash, c.agent, c.path, c.size, c.mtime_ns, c.inode, c.device, c.sidecar_mtime_ns, c.content_hash,
            parsed.offset, parsed.lines, parsed.carry, c.parser, c.epoch, unknown,
        )  # fmt: skip
        cursor = self._connection.execute(f"INSERT OR REPLACE INTO logs VALUES (?, {_marks(15)})", (log, *row))
        number = int(cursor.lastrowid or 0)
        if log is not None:
            self._connection.execute("DELETE FROM problems WHERE log = ?", (number,))
        rows = [(number, n, p.slug, p.line, p.offset, p.detail) for n, p in enumerate(parsed.problems)]
        self._insert("problems", 6, rows)
        return number

    def _write_segment(self, segment: int | None, log: int, ordinal: int, s: Session, summary: Sequence[object]) -> int:
        row = (
            s.id, s.agent, s.kind, s.parent_id, s.forked_from, s.agent_type, s.project, json.dumps(s.cwds),
            s.git_branch, json.dumps(s.versions), s.title, s.entrypoint, s.started_at, s.ended_at, s.complete, s.lines,
            s.usage_lines, json.dumps(dict(s.skipped_usage)), *summary,
        )  # fmt: skip
        cursor = self._connection.execute(
            f"INSERT OR REPLACE INTO segments (segment, log, ordinal, {_SEGMENT_COLUMNS})"
            f" VALUES (?, ?, ?, {_marks(_SEGMENT_WIDTH)})",
            (segment, log, ordinal, *row),
        )
        return int(cursor.lastrowid or 0)

    def _write_records(self, segment: int, session: Session, before: Session | None) -> None:
        positions = {record.id: record.position for record in session.responses}
        responses = _changed(session.responses, before.responses if before else ())
        calls = _changed(session.tool_calls, before.tool_calls if before else ())
        prompts = _changed(session.prompts, before.prompts if before else ())
        markers = _changed(session.markers, before.markers if before else ())
        price, agent = self._price, session.agent
        rows = [row for record in responses for row in response_rows(segment, agent, record, price)]
        if before is not None:
            self._connection.executemany(
                "DELETE FROM responses WHERE segment = ? AND position = ?", [(segment, r.position) for r in responses]
            )
        self._insert("responses", RESPONSE_COLUMNS, rows)
        self._insert("tool_calls", TOOL_CALL_COLUMNS, [tool_call_row(segment, record, positions) for record in calls])
        self._insert("prompts", PROMPT_COLUMNS, [prompt_row(segment, record) for record in prompts])
        self._insert("markers", 7, [marker_row(segment, record) for record in markers])

    def _insert(self, table: str, width: int, rows: list[Row]) -> None:
        if rows:
            self._connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({_marks(width)})", rows)

    def _delete_segments(self, segments: list[int]) -> None:
        for segment in segments:
            key = (segment,)
            self.touched.keys.update(
                k for (k,) in self._connection.execute("SELECT DISTINCT key FROM responses WHERE segment = ?", key)
            )
            self.touched.sessions.update(
                s for (s,) in self._connection.execute("SELECT session FROM segments WHERE segment = ?", key)
            )
            for table in _CHILDREN:
                self._connection.execute(f"DELETE FROM {table} WHERE segment = ?", key)
            self.touched.segments.update(
                owner
                for (owner,) in self._connection.execute(
                    "SELECT segment FROM better_copies WHERE better_segment = ?", key
                )
            )
            self._connection.execute("DELETE FROM better_copies WHERE segment = ?", key)
            self._connection.execute("DELETE FROM better_copies WHERE better_segment = ?", key)
            self._connection.execute("DELETE FROM segments WHERE segment = ?", key)
            self.touched.segments.discard(segment)


def write_findings(connection: sqlite3.Connection, segment: int, session: str, findings: Iterable[Finding]) -> None:
    """Let ``findings`` be all that was found in this segment."""
    connection.execute("DELETE FROM findings WHERE segment = ?", (segment,))
    add_findings(connection, segment, session, findings)


def add_findings(
    connection: sqlite3.Connection, segment: int, session: str, findings: Iterable[Finding], shared: bool = False
) -> None:
    """Add ``findings`` to those of this segment; ``shared``: found by comparing it with others."""
    rows = [finding_row(segment, session, finding, shared) for finding in findings]
    connection.executemany(f"INSERT OR REPLACE INTO findings VALUES ({_marks(FINDING_COLUMNS)})", rows)


def _changed(records: Sequence[R], before: Sequence[R]) -> Sequence[R]:
    if not before:
        return records
    known = {record.position: record for record in before}
    return [record for record in records if known.get(record.position) != record]


def _marks(count: int) -> str:
    return ", ".join("?" * count)
