"""Bringing the derived rows up to date after logs were written: owners, sessions, rollups.

Everything here is a function of the stored rows alone, so that neither the order nor the number of ingestions shows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Protocol

from tachograph.model import HUMAN_KINDS, Finding, Session
from tachograph.warehouse.owners import settle_owners
from tachograph.warehouse.query_files import read_query
from tachograph.warehouse.rows import load_segment
from tachograph.warehouse.siblings import compare_siblings, note_former_roots
from tachograph.warehouse.writer import Touched, write_findings


class Analyst(Protocol):
    """What ingestion wants to know of a session; records up to the position ``after`` are copies."""

    def describe(self, session: Session, after: int) -> Sequence[object]:
        """The summary columns of ``segments``."""
        ...

    def find_waste(self, session: Session, after: int) -> Sequence[Finding]:
        """Waste of this session, as one log tells of it."""
        ...

    def find_shared_waste(self, subagents: Sequence[tuple[Session, int]]) -> Sequence[tuple[int, Finding]]:
        """Waste among the subagents of one session, as (session, after): index of the one it belongs to, finding."""
        ...


_SUMMARY = (
    "turns", "prompts", "interruptions", "compactions", "api_errors", "tool_calls", "tool_errors", "tool_denied",
    "subagents", "lines_added", "lines_removed", "active_ms", "first_at", "opening_hash", "opening",
    "task_type",
)  # fmt: skip
_EVERYTHING = 1 << 62
_DIRTY_SEGMENTS = (
    "SELECT n.session, s.segment FROM dirty_sessions d"
    " CROSS JOIN sessions n ON n.id = d.id CROSS JOIN segments s ON s.session = d.id"
)
_OPENING = (*HUMAN_KINDS, "task")


def derive(connection: sqlite3.Connection, touched: Touched, analyst: Analyst) -> None:
    """Rebuild what depends on the ``touched`` segments and sessions, within the caller's transaction."""
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS dirty_segments (segment INTEGER PRIMARY KEY)")
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS dirty_sessions (id TEXT PRIMARY KEY)")
    connection.execute("DELETE FROM dirty_segments")
    connection.execute("DELETE FROM dirty_sessions")
    _add(connection, "dirty_sessions", touched.sessions)
    _add(connection, "dirty_segments", touched.segments)
    connection.execute(
        "INSERT OR IGNORE INTO dirty_segments"
        " SELECT segment FROM dirty_sessions d CROSS JOIN segments s ON s.session = d.id"
    )
    changed = settle_owners(connection, touched.keys)
    _add(connection, "dirty_segments", changed)
    _set_boundaries(connection, analyst)
    connection.execute(
        "INSERT OR IGNORE INTO dirty_sessions SELECT session FROM dirty_segments CROSS JOIN segments USING (segment)"
    )
    note_former_roots(connection)
    _run(connection, "derive_sessions")
    connection.execute(read_query("count_usage").format(target="usage_quarters", owned=_DIRTY_SEGMENTS, within="1"))
    _run(connection, "sum_up_sessions")
    compare_siblings(connection, analyst.find_shared_waste)
    _run(connection, "forget_points")
    _run(connection, "note_changes")


def rederive(connection: sqlite3.Connection, analyst: Analyst) -> None:
    """Rebuild every derived row from the stored ones."""
    connection.execute("UPDATE segments SET inherited_until = -2")
    connection.execute("DELETE FROM usage_quarters")
    sessions = {row[0] for row in connection.execute("SELECT session FROM segments UNION SELECT id FROM sessions")}
    segments = {row[0] for row in connection.execute("SELECT segment FROM segments")}
    derive(connection, Touched(segments=segments, sessions=sessions), analyst)


def _add(connection: sqlite3.Connection, table: str, values: Iterable[object]) -> None:
    connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES (?)", [(value,) for value in values])


def _run(connection: sqlite3.Connection, name: str) -> None:
    """Run a file of statements one by one (``executescript`` would commit the transaction)."""
    statement = ""
    for line in read_query(name).splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


def _set_boundaries(connection: sqlite3.Connection, analyst: Analyst) -> None:
    """Find how far each dirty segment is a copy, and count its records anew where that has changed."""
    rows = connection.execute(
        "SELECT s.segment, s.inherited_until,"
        " (SELECT max(position) FROM responses r WHERE r.segment = s.segment AND r.counted = 0),"
        " (SELECT count(*) FROM responses r WHERE r.segment = s.segment AND r.counted = 1),"
        " (SELECT count(*) FROM segments o WHERE o.session = s.session)"
        " FROM dirty_segments CROSS JOIN segments s USING (segment)"
    ).fetchall()
    for segment, held, last_copy, own, siblings in rows:
        until = -1
        if own == 0 and siblings > 1 and (last_copy is not None or _is_held_elsewhere(connection, segment)):
            until = _EVERYTHING
        elif last_copy is not None:
            until = _end_of_copy(connection, segment, last_copy)
        if until != held:
            session = load_segment(connection, segment)
            summary = analyst.describe(session, until)
            columns = ", ".join(f"{name} = ?" for name in _SUMMARY)
            connection.execute(
                f"UPDATE segments SET inherited_until = ?, {columns} WHERE segment = ?",
                (until, *summary, segment),
            )
            write_findings(connection, segment, session.id, analyst.find_waste(session, until))


def _end_of_copy(connection: sqlite3.Connection, segment: int, last_copy: int) -> int:
    """Position of the last copied record: what follows a copied response up to the session's own next step is one."""
    own = connection.execute(
        "SELECT min(position) FROM ("
        " SELECT position FROM responses WHERE segment = ?1 AND position > ?2 AND counted = 1"
        f" UNION ALL SELECT position FROM prompts WHERE segment = ?1 AND position > ?2 AND kind IN {_OPENING})",
        (segment, last_copy),
    ).fetchone()[0]
    return _EVERYTHING if own is None else own - 1


def _is_held_elsewhere(connection: sqlite3.Connection, segment: int) -> bool:
    """Whether this segment, which has no response, adds nothing: another one comes first, or says all that it says.

    A log that was moved before its first response leaves such a segment behind.
    """
    row = connection.execute(
        "SELECT o.segment = ?1, EXISTS (SELECT 1 FROM segments f JOIN responses r USING (segment)"
        "   WHERE f.session = o.session AND NOT EXISTS (SELECT 1 FROM prompts p WHERE p.segment = ?1"
        "     AND NOT EXISTS (SELECT 1 FROM prompts q WHERE q.segment = f.segment AND q.id = p.id)))"
        " FROM segments o JOIN logs l USING (log)"
        " WHERE o.session = (SELECT session FROM segments WHERE segment = ?1)"
        " ORDER BY o.ordinal > 0, o.started_at IS NULL, o.started_at, l.path_hash, o.ordinal LIMIT 1",
        (segment,),
    ).fetchone()
    return not row[0] or bool(row[1])
