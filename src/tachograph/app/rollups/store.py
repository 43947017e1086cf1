"""The file that the rollups lie in: making it, telling whether it is still of use, throwing it away."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path

import xxhash

from tachograph import __version__
from tachograph.app.rollups.cells import PARTED, parts_table, temporary_tables
from tachograph.paths import private_file
from tachograph.warehouse.lock import file_lock
from tachograph.warehouse.store import open_reader, read_meta, warehouse_file

FILE_NAME = "rollups.sqlite"
LOCK_NAME = "rollups.lock"
VERSION = 1
"""Of what is counted, as far as the statements in ``queries`` and ``schema.sql`` do not say it."""
_START = {"noted": "0", "revision": "0", "as_of": "0", "ready": "0", "verdicts_at": "0"}
_BESIDE = ("", "-wal", "-shm", "-journal")
_CACHE_KIB = 32 * 1024
_LOG_BYTES = 8 * 1024 * 1024
"""What is left of the write-ahead log once its content is in the file."""


def rollups_file(folder: Path) -> Path:
    """The file within the data folder."""
    return folder / FILE_NAME


def forget_rollups(folder: Path, wait_seconds: float = 10.0) -> bool:
    """Remove the file, and with it all text that was copied there; whether none of it is left.

    Who reads it goes on reading what is no longer there; the next one makes it anew. Nothing is removed while another
    process refreshes it, and is not done after ``wait_seconds``.
    """
    if not any((folder / f"{FILE_NAME}{ending}").exists() for ending in _BESIDE):
        return True
    with file_lock(folder / LOCK_NAME, wait_seconds) as held:
        return held and remove_rollups(folder)


def remove_rollups(folder: Path) -> bool:
    """The same for who holds the lock."""
    for ending in _BESIDE:
        try:
            (folder / f"{FILE_NAME}{ending}").unlink(missing_ok=True)
        except OSError:
            return False
    return True


def identity(connection: sqlite3.Connection, folder: Path, zone_name: str) -> dict[str, str]:
    """What the rollups must have been made by and from to be of use; ``connection`` is the warehouse's."""
    status = warehouse_file(folder).stat()
    return {
        "version": _version(),
        "zone": zone_name,
        "place": f"{status.st_dev}/{status.st_ino}",
        "store": read_meta(connection, "store"),
    }


@cache
def _version() -> str:
    """Another one whenever rollups made earlier may not be what they would be now."""
    hasher = xxhash.xxh3_64(f"{VERSION}/{__version__}".encode())
    for name in ("schema", "choose", "describe", "list", "kpis"):
        hasher.update(read_sql(name).encode())
    return hasher.hexdigest()


def attach(connection: sqlite3.Connection, folder: Path, *, writable: bool) -> None:
    """Attach the file as ``roll``. Raises sqlite3.Error when there is none, or when it is no database."""
    connection.execute("ATTACH ? AS roll", (_uri(folder, "rw" if writable else "ro"),))
    connection.execute("SELECT count(*) FROM roll.sqlite_master").fetchone()


def _uri(folder: Path, mode: str) -> str:
    return f"{rollups_file(folder).absolute().as_uri()}?mode={mode}"


def read_facts(connection: sqlite3.Connection) -> dict[str, str]:
    """All that ``meta`` says of the rollups."""
    return dict(connection.execute("SELECT name, value FROM roll.meta").fetchall())


def are_usable(facts: dict[str, str], wanted: dict[str, str]) -> bool:
    """Whether rollups of which ``meta`` says ``facts`` were made by and from what is ``wanted``."""
    return wanted.items() <= facts.items() and _START.keys() <= facts.keys()


def write_facts(connection: sqlite3.Connection, **facts: str | int) -> None:
    """Change some of it."""
    connection.executemany("INSERT OR REPLACE INTO roll.meta VALUES (?, ?)", [(n, str(v)) for n, v in facts.items()])


def is_behind(connection: sqlite3.Connection, facts: dict[str, str], now_ms: int) -> bool:
    """Whether the warehouse has changed since, or something is still to be done."""
    if facts["noted"] != facts["revision"] or last_change(connection) > int(facts["revision"]):
        return True
    late = now_ms - int(facts["verdicts_at"]) >= VERDICTS_MS
    return late and bool(connection.execute("SELECT EXISTS (SELECT 1 FROM roll.waiting_types)").fetchone()[0])


