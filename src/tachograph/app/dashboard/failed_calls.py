"""Where the latest calls of a range have failed."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from typing import Any

import msgspec

from tachograph.analysis.commands import command_head
from tachograph.app.retries import FailureCluster
from tachograph.app.scope import Scope
from tachograph.model import to_datetime

LOOKED_AT = 1000
"""Failed calls of a range that are looked at, the last ones: at ten million calls all of them would take a second."""
_SHOWN = 10
_FAILED = """
SELECT t.name, t.command, t.path, t.error_signature, t.started_at, s.root_id, s.id, t.id
FROM (
    SELECT segment, position FROM tool_calls WHERE status = 'error' AND {within} ORDER BY started_at DESC LIMIT ?
) f
CROSS JOIN tool_calls t USING (segment, position)
CROSS JOIN segments g USING (segment)
CROSS JOIN sessions s ON s.id = g.session
WHERE t.position > g.inherited_until AND {chosen}
ORDER BY t.started_at DESC, s.id, t.id"""


class RecentFailures(msgspec.Struct, frozen=True):
    """Failed calls that are alike in tool, target and error, of the last ones in the range."""

    looked_at: int
    """At most so many failed calls of the range, of all projects and agents, were looked at: the last ones."""
    complete: bool
    """Whether these were all of the range."""
    calls: int
    """Those among them that are of the project and agent asked for, copies in forked sessions left out."""
    clusters: int
    shown: list[FailureCluster]
    """The most frequent ones, at most 10."""


def find_failures(connection: sqlite3.Connection, scope: Scope) -> RecentFailures:
    """Clusters of the last failed calls made within ``scope``."""
    within, moments = _conditions({"started_at >= ?": scope.filter.since, "started_at < ?": scope.filter.until})
    chosen, names = _conditions({"s.agent = ?": scope.agent, "s.project = ?": scope.project})
    query = _FAILED.format(within=within, chosen=chosen)
    found: defaultdict[tuple[str, str | None, str | None], list[tuple[Any, ...]]] = defaultdict(list)
    for name, command, path, error, *rest in connection.execute(query, [*moments, LOOKED_AT, *names]):
        target = command_head(command) if command is not None else path if error is None else None
        found[name, target, error].append(tuple(rest))
    clusters = [
        FailureCluster(name, target, error, len(calls), len({root for _, root, _, _ in calls}), *_last(calls[0]))
        for (name, target, error), calls in found.items()
    ]
    clusters.sort(key=lambda one: (-one.calls, -one.last_at.timestamp(), one.tool, one.target or "", one.error or ""))
    number = sum(one.calls for one in clusters)
    return RecentFailures(LOOKED_AT, _is_all(connection, within, moments), number, len(clusters), clusters[:_SHOWN])


def _last(call: tuple[Any, ...]) -> tuple[Any, str, str]:
    at, _, session, name = call
    return to_datetime(at), session, name


def _conditions(wanted: dict[str, object]) -> tuple[str, list[object]]:
    """Those with a value, and the values: an index is only used where nothing is left open."""
    given = {test: value for test, value in wanted.items() if value is not None}
    return " AND ".join(given) or "1", list(given.values())


def _is_all(connection: sqlite3.Connection, within: str, moments: list[object]) -> bool:
    """Whether the range has no more failed calls than are looked at."""
    row = connection.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM tool_calls WHERE status = 'error' AND {within}"
        " ORDER BY started_at DESC LIMIT ?)",
        [*moments, LOOKED_AT + 1],
    ).fetchone()
    return bool(row[0] <= LOOKED_AT)
