"""What follows from the agents' logs, in the store of commands: written session by session, with how far it goes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from tachograph.capture.store import CommandStore
from tachograph.model import CommandEvent, CommandLabel
from tachograph.warehouse.store import transaction

FROM_SESSIONS = ("next_check", "next_prompt")
"""Sources of labels that follow from a session's log."""
_NAME = "backfill"
_IN = 500


class Mark(msgspec.Struct, frozen=True):
    """What the events of the logs were made from."""

    version: int
    """Of what is made of a log."""
    warehouse: str
    """Which one it was."""
    key: str
    """The key that commands were hashed with."""
    revision: int
    """The warehouse's last change."""
    runs: str
    """Fingerprint of the captured commands that agents may have run."""


class SessionRecords(msgspec.Struct, frozen=True):
    """All that follows from one session."""

    session: str
    events: list[CommandEvent]
    labels: list[CommandLabel]


def read_mark(store: CommandStore) -> Mark | None:
    """How far the store goes; None when that is not known."""
    row = store.connection.execute("SELECT value FROM meta WHERE name = ?", (_NAME,)).fetchone()
    try:
        return None if row is None else msgspec.json.decode(row[0], type=Mark)
    except msgspec.DecodeError:
        return None


def write_mark(store: CommandStore, mark: Mark, before: Mark | None) -> None:
    """Say how far it goes, after all of it was written; ``before`` is what was said when the writing began.

    When another process has said something else meanwhile, older rows may lie over newer ones: then it is ``before``
    from which the next one goes on.
    """
    with transaction(store.connection):
        told = mark if read_mark(store) == before else before
        if told is None:
            store.connection.execute("DELETE FROM meta WHERE name = ?", (_NAME,))
        else:
            row = (_NAME, msgspec.json.encode(told).decode())
            store.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", row)


def link_runs(store: CommandStore, runs: Iterable[CommandEvent], places: dict[str, tuple[str, str]]) -> None:
    """Tell captured ``runs`` which call made them (``places``: event -> session and call); what a session says of them
    is to be told anew."""
    rows = []
    for run in runs:
        session, call = places.get(run.id, (None, None))
        rows.append((run.session or session, call, run.id))
    with transaction(store.connection):
        store.connection.executemany("UPDATE events SET session = ?, call = ? WHERE id = ?", rows)
        _forget_labels(store.connection, [row[2] for row in rows])


def write_sessions(store: CommandStore, records: Sequence[SessionRecords]) -> int:
    """Let the events and labels of these sessions' logs be exactly these; return how many events are gone."""
    connection = store.connection
    gone = 0
    with transaction(connection):
        for one in records:
            known = {row[0] for row in connection.execute(_LOGGED, (one.session,))}
            ids = {event.id for event in one.events}
            _forget_labels(connection, known & ids)
            gone += _forget_events(connection, known - ids)
            connection.executemany(_PUT_EVENT, [msgspec.structs.astuple(event) for event in one.events])
            connection.executemany(_PUT_LABEL, [msgspec.structs.astuple(label) for label in one.labels])
    return gone


def forget_sessions(store: CommandStore, sessions: Iterable[str]) -> int:
    """Remove the logged events of sessions that the warehouse no longer holds; return how many there were."""
    return write_sessions(store, [SessionRecords(session, [], []) for session in sessions])


def known_sessions(store: CommandStore) -> set[str]:
    """Sessions that have events, of their logs or captured ones."""
    rows = store.connection.execute("SELECT DISTINCT session FROM events WHERE session IS NOT NULL")
    return {session for (session,) in rows}


def count_logged(store: CommandStore) -> int:
    """How many events are from logs; counted in indexes."""
    query = "SELECT (SELECT count(*) FROM events) - (SELECT count(*) FROM events WHERE origin <> 'log')"
    return int(store.connection.execute(query).fetchone()[0])


_LOGGED = "SELECT id FROM events WHERE session = ? AND origin = 'log'"


def _insert(table: str, kind: type[msgspec.Struct]) -> str:
    fields = kind.__struct_fields__
    return f"INSERT OR REPLACE INTO {table} ({', '.join(fields)}) VALUES ({', '.join('?' * len(fields))})"


_PUT_EVENT = _insert("events", CommandEvent)
_PUT_LABEL = _insert("labels", CommandLabel)


def _forget_labels(connection: sqlite3.Connection, events: Iterable[str]) -> None:
    rows = [(event, source) for event in events for source in FROM_SESSIONS]
    connection.executemany("DELETE FROM labels WHERE target = ? AND kind = 'outcome' AND source = ?", rows)


def _forget_events(connection: sqlite3.Connection, events: set[str]) -> int:
    """A person's own label stays: the call may be found again."""
    rows = [(event,) for event in events]
    connection.executemany("DELETE FROM labels WHERE target = ? AND kind <> 'human'", rows)
    connection.executemany("DELETE FROM scores WHERE event = ?", rows)
    connection.executemany("DELETE FROM events WHERE id = ?", rows)
    return len(rows)