VERDICTS_MS = 60_000
"""Verdicts of a large group of sessions are told anew no more often than this."""


def last_change(connection: sqlite3.Connection) -> int:
    """The number of the warehouse's last change."""
    return int(connection.execute("SELECT coalesce(max(revision), 0) FROM changes").fetchone()[0])


@contextmanager
def open_rollups(folder: Path, zone_name: str) -> Iterator[sqlite3.Connection]:
    """The warehouse, read-only, with the rollups attached as ``roll`` to be written; the caller holds their lock.

    The connection is in autocommit mode and has the temporary tables of a refresh. A file that is damaged or was made
    from something else is made anew, empty. Raises TachographError as
    :func:`tachograph.warehouse.store.open_reader` does.
    """
    with closing(open_reader(folder)) as connection:
        connection.isolation_level = None
        _attach_usable(connection, folder, identity(connection, folder, zone_name))
        connection.execute("PRAGMA roll.synchronous = NORMAL")
        connection.execute(f"PRAGMA roll.cache_size = -{_CACHE_KIB}")
        connection.execute(f"PRAGMA roll.journal_size_limit = {_LOG_BYTES}")
        connection.execute("PRAGMA temp_store = FILE")  # whatever a history's size, memory stays flat
        connection.create_function("lower_text", 1, str.lower, deterministic=True)
        run(connection, read_sql("temporary"))
        for sums in PARTED:
            for statement in temporary_tables(sums):
                connection.execute(statement)
        yield connection
        _leave_log(connection, folder)


def _attach_usable(connection: sqlite3.Connection, folder: Path, wanted: dict[str, str]) -> None:
    """Attach the file; one that is damaged or was made from something else is made anew before, empty."""
    try:
        attach(connection, folder, writable=True)
        facts = read_facts(connection)
        if are_usable(facts, wanted) and last_change(connection) >= int(facts["noted"]):
            return
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise
    _make_anew(connection, folder, wanted)


def _leave_log(connection: sqlite3.Connection, folder: Path) -> None:
    """Close the connection so that the file's write-ahead log stays.

    The last one to close would move it into the file and wait for the disk, each time; one that cannot write does not.
    """
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(_uri(folder, "ro"), uri=True)) as reader:
        reader.execute("SELECT count(*) FROM meta").fetchone()
        connection.close()


def _make_anew(connection: sqlite3.Connection, folder: Path, facts: dict[str, str]) -> None:
    if any(row[1] == "roll" for row in connection.execute("PRAGMA database_list")):
        connection.execute("DETACH roll")
    remove_rollups(folder)
    with closing(sqlite3.connect(private_file(rollups_file(folder)), isolation_level=None)) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("BEGIN")
        run(made, read_sql("schema"))
        for sums in PARTED:
            made.execute(parts_table(sums))
        made.executemany("INSERT INTO meta VALUES (?, ?)", {**facts, **_START}.items())
        made.execute("COMMIT")
    attach(connection, folder, writable=True)


@cache
def read_sql(name: str) -> str:
    """The text of ``schema.sql`` or of ``queries/<name>.sql``."""
    place = resources.files("tachograph.app.rollups")
    return (place if name == "schema" else place.joinpath("queries")).joinpath(f"{name}.sql").read_text("utf-8")


def run(connection: sqlite3.Connection, statements: str, values: Mapping[str, object] | None = None) -> None:
    """Run statements one by one (``executescript`` would commit the transaction), each with the values it names."""
    for statement in _split(statements):
        named = {name: value for name, value in (values or {}).items() if f":{name}" in statement}
        connection.execute(statement, named)


@lru_cache(maxsize=64)
def _split(statements: str) -> tuple[str, ...]:
    found, statement = [], ""
    for line in statements.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            found.append(statement)
            statement = ""
    return tuple(found)


def now_ms() -> int:
    """The present moment, ms UTC."""
    return time.time_ns() // 1_000_000
