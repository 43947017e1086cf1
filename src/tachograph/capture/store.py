"""The store of commands: a small SQLite file, written in short transactions by whoever has something to note."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from tachograph.errors import TachographError
from tachograph.model import ChangedPath, CommandEvent, CommandLabel, CommandScore
from tachograph.paths import private_dir, private_file

FILE_NAME = "commands.sqlite"
SCHEMA_VERSION = 2
_SCORES_SAY_WHAT = 2
"""From this version on each score says what it is; those of before are dropped, as nobody can tell any more."""
_BUSY_MS = 5000
"""How long to wait for another process that notes something: each takes milliseconds."""

Row = TypeVar("Row", bound=msgspec.Struct)


def commands_file(folder: Path) -> Path:
    """The file within a data folder."""
    return folder / FILE_NAME


@contextmanager
def open_commands(folder: Path) -> Iterator[CommandStore]:
    """The store in ``folder``, made when there is none. Raises TachographError when it is damaged or too new."""
    private_dir(folder)
    path = commands_file(folder)
    if path.is_symlink():  # in somebody else's repository it could lead anywhere
        raise TachographError(f"{path} is a link, and no store of commands.", slug="not_a_file")
    private_file(path)
    connection = None
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        connection.execute("PRAGMA synchronous = NORMAL")  # of a connection, not of the file
        _prepare(connection, path)
        yield CommandStore(connection)
    except sqlite3.DatabaseError as error:
        raise _failed(path, error) from error
    finally:
        if connection is not None:
            connection.close()


@contextmanager
def read_commands(folder: Path) -> Iterator[CommandStore | None]:
    """The store in ``folder`` to be read alone; None when there is none, or one that this version cannot read."""
    path = commands_file(folder)
    connection = None
    try:
        if path.is_file():
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            known = connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
        yield CommandStore(connection) if connection is not None and known else None
    except sqlite3.DatabaseError as error:
        raise _failed(path, error) from error
    finally:
        if connection is not None:
            connection.close()


class CommandStore:
    """Events, what they changed, labels and scores. ``connection`` may be asked anything else, read-only."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def note(self, event: CommandEvent, paths: Iterable[ChangedPath] = ()) -> None:
        """Keep one event with the files that it touched, in the place of what was known of it."""
        self.note_all([(event, tuple(paths))])

    def note_all(self, events: Iterable[tuple[CommandEvent, tuple[ChangedPath, ...]]]) -> None:
        """Keep several, together or not at all."""
        with self._transaction():
            for event, paths in events:
                _put(self.connection, "events", [event])
                self.connection.execute("DELETE FROM changed_paths WHERE event = ?", (event.id,))
                rows = [(event.id, *msgspec.structs.astuple(path)) for path in paths]
                columns = ", ".join(("event", *ChangedPath.__struct_fields__))
                self.connection.executemany(
                    f"INSERT OR REPLACE INTO changed_paths ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows
                )

    def events(
        self, where: str = "1", values: Iterable[object] = (), order: str = "executed_at, id"
    ) -> list[CommandEvent]:
        """Events that ``where`` (on the columns of ``events``) holds for, in ``order``."""
        return list(self.each_event(where, values, order))

    def each_event(
        self, where: str = "1", values: Iterable[object] = (), order: str = "executed_at, id"
    ) -> Iterator[CommandEvent]:
        """The same, one by one: a store may hold a million."""
        return _each(self.connection, "events", CommandEvent, f"{where} ORDER BY {order}", values)

    def paths_of(self, event: str) -> list[ChangedPath]:
        """The files that an event touched, at most 200."""
        return list(_each(self.connection, "changed_paths", ChangedPath, "event = ? ORDER BY path", (event,)))

    def put_labels(self, labels: Iterable[CommandLabel]) -> None:
        """Keep labels; one of the same target, kind and source takes the place of the one before."""
        with self._transaction():
            _put(self.connection, "labels", labels)

    def labels(self, where: str = "1", values: Iterable[object] = ()) -> list[CommandLabel]:
        """Labels that ``where`` holds for, by target."""
        return list(_each(self.connection, "labels", CommandLabel, f"{where} ORDER BY target, kind, source", values))

    def put_scores(self, scores: Iterable[CommandScore]) -> None:
        """Keep what a model says of events, in the place of what was said before."""
        with self._transaction():
            _put(self.connection, "scores", scores)

    def scores(self, where: str = "1", values: Iterable[object] = ()) -> list[CommandScore]:
        """Scores that ``where`` holds for, by event."""
        return list(_each(self.connection, "scores", CommandScore, f"{where} ORDER BY event", values))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")


def _failed(path: Path, error: sqlite3.DatabaseError) -> TachographError:
    return TachographError(
        f"{path} cannot be used: {error}.",
        slug="store_failed",
        hint="Look at the disk's free space; a damaged file can be moved away, and another one is made.",
    )


def _put(connection: sqlite3.Connection, table: str, rows: Iterable[msgspec.Struct]) -> None:
    for row in rows:
        fields = row.__struct_fields__
        marks = ", ".join("?" * len(fields))
        connection.execute(
            f"INSERT OR REPLACE INTO {table} ({', '.join(fields)}) VALUES ({marks})", msgspec.structs.astuple(row)
        )


def _each(
    connection: sqlite3.Connection, table: str, kind: type[Row], rest: str, values: Iterable[object]
) -> Iterator[Row]:
    fields = kind.__struct_fields__
    rows = connection.execute(f"SELECT {', '.join(fields)} FROM {table} WHERE {rest}", tuple(values))
    for row in rows:
        yield msgspec.convert(dict(zip(fields, row, strict=True)), kind, strict=False)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise TachographError(
            f"{path} was written by a newer tacho (schema {version}, this one knows {SCHEMA_VERSION}).",
            slug="store_too_new",
            hint="Upgrade tacho, or set TACHO_DATA_DIR to another folder.",
        )
    if version < SCHEMA_VERSION:
        _make(connection)


def _make(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    text = Path(__file__).with_name("schema.sql").read_text("utf-8")  # importlib.resources loads for 15 ms
    statements = text.split(";\n")
    connection.execute("BEGIN IMMEDIATE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]  # another process may have made it meanwhile
    if 0 < version < _SCORES_SAY_WHAT:
        connection.execute("DROP TABLE scores")
        statements = [statement for statement in statements if "CREATE TABLE scores" in statement]
    if version < SCHEMA_VERSION:
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")
