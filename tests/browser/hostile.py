"""A warehouse in which every text of a session is hostile, past every reader that would have tamed it."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from unittest import mock

import msgspec

from tachograph.warehouse.store import open_writer
from tests.builders.claude import ClaudeHome
from tests.builders.log import Ids
from tests.loop.machine import Machine, write_history

OWN = "one of our own words: readers and detectors know no others"
HASH = "hex digits of a hash"
UNREAD = "no page reads the table"
SPARED = {
    "meta": OWN, "rates": OWN, "calibrations": OWN,
    "telemetry": UNREAD, "starts": UNREAD, "baseline_resets": UNREAD, "purged": UNREAD,
    "evaluations": UNREAD, "points_changed": UNREAD,
    **dict.fromkeys(("logs.agent", "problems.slug", "prompts.kind", "markers.kind", "findings.detector"), OWN),
    **dict.fromkeys(("segments.agent", "segments.kind", "sessions.agent", "sessions.kind", "assignments.arm"), OWN),
    **dict.fromkeys(("tool_calls.status", "tool_calls.file_op", "tool_calls.tasks", "judgements.verdict"), OWN),
    **dict.fromkeys(("points.origin", "points.kind", "points.agent", "kpis.kpi", "alert_acks.verdict"), OWN),
    **dict.fromkeys(("alerts.kpi", "alerts.rule", "alerts.severity", "decisions.action", "decisions.by"), OWN),
    **dict.fromkeys(("assignments.suggestion", "decisions.suggestion", "decisions.agent", "decisions.numbers"), OWN),
    **dict.fromkeys(("loop_records.kind", "segments.skipped_usage"), OWN),
    **dict.fromkeys(("findings.id", "alerts.id", "alert_acks.alert"), HASH),
}  # fmt: skip
"""Why a table's texts, or a column's, are left as they are; all others are made hostile."""
_ENUMS = (
    "kpi", "rule", "severity", "priority", "status", "state", "policy", "better", "suggestion", "id", "agent", "kind",
    "arm",
)  # fmt: skip
"""Fields of records that hold our own words."""
_IDS = {
    "segments": ("session", "parent_id", "forked_from"), "sessions": ("id", "parent_id", "root_id", "forked_from"),
    "points": ("session",), "kpis": ("session",), "alerts": ("session",), "judgements": ("session",),
    "assignments": ("session",),
}  # fmt: skip

_FILLED = {
    "tool_calls.more_files": '[["f", "modify"]]', "tool_calls.spawned": "x", "segments.forked_from": "x",
    "sessions.forked_from": "x", "points.lacking": '{"cache_efficiency": "x"}', "logs.unknown_types": '{"x": 1}',
}  # fmt: skip
"""What is put where these logs have left nothing."""

Row = dict[str, object]


class _OtherIds(Ids):
    """Ids that the machine's own logs do not have."""

    def count(self, kind: str) -> int:
        return 0xF00000 + super().count(kind)


def write_hostile_history(folder: Path, environment: dict[str, str], texts: list[str]) -> list[str]:
    """Homes and a warehouse below ``folder``: one session for each text, which stands in every text field of it.

    Beside them the loop's, with alerts, an incident, decisions and a trial. Returns the ids of the first, in order.
    """
    with mock.patch.dict(os.environ, environment):
        _write(folder, len(texts))
    with open_writer(folder / "data") as connection:
        _add_rows(connection)
        return _Poison(connection, texts).everything()


def _write(folder: Path, sessions: int) -> None:
    machine = Machine(folder, write_history(folder / "source"))
    home = ClaudeHome(folder / "claude")
    home.ids = _OtherIds()
    project = home.project("/home/ada/hostile")
    for number in range(sessions):
        _write_session(project.session(f"2026-06-{1 + number % 12:02d}T{number % 24:02d}:00:00.000Z"))
    home.write()
    machine.settle()


def unpoisoned(folder: Path, texts: list[str]) -> list[str]:
    """Columns with text that are neither spared nor hold a hostile text; and spared ones that are not there."""
    with sqlite3.connect(f"file:{folder / 'warehouse.sqlite'}?mode=ro", uri=True) as connection:
        columns = {f"{table}.{column}": table for table, column, _ in _columns(connection)}
        found = [name for name, table in columns.items() if not SPARED.keys() & {name, table}]
        known = columns.keys() | set(_tables(connection))
        marks = [text[-12:] for text in texts]
        clean = [name for name in found if not _holds(connection, *name.split("."), marks)]
        return clean + sorted(SPARED.keys() - known)


def _write_session(log) -> None:
    log.custom_title("t").prompt("p").response(input=9, write_5m=90_000, output=10)
    log.shell("make", "boom: it failed", exit_code=2).shell("make", "boom: it failed", exit_code=2)
    log.tool("Read", {"file_path": "/home/ada/site/a.py"}, result="x").interruption().api_error()
    log.compaction().prompt("q").response(input=4, cache_read=100, output=20)
    log.raw(b'{"type":"user","broken\n')
    log.subagent().prompt("Look.").response(output=3)


def _add_rows(connection: sqlite3.Connection) -> None:
    """What only people and judges add."""
    connection.execute(
        "INSERT OR REPLACE INTO judgements SELECT id, 'm', 1, 0, ended_at, 'WORSE', 0.5, 'r', '[\"c\"]', 1, 0"
        " FROM sessions"
    )
    connection.execute("INSERT OR REPLACE INTO alert_acks SELECT id, at, 'seen' FROM alerts LIMIT 3")
    for name, value in _FILLED.items():
        table, column = name.split(".")
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {column} IS NULL OR {column} = '{{}}'", (value,))


