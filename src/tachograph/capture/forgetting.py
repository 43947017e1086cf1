"""Taking commands out of their store, for good."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from tachograph.capture.store import commands_file, open_commands

_OF_EVENTS = (("changed_paths", "event"), ("labels", "target"), ("scores", "event"), ("events", "id"))


def forget_sessions(folder: Path, sessions: Iterable[str]) -> bool:
    """Remove the commands that these sessions ran, and what was said of them and of the sessions.

    Returns whether no byte of it is left on the disk: it is while another process reads the store. Raises
    TachographError as :func:`tachograph.capture.store.open_commands` does.
    """
    if not commands_file(folder).is_file():
        return True
    with open_commands(folder) as store:
        connection = store.connection
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("CREATE TEMP TABLE doomed (id TEXT PRIMARY KEY)")
        connection.execute("BEGIN IMMEDIATE")
        for session in sessions:
            connection.execute("INSERT OR IGNORE INTO doomed VALUES (?)", (session,))
            connection.execute("INSERT OR IGNORE INTO doomed SELECT id FROM events WHERE session = ?", (session,))
        for table, column in _OF_EVENTS:
            connection.execute(f"DELETE FROM {table} WHERE {column} IN (SELECT id FROM doomed)")
        connection.execute("COMMIT")
        return _erase(connection)


def _erase(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("VACUUM")
        return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError:
        return False
