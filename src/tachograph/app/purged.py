"""What was purged: hashes of session ids and of logs' paths, so that it is not read again."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable

from tachograph.model import Session
from tachograph.sources import hash_text


def load_purged(connection: sqlite3.Connection) -> set[int]:
    """Hashes of everything that was purged."""
    return {row[0] for row in connection.execute("SELECT hash FROM purged")}


def is_purged(session: Session, purged: Collection[int]) -> bool:
    """Whether the session, or the one that started it, or one of the sessions above it by id, was purged.

    So the subagents that a purged session starts later are not read either.
    """
    return is_purged_id(session.id, purged) or (
        session.parent_id is not None and bool(purged) and hash_text(session.parent_id) in purged
    )


def is_purged_id(id: str, purged: Collection[int]) -> bool:
    """Whether the session of this id, or one of those above it by id, was purged."""
    if not purged:
        return False
    parts = id.split("/")
    return any(hash_text("/".join(parts[:length])) in purged for length in range(1, len(parts) + 1))


def remember_purged(connection: sqlite3.Connection, sessions: Iterable[Session], path_hash: int) -> None:
    """Note a log of which every session was purged, within the caller's transaction."""
    remember(connection, [path_hash, *(hash_text(session.id) for session in sessions)])


def remember(connection: sqlite3.Connection, hashes: Iterable[int]) -> None:
    """Note hashes of what is not to be read again, within the caller's transaction."""
    connection.executemany("INSERT OR IGNORE INTO purged VALUES (?)", [(value,) for value in hashes])
