"""A warehouse in which every text of a session is hostile, past every reader that would have tamed it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from tachograph.app.ingest import ingest
from tachograph.app.learn.run import learn
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tachograph.warehouse.store import open_writer
from tests.builders.claude import ClaudeHome

_TEXTS = {
    "segments": ("agent_type", "project", "git_branch", "title", "entrypoint", "opening", "task_type"),
    "sessions": (
        "agent_type", "project", "git_branch", "version", "title", "opening", "entrypoint", "task_type", "model",
    ),
    "responses": ("id", "model", "provider", "stop_reason", "speed", "branch"),
    "tool_calls": (
        "id", "name", "category", "command", "path", "error_signature", "agent_type", "spawned", "cwd", "result_kind",
    ),
    "prompts": ("id", "text"),
    "markers": ("id", "detail"),
    "logs": ("path",),
    "problems": ("detail",),
    "usage_quarters": ("model", "branch"),
    "points": ("agent_type", "family", "project", "task_type"),
    "judgements": ("model", "reasoning"),
}  # fmt: skip
"""Columns that hold whatever a log said."""
_LISTS = {"segments": ("cwds", "versions"), "tool_calls": ("more_files",), "judgements": ("categories",)}


def write_hostile_history(folder: Path, claude: Path, texts: list[str]) -> list[str]:
    """A warehouse in ``folder`` with one session for each text, which stands in every text field; returns their ids."""
    home = ClaudeHome(claude)
    project = home.project("/home/ada/site")
    for number in range(len(texts)):
        log = project.session(f"2026-03-{1 + number % 28:02d}T{number % 24:02d}:00:00.000Z")
        log.custom_title("t").prompt("p").response(input=9, write_5m=90_000, output=10)
        log.shell("make", "boom: it failed", exit_code=2).shell("make", "boom: it failed", exit_code=2)
        log.tool("Read", {"file_path": "/home/ada/site/a.py"}, result="x").interruption().api_error()
        log.compaction().prompt("q").response(input=4, cache_read=100, output=20)
        log.raw(b'{"type":"user","broken\n')
        log.subagent().prompt("Look.").response(output=3)
    home.write()
    workspace = Workspace(folder, Settings())
    ingest(workspace, path=claude)
    learn(workspace, update=False)
    with open_writer(folder) as connection:
        return _poison(connection, texts)


def _poison(connection: sqlite3.Connection, texts: list[str]) -> list[str]:
    connection.execute("BEGIN")
    roots = [id for (id,) in connection.execute("SELECT id FROM sessions WHERE kind = 'main' ORDER BY id")]
    assert len(roots) == len(texts)
    connection.execute("CREATE TEMP TABLE hostile (root TEXT PRIMARY KEY, text TEXT, id TEXT)")
    ids = [f"claude_code:{number}{text}" for number, text in enumerate(texts)]
    connection.executemany("INSERT INTO hostile VALUES (?, ?, ?)", list(zip(roots, texts, ids, strict=True)))
    connection.execute(
        "CREATE TEMP TABLE hostile_segments AS SELECT g.segment, g.log, g.session, n.session AS number, h.text,"
        " h.id AS id, s.kind FROM segments g JOIN sessions s ON s.id = g.session JOIN sessions n ON n.id = s.id"
        " JOIN hostile h ON h.root = s.root_id"
    )
    _fill(connection)
    _rename(connection)
    connection.execute("COMMIT")
    return ids


def _fill(connection: sqlite3.Connection) -> None:
    """Put each session's text into all its fields."""
    keyed = {
        "sessions": "session = {t}.session", "usage_quarters": "number = {t}.session", "logs": "log = {t}.log",
        "problems": "log = {t}.log", "points": "session = {t}.session", "judgements": "session = {t}.session",
    }  # fmt: skip
    keyed["sessions"] = "number = {t}.session"
    for table, columns in _TEXTS.items():
        rule = keyed.get(table, "segment = {t}.segment").format(t=table)
        for column in columns:
            text = f"(SELECT text FROM hostile_segments WHERE {rule} LIMIT 1)"
            connection.execute(f"UPDATE OR REPLACE {table} SET {column} = {text} WHERE {column} IS NOT NULL")
    for table, columns in _LISTS.items():
        rule = keyed.get(table, "segment = {t}.segment").format(t=table)
        for column in columns:
            text = f"(SELECT json_array(text) FROM hostile_segments WHERE {rule} LIMIT 1)"
            connection.execute(f"UPDATE {table} SET {column} = {text} WHERE {column} IS NOT NULL")
    for segment, id, evidence in connection.execute("SELECT segment, id, evidence FROM findings").fetchall():
        row = connection.execute("SELECT text FROM hostile_segments WHERE segment = ?", (segment,)).fetchone()
        changed = json.dumps(_replaced(json.loads(evidence), row[0]))
        connection.execute("UPDATE findings SET evidence = ? WHERE segment = ? AND id = ?", (changed, segment, id))


def _replaced(value: object, text: str) -> object:
    """A JSON value with every text in it replaced."""
    if isinstance(value, str):
        return text
    if isinstance(value, list):
        return [_replaced(item, text) for item in value]
    if isinstance(value, dict):
        return {key: _replaced(item, text) for key, item in value.items()}
    return value


def _rename(connection: sqlite3.Connection) -> None:
    """Ids are texts of the log, too."""
    for table, columns in {
        "segments": ("session", "parent_id"), "sessions": ("id", "parent_id", "root_id"), "points": ("session",),
        "kpis": ("session",), "alerts": ("session",),
    }.items():  # fmt: skip
        for column in columns:
            connection.execute(
                f"UPDATE {table} SET {column} = (SELECT h.id || substr({table}.{column}, length(h.root) + 1)"
                f" FROM hostile h WHERE substr({table}.{column}, 1, length(h.root)) = h.root)"
                f" WHERE EXISTS (SELECT 1 FROM hostile h WHERE substr({table}.{column}, 1, length(h.root)) = h.root)"
            )