def _tables(connection: sqlite3.Connection) -> list[str]:
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return [name for (name,) in names]


def _columns(connection: sqlite3.Connection) -> Iterator[tuple[str, str, str]]:
    """Table, column and type of all columns that may hold text."""
    for table in _tables(connection):
        for row in connection.execute(f"PRAGMA table_info({table})"):
            if row[2] in ("TEXT", "BLOB") and f"{table}.{row[1]}" != "logs.carry":  # a reader's own state
                yield table, row[1], row[2]


def _holds(connection: sqlite3.Connection, table: str, column: str, marks: list[str]) -> bool:
    """Whether some row's value has the end of one of the texts in it, as it is or within JSON."""
    for (value,) in connection.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL LIMIT 900"):
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if any(mark in text or json.dumps(mark)[1:-1] in text for mark in marks):
            return True
    return False


class _Poison:
    """Puts each session's text into all its fields, and texts in turn into what belongs to none."""

    def __init__(self, connection: sqlite3.Connection, texts: list[str]) -> None:
        self.connection = connection
        names = connection.execute("SELECT id, session, root_id FROM sessions").fetchall()
        roots = sorted({root for _, _, root in names}, key=lambda one: (":00f0" not in one, one))
        self.text = dict(zip(roots, cycle(texts)))
        self.new = {root: f"claude_code:{number}{self.text[root]}" for number, root in enumerate(roots)}
        self.root: dict[object, str] = {id: root for id, _, root in names} | {n: root for _, n, root in names}
        segments = connection.execute("SELECT segment, log, session FROM segments").fetchall()
        self.segment = {segment: self.root[session] for segment, _, session in segments}
        self.log = {log: self.root[session] for _, log, session in segments}
        self.same: dict[str, str] = {}
        self.others = cycle(texts)
        self.ids = [self.new[root] for root in roots[: len(texts)]]

    def everything(self) -> list[str]:
        """Do it; returns the new ids of the sessions that have a text of their own."""
        self.connection.execute("BEGIN")
        for table in _tables(self.connection):
            columns = [(name, type) for of, name, type in _columns(self.connection) if of == table]
            wanted = [(name, type) for name, type in columns if not SPARED.keys() & {table, f"{table}.{name}"}]
            if wanted:
                self._table(table, wanted)
        self.connection.execute("COMMIT")
        return self.ids

    def _table(self, table: str, wanted: list[tuple[str, str]]) -> None:
        cursor = self.connection.execute(f"SELECT * FROM {table}")
        names = [one[0] for one in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        for row in rows:
            text = self._text_of(table, row)
            for name, type in wanted:
                if (table, name) == ("loop_records", "name"):
                    row[name] = self._record_name(str(row["kind"]), str(row[name]))
                else:
                    row[name] = self._changed(table, name, type, row[name], text)
        self.connection.execute(f"DELETE FROM {table}")
        marks = ", ".join("?" * len(names))
        self.connection.executemany(
            f"INSERT OR REPLACE INTO {table} VALUES ({marks})", [tuple(r.values()) for r in rows]
        )

    def _text_of(self, table: str, row: Row) -> Callable[[str], str]:
        """What stands in place of a text of this row: the session's own; without a session one for each text."""
        key = row.get("session")
        root = self.segment.get(row["segment"]) if "segment" in row else self.root.get(key)
        if root is None and table in ("logs", "problems"):
            root = self.log.get(row["log"])
        if root is None:
            return self._same
        return lambda _: self.text[root]

    def _changed(self, table: str, name: str, type: str, value: object, text: Callable[[str], str]) -> object:
        if value is None and (name in _IDS.get(table, ()) or name.startswith("parent")):
            return None
        if name in _IDS.get(table, ()):
            return self._renamed(str(value))
        if name == "trial":
            return self._same(str(value))
        if name == "unknown_types":
            return json.dumps({text(""): 1})
        if type == "BLOB":
            return msgspec.msgpack.encode(self._replaced(msgspec.msgpack.decode(value), text))
        if isinstance(value, str) and value[:1] in ("{", "["):
            return json.dumps(self._replaced(json.loads(value), text))
        return text(str(value))

    def _record_name(self, kind: str, name: str) -> str:
        """Of what the loop keeps: trials are named by kinds of agents, marks by sessions, the rest by words of ours."""
        return self._same(name) if kind == "trial" else self._renamed(name) if kind == "quality" else name

    def _same(self, value: str) -> str:
        """One text for the same value, wherever it stands."""
        return self.same.setdefault(value, next(self.others))

    def _renamed(self, id: str) -> str:
        root = self.root.get(id)
        return id + next(self.others) if root is None else self.new[root] + id.removeprefix(root)

    def _replaced(self, value: object, text: Callable[[str], str]) -> object:
        """A record with every text in it replaced that is none of our own words; of tables by name, the names stay."""
        if isinstance(value, str):
            return text(value)
        if isinstance(value, list):
            return [self._replaced(item, text) for item in value]
        if isinstance(value, dict):
            return {key: self._field(key, item, text) for key, item in value.items()}
        return value

    def _field(self, key: str, item: object, text: Callable[[str], str]) -> object:
        if isinstance(item, str) and key == "session":
            return self._renamed(item)
        return item if key in _ENUMS else self._replaced(item, self._same if key == "trial" else text)
