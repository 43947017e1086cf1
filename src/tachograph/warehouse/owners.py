"""Who owns a response of which there are several copies (accounting rules 1, 2 and 6).

CROSS JOIN here means: in this order. SQLite keeps no statistics of the temporary tables and would scan all responses.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter


def settle_owners(connection: sqlite3.Connection, removed_keys: Iterable[int]) -> set[int]:
    """Decide which copies count, for all responses of the dirty segments and those with ``removed_keys``.

    Updates ``responses.counted`` and ``better_copies``; returns the segments for which anything changed.
    """
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS dirty_keys (key INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM dirty_keys")
    connection.executemany("INSERT OR IGNORE INTO dirty_keys VALUES (?)", [(key,) for key in removed_keys])
    connection.execute(
        "INSERT OR IGNORE INTO dirty_keys SELECT r.key FROM dirty_segments d CROSS JOIN responses r USING (segment)"
        " WHERE r.pass = 0 AND (r.counted = 0"
        " OR EXISTS ("
        "   SELECT 1 FROM responses o WHERE o.key = r.key AND (o.segment, o.position) <> (r.segment, r.position))"
        " OR EXISTS (SELECT 1 FROM better_copies b WHERE b.segment = r.segment AND b.position = r.position))"
    )
    _add_forks(connection)
    inherited = _inherited(connection)
    changed: set[int] = set()
    for _, group in groupby(_copies(connection), key=itemgetter(0)):
        changed |= _settle(connection, list(group), inherited)
    return changed


def _add_forks(connection: sqlite3.Connection) -> None:
    """Codex: a fork's copied prefix is known by comparing with the session it was forked from."""
    connection.execute(
        "INSERT OR IGNORE INTO dirty_keys SELECT r.key FROM segments s CROSS JOIN responses r USING (segment)"
        " WHERE r.chain <> 0 AND s.forked_from IS NOT NULL"
        " AND (s.forked_from IN (SELECT id FROM dirty_sessions) OR s.segment IN (SELECT segment FROM dirty_segments))"
    )


def _inherited(connection: sqlite3.Connection) -> set[tuple[int, int]]:
    """(segment, position) of forked responses that are their parent's.

    Equal chains mean equal usage records from the first on. Where the parent is not known, the log's own trace of
    having been replayed at the fork decides.
    """
    rows = connection.execute(
        "SELECT r.segment, r.position"
        " FROM dirty_keys k CROSS JOIN responses r USING (key) CROSS JOIN segments s USING (segment)"
        " WHERE r.chain <> 0 AND s.forked_from IS NOT NULL AND CASE"
        " WHEN EXISTS (SELECT 1 FROM segments p WHERE p.session = s.forked_from) THEN EXISTS ("
        "   SELECT 1 FROM segments p JOIN responses o ON o.segment = p.segment"
        "   WHERE p.session = s.forked_from AND o.chain = r.chain)"
        " ELSE r.replayed END"
    )
    return set(rows.fetchall())


def _copies(connection: sqlite3.Connection) -> list[tuple[int, ...]]:
    """All copies of the dirty keys, the one that owns first within each key.

    Columns: key, segment, position, counted, output, final.
    """
    return connection.execute(
        "SELECT r.key, r.segment, r.position, r.counted, r.stated_output, r.final"
        " FROM dirty_keys k CROSS JOIN responses r USING (key) CROSS JOIN segments s USING (segment)"
        " CROSS JOIN logs l USING (log)"
        " WHERE r.pass = 0"
        " ORDER BY r.key, s.forked_from IS NOT NULL,"
        " (SELECT coalesce(min(f.started_at), 9e18) FROM segments f WHERE f.session = s.session),"
        " s.session, s.ordinal > 0, coalesce(s.started_at, 9e18), l.path_hash, s.ordinal, r.position"
    ).fetchall()


def _settle(connection: sqlite3.Connection, copies: list[tuple[int, ...]], inherited: set[tuple[int, int]]) -> set[int]:
    """Mark the owner among ``copies`` and note a better copy than its own; returns the segments changed."""
    candidates = [copy for copy in copies if (copy[1], copy[2]) not in inherited]
    owner = candidates[0] if candidates else None
    changed: set[int] = set()
    for copy in copies:
        counted = int(copy is owner)
        if copy[3] != counted:
            connection.execute(
                "UPDATE responses SET counted = ? WHERE segment = ? AND position = ?", (counted, copy[1], copy[2])
            )
            changed.add(copy[1])
        cursor = connection.execute("DELETE FROM better_copies WHERE segment = ? AND position = ?", (copy[1], copy[2]))
        if cursor.rowcount:
            changed.add(copy[1])
    if owner is not None:
        best = max(candidates, key=lambda copy: (copy[4], copy[5], copy is owner))
        if best is not owner and (best[4], best[5]) > (owner[4], owner[5]):
            connection.execute("INSERT INTO better_copies VALUES (?, ?, ?, ?)", (owner[1], owner[2], best[1], best[2]))
            changed.add(owner[1])
    return changed
