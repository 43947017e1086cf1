"""Bringing the rollups up to date with the warehouse."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import tzinfo
from pathlib import Path

import msgspec

from tachograph.app.filters import find_zone
from tachograph.app.rollups.cells import PARTED, replace_parts
from tachograph.app.rollups.cubes import ToolSums
from tachograph.app.rollups.days import day_expression
from tachograph.app.rollups.kpis import add_up_days, note_days
from tachograph.app.rollups.store import (
    LOCK_NAME,
    last_change,
    now_ms,
    open_rollups,
    read_facts,
    read_sql,
    remove_rollups,
    run,
    write_facts,
)
from tachograph.app.rollups.verdicts import tell_verdicts
from tachograph.app.workspace import Workspace
from tachograph.warehouse.lock import file_lock
from tachograph.warehouse.store import open_reader, transaction

OnProgress = Callable[[int, int], None]
"""(main sessions described, of how many)."""

_BATCH_ROOTS = 800
_BATCH_CALLS = 50_000
"""Main sessions, and tool calls, that are described together: so much is in memory at once."""
_SLOTS = 15


class Refreshed(msgspec.Struct, frozen=True):
    """What a refresh did."""

    revision: int
    """State of the warehouse that the rollups tell of."""
    roots: tuple[str, ...] = ()
    """Ids of the main sessions that were described anew or are gone; empty when all were."""
    whole: bool = False
    """The rollups were made anew: everything may have changed."""
    held: bool = True
    """False: another process is at it, and nothing was done."""


def refresh(workspace: Workspace, on_progress: OnProgress | None = None, wait_seconds: float = 2.0) -> Refreshed:
    """Bring the rollups up to date, or make them when there are none of use; cheap when nothing has changed.

    When another process is at it and is not done after ``wait_seconds``, nothing is done. An interruption does no
    harm: the next refresh goes on from there. Raises TachographError as the warehouse does.
    """
    zone, zone_name = find_zone(workspace.settings.display_timezone)
    open_reader(workspace.folder).close()  # without a warehouse not even the lock is made
    with file_lock(workspace.folder / LOCK_NAME, wait_seconds) as held:
        if not held:
            return Refreshed(0, held=False)
        try:
            return _refresh(workspace.folder, zone, zone_name, on_progress)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
        remove_rollups(workspace.folder)
        return _refresh(workspace.folder, zone, zone_name, on_progress)


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the error says that a file is no database, or not a whole one."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _refresh(folder: Path, zone: tzinfo, zone_name: str, on_progress: OnProgress | None) -> Refreshed:
    with open_rollups(folder, zone_name) as connection:
        facts = read_facts(connection)
        whole = facts["ready"] == "0"
        with transaction(connection):
            _note(connection, zone, int(facts["noted"]))
        roots = [row[0] for row in connection.execute("SELECT id FROM roll.waiting ORDER BY id")]
        while _describe_some(connection, zone):
            if on_progress is not None:
                left = connection.execute("SELECT count(*) FROM roll.waiting").fetchone()[0]
                on_progress(len(roots) - left, len(roots))
        while True:
            with transaction(connection):
                if not add_up_days(connection, zone):
                    break
        at = now_ms()
        with transaction(connection):
            changed = tell_verdicts(connection, at)
            revision = int(read_facts(connection)["noted"])
            write_facts(connection, revision=revision, as_of=at, ready=1)
        return Refreshed(revision, () if whole else tuple(dict.fromkeys([*roots, *changed])), whole)


def _note(connection: sqlite3.Connection, zone: tzinfo, noted: int) -> None:
    """Write down all that is to be done: what then interrupts us leaves it there."""
    top = last_change(connection)
    if noted == 0:
        connection.execute(
            "INSERT OR IGNORE INTO roll.waiting (id)"
            " SELECT root_id FROM sessions GROUP BY root_id ORDER BY min(started_at), root_id"
        )
        connection.execute(
            "INSERT OR IGNORE INTO roll.waiting_types SELECT DISTINCT task_type FROM sessions"
            " WHERE kind = 'main' AND task_type IS NOT NULL"
        )
        note_days(connection, zone, 0)
    elif top > noted:
        run(connection, read_sql("note"), {"noted": noted})
        note_days(connection, zone, noted)
    if top != noted:
        write_facts(connection, noted=top)


def _describe_some(connection: sqlite3.Connection, zone: tzinfo) -> bool:
    """Describe some of the main sessions that wait for it; whether there were any."""
    with transaction(connection):
        ids = list(_next_batch(connection))
        if not ids:
            return False
        connection.execute("DELETE FROM temp.batch")
        connection.executemany("INSERT INTO temp.batch VALUES (?)", [(one,) for one in ids])
        run(connection, read_sql("choose"))
        run(connection, _describe_statements(connection, zone))
        run(connection, read_sql("list"))
        for sums in PARTED:
            replace_parts(connection, sums)
        connection.execute("DELETE FROM roll.waiting WHERE id IN (SELECT id FROM temp.batch)")
    return True


def _next_batch(connection: sqlite3.Connection) -> Iterator[str]:
    rows = connection.execute(
        "SELECT w.id, (SELECT sum(s.tool_calls) FROM sessions s WHERE s.root_id = w.id) FROM roll.waiting w"
        " ORDER BY w.number LIMIT ?",
        (_BATCH_ROOTS,),
    ).fetchall()
    calls = 0
    for one, more in rows:
        yield one
        calls += more or 0
        if calls >= _BATCH_CALLS:
            break


def _describe_statements(connection: sqlite3.Connection, zone: tzinfo) -> str:
    """describe.sql with the days of ``zone``, as they are while the batch's logs were written."""
    first, last = connection.execute(
        "SELECT min(g.started_at), max(g.ended_at) FROM temp.wanted_segments w CROSS JOIN segments g USING (segment)"
    ).fetchone()

    def day(column: str) -> str:
        return day_expression(column, zone, first or 0, last or 0)

    return read_sql("describe").format(
        began=day("t.started_at"),
        used=day("u.quarter * 900000"),
        called=day("c.started_at"),
        times=_TIMES,
        tool_fields=", ".join(f"s.{name}" for name in ToolSums.__struct_fields__),
    )


def _slot(number: int) -> str:
    """SQL that counts the calls of one slot of durations, see schema.sql."""
    limit = 125 << number
    low = f"c.ms >= {limit >> 1}" if number else "c.ms >= 0"
    return f"coalesce(sum({low}{f' AND c.ms < {limit}' if number < _SLOTS - 1 else ''}), 0) AS t{number}"


_TIMES = ", ".join(_slot(number) for number in range(_SLOTS))
