"""How many alerts nobody has looked at yet."""

from __future__ import annotations

import sqlite3

import msgspec

from tachograph.app.scope import Scope

LOOKED_AT = 2000
"""Alerts of one severity that are looked at, the latest: a long history has hundreds of thousands."""
_COUNT = """
SELECT count(*), coalesce(sum({wanted} AND NOT EXISTS (SELECT 1 FROM alert_acks k WHERE k.alert = a.id)), 0)
FROM (
    SELECT {columns} FROM alerts
    WHERE severity = ?1 AND (?2 IS NULL OR at >= ?2) AND (?3 IS NULL OR at < ?3) ORDER BY at DESC LIMIT ?4
) a"""
_OF_SESSION = (
    "EXISTS (SELECT 1 FROM sessions s WHERE s.id = a.session AND (?5 IS NULL OR s.project = ?5)"
    " AND (?6 IS NULL OR s.agent = ?6))"
)


class AlertCount(msgspec.Struct, frozen=True):
    """Alerts of sessions that ended in the range, not acknowledged, by how grave they are."""

    critical: int = 0
    warning: int = 0
    at_least: bool = False
    """There are so many alerts that only the latest were looked at: the numbers are lower bounds."""


def count_unseen(connection: sqlite3.Connection, scope: Scope | None = None) -> AlertCount:
    """Those of ``scope``; without one those of the whole history."""
    critical, warning = (count_severity(connection, one, scope) for one in ("critical", "warning"))
    return AlertCount(critical[0], warning[0], critical[1] or warning[1])


def count_severity(connection: sqlite3.Connection, severity: str, scope: Scope | None = None) -> tuple[int, bool]:
    """Unseen alerts of one severity, and whether that is a lower bound."""
    since = until = project = agent = None
    if scope is not None:
        since, until, project, agent = scope.filter.since, scope.filter.until, scope.project, scope.agent
    of_session = project is not None or agent is not None
    values = (severity, since, until, LOOKED_AT, *((project, agent) if of_session else ()))
    wanted, columns = (_OF_SESSION, "id, session") if of_session else ("1", "id")
    query = _COUNT.format(wanted=wanted, columns=columns)
    looked_at, unseen = connection.execute(query, values).fetchone()
    return int(unseen), looked_at == LOOKED_AT
