"""The whole warehouse as comparable rows: surrogate keys replaced by what they stand for, everything sorted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

Rows = list[tuple[Any, ...]]

_SEGMENT = "(SELECT l.path || '#' || g.ordinal FROM segments g JOIN logs l USING (log) WHERE g.segment = {})"
_QUERIES = {
    "logs": "SELECT path, agent, size, mtime_ns, inode, sidecar_mtime_ns, content_hash, offset, lines, carry, parser,"
    " unknown_types FROM logs",
    "problems": "SELECT (SELECT path FROM logs l WHERE l.log = p.log), number, slug, line, offset, detail"
    " FROM problems p",
    "better_copies": f"SELECT {_SEGMENT.format('t.segment')}, position, {_SEGMENT.format('t.better_segment')},"
    " better_position FROM better_copies t",
    "purged": "SELECT hash FROM purged",
    "points": "SELECT * FROM points",
    "kpis": "SELECT * FROM kpis",
    "alerts": "SELECT * FROM alerts",
    "loop_records": "SELECT * FROM loop_records WHERE kind <> 'snapshot'",
}
_BY_SEGMENT = ("segments", "responses", "tool_calls", "prompts", "markers", "findings")
_BY_SESSION = ("sessions", "usage_quarters")


def dump_warehouse(folder: Path) -> dict[str, Rows]:
    """Every table's rows, sorted; two warehouses that hold the same give equal dumps."""
    with closing(sqlite3.connect(folder / "warehouse.sqlite")) as connection:
        tables = {name: _sorted(connection.execute(query)) for name, query in _QUERIES.items()}
        for name in _BY_SEGMENT:
            columns = [c for c in _columns(connection, name) if c not in ("segment", "log", "ordinal")]
            tables[name] = _sorted(
                connection.execute(f"SELECT {_SEGMENT.format('t.segment')}, {', '.join(columns)} FROM {name} t")
            )
        for name in _BY_SESSION:
            columns = [c for c in _columns(connection, name) if c != "session"]
            named = "(SELECT id FROM sessions n WHERE n.session = t.session)"
            tables[name] = _sorted(connection.execute(f"SELECT {named}, {', '.join(columns)} FROM {name} t"))
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return tables


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def _sorted(rows: sqlite3.Cursor) -> Rows:
    return sorted(rows.fetchall(), key=repr)


def assert_same(found: dict[str, Rows], expected: dict[str, Rows]) -> None:
    """Compare table by table, so that a failure shows the rows that differ."""
    for name, rows in expected.items():
        extra = [row for row in found[name] if row not in rows]
        lacking = [row for row in rows if row not in found[name]]
        assert (extra, lacking) == ([], []), name
        assert len(found[name]) == len(rows), name
