"""Comparing the subagents of one session with each other: which sessions that has to be done for, and for which of
their subagents."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain, groupby
from operator import itemgetter

from tachograph.model import Finding, Session
from tachograph.warehouse.query_files import read_query
from tachograph.warehouse.rows import load_segment
from tachograph.warehouse.writer import add_findings

FindSharedWaste = Callable[[Sequence[tuple[Session, int]]], Sequence[tuple[int, Finding]]]
"""Subagents of one session, each with the position up to which it is a copy -> (index of the one it belongs to,
finding)."""

_LEAST_SHARED = 4
"""Results in common below which there is nothing to find: 70 % of at least 5 are 4 or more."""


def note_former_roots(connection: sqlite3.Connection) -> None:
    """Remember the roots of the sessions in ``dirty_sessions`` and of all below them: both may change."""
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS former_roots (id TEXT PRIMARY KEY, root_id TEXT, is_dirty INTEGER NOT NULL)"
    )
    connection.execute("DELETE FROM former_roots")
    connection.execute(
        "INSERT INTO former_roots"
        " WITH RECURSIVE below(id) AS ("
        "  SELECT id FROM dirty_sessions"
        "  UNION SELECT g.session FROM below b CROSS JOIN segments g ON g.parent_id = b.id)"
        " SELECT b.id, s.root_id, b.id IN (SELECT id FROM dirty_sessions)"
        " FROM below b LEFT JOIN sessions s ON s.id = b.id AND s.kind = 'subagent'"
    )


def compare_siblings(connection: sqlite3.Connection, find: FindSharedWaste) -> None:
    """Look anew for waste among the subagents of each session with one that changed, came, went or moved.

    To be called when the sessions have been derived, after :func:`note_former_roots`.
    """
    for root in _roots_to_compare(connection):
        connection.execute(
            "DELETE FROM findings WHERE shared = 1 AND segment IN ("
            " SELECT g.segment FROM sessions s CROSS JOIN segments g ON g.session = s.id WHERE s.root_id = ?)",
            (root,),
        )
        rows = _similar_subagents(connection, root)
        subagents = [(load_segment(connection, segment), until) for segment, until in rows]
        for at, finding in find(subagents) if subagents else ():
            add_findings(connection, rows[at][0], subagents[at][0].id, [finding], shared=True)


def _roots_to_compare(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute(
        "WITH moved AS ("
        " SELECT f.root_id AS former, s.root_id AS present"
        " FROM former_roots f LEFT JOIN sessions s ON s.id = f.id AND s.kind = 'subagent'"
        " WHERE f.is_dirty OR f.root_id IS NOT s.root_id)"
        " SELECT former AS root FROM moved WHERE root IS NOT NULL"
        " UNION SELECT present FROM moved WHERE present IS NOT NULL ORDER BY root"
    )
    return [root for (root,) in rows]


def _similar_subagents(connection: sqlite3.Connection, root: str) -> list[tuple[int, int]]:
    """Segments of subagents that may have read the same, in order of beginning, and how far each is a copy."""
    subagents = connection.execute(
        "SELECT g.segment, g.inherited_until, s.id"
        " FROM sessions s CROSS JOIN segments g ON g.session = s.id CROSS JOIN logs l USING (log)"
        " WHERE s.root_id = ? AND s.kind = 'subagent'"
        " ORDER BY g.started_at IS NULL, g.started_at, g.session, l.path_hash",
        (root,),
    ).fetchall()
    if len({session for _, _, session in subagents}) < 2:
        return []
    found = _similar(_shared_results(connection, root))
    return [(segment, until) for segment, until, _ in subagents if segment in found]


def _shared_results(connection: sqlite3.Connection, root: str) -> dict[int, list[list[int]]]:
    """By segment, for each of its results that is in others too: all segments that hold it."""
    shared: dict[int, list[list[int]]] = {}
    results = connection.execute(read_query("subagent_results"), {"root": root})
    for _, group in groupby(results, key=itemgetter(0)):
        holders = [segment for _, segment in group]
        for segment in holders if len(holders) > 1 else ():
            shared.setdefault(segment, []).append(holders)
    return shared


def _similar(shared: dict[int, list[list[int]]]) -> set[int]:
    """The segments that have at least 4 results in common with another one: a coarse sieve.

    Pairs are never kept, and whatever is like a segment looked at is let through with it: many that read the same
    take one look.
    """
    found: set[int] = set()
    for segment, results in shared.items():
        if segment not in found and len(results) >= _LEAST_SHARED:
            times = Counter(chain.from_iterable(results))
            alike = {other for other, number in times.items() if number >= _LEAST_SHARED}
            if len(alike) > 1:
                found |= alike  # itself among them
    return found
