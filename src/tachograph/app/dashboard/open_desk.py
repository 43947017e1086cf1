"""Opening what the pages are made from."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

from tachograph.app.dashboard.desk import Desk, Live, Standing
from tachograph.app.filters import find_zone
from tachograph.app.rollups.refresh import is_damage, refresh
from tachograph.app.rollups.store import are_usable, attach, identity, is_behind, now_ms, read_facts
from tachograph.app.workspace import Workspace
from tachograph.errors import Busy
from tachograph.warehouse.store import open_reader

_CACHE_KIB = 2 * 1024
"""For each of the files: several pages are made at a time, each with a connection of its own."""


@contextmanager
def open_desk(
    workspace: Workspace, *, update: bool, live: Live | None = None, make_missing: bool = True
) -> Iterator[Desk]:
    """The warehouse and its rollups at one moment, read-only; ``update`` brings the rollups up to date first.

    Rollups that are missing, damaged or of no use are made in any case, unless ``make_missing`` is false: then, and
    while another process makes them for the first time, Busy is raised. Raises TachographError as
    :func:`tachograph.warehouse.store.open_reader` does.
    """
    zone, zone_name = find_zone(workspace.settings.display_timezone)
    at = now_ms()
    with closing(open_reader(workspace.folder)) as connection:
        facts = _begin(connection, workspace, zone_name)
        if (facts is None and make_missing) or (facts is not None and update and is_behind(connection, facts, at)):
            _leave(connection)
            refresh(workspace)
            facts = _begin(connection, workspace, zone_name)
        if facts is None:
            raise Busy("The sums of the dashboard are being made.", hint="Try again in a moment.")
        as_of = at if update else int(facts["as_of"])
        standing = Standing(datetime.fromtimestamp(as_of / 1000, UTC), int(facts["revision"]))
        yield Desk(connection, workspace, zone, zone_name, at, standing, live)


def _begin(connection: sqlite3.Connection, workspace: Workspace, zone_name: str) -> dict[str, str] | None:
    """Begin to read both files as they are now; None when the rollups are of no use, or not complete yet."""
    connection.isolation_level = None
    try:
        attach(connection, workspace.folder, writable=False)
        for name in ("main", "roll"):
            connection.execute(f"PRAGMA {name}.cache_size = -{_CACHE_KIB}")
        connection.execute("BEGIN")
        facts = read_facts(connection)
    except sqlite3.DatabaseError as error:
        if not (is_damage(error) or isinstance(error, sqlite3.OperationalError)):
            raise
        return None
    wanted = identity(connection, workspace.folder, zone_name)
    return facts if are_usable(facts, wanted) and facts["ready"] == "1" else None


def _leave(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    if any(row[1] == "roll" for row in connection.execute("PRAGMA database_list")):
        connection.execute("DETACH roll")
