"""Where a session's numbers come from: its logs, what was copied, and how lines became counted responses."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from datetime import datetime

import msgspec

from tachograph.app.cost import Reconciliation
from tachograph.model import to_datetime

_LOGS = """
SELECT l.path, l.size, l.mtime_ns, l.lines, s.lines, (SELECT count(*) FROM problems p WHERE p.log = l.log),
       s.usage_lines, s.skipped_usage, s.cwds, s.versions, s.entrypoint
FROM segments s JOIN logs l USING (log) WHERE s.session = ?
ORDER BY s.ordinal > 0, s.started_at IS NULL, s.started_at, l.path_hash, s.ordinal"""
_RESPONSES = """
SELECT coalesce(sum(r.lines), 0), count(*), coalesce(sum(r.counted), 0)
FROM segments s JOIN responses r USING (segment) WHERE s.session = ? AND r.pass = 0"""
_OWNERS = """
SELECT o.session, count(DISTINCT r.key)
FROM segments s
CROSS JOIN responses r USING (segment)
CROSS JOIN responses c ON c.key = r.key AND c.counted = 1 AND c.pass = 0
CROSS JOIN segments o ON o.segment = c.segment
WHERE s.session = ? AND r.pass = 0 AND r.counted = 0 AND o.session <> s.session
GROUP BY o.session ORDER BY 2 DESC, 1"""
_FORKS = "SELECT DISTINCT session FROM segments WHERE forked_from = ? AND session <> forked_from ORDER BY session"


class SessionLog(msgspec.Struct, frozen=True):
    """One file that tells of the session."""

    path: str
    """Absolute, redacted: for people."""
    size: int
    """Bytes when it was last read."""
    changed_at: datetime
    """As of then."""
    lines: int
    """Of the whole file."""
    own_lines: int
    """Of this session; where several were glued into one, each counts."""
    problems: int
    """Lines of the file that could not be read as they should."""


class Copied(msgspec.Struct, frozen=True):
    """Responses in the session's logs that another session owns: in no number of this one."""

    session: str | None
    """Null: it is not known which."""
    responses: int


class Origin(msgspec.Struct, frozen=True):
    """Where the numbers come from."""

    logs: list[SessionLog]
    cwds: list[str]
    agent_versions: list[str]
    entrypoint: str | None
    problems: int
    counting: Reconciliation
    """Of the session's own logs, without its subagents'."""
    copied: list[Copied]
    forks: list[str]
    """Ids of sessions that began as a copy of this one."""


def trace_origin(connection: sqlite3.Connection, id: str, shared: int) -> Origin:
    """The origin of the session ``id``; ``shared`` is the number of its responses that others own."""
    rows = connection.execute(_LOGS, (id,)).fetchall()
    skipped: Counter[str] = Counter()
    for row in rows:
        skipped.update(json.loads(row[7]))
    lines, responses, counted = connection.execute(_RESPONSES, (id,)).fetchone()
    usage_lines = sum(row[6] for row in rows)
    logs = {row[0]: SessionLog(row[0], row[1], to_datetime(row[2] // 1_000_000), *row[3:6]) for row in rows}
    return Origin(
        list(logs.values()),
        list(dict.fromkeys(cwd for row in rows for cwd in json.loads(row[8]))),
        list(dict.fromkeys(version for row in rows for version in json.loads(row[9]))),
        rows[0][10] if rows else None,
        sum(one.problems for one in logs.values()),
        Reconciliation(
            usage_lines, dict(sorted(skipped.items())), lines - responses, responses, responses - counted, counted
        ),
        _find_owners(connection, id, shared) if shared else [],
        [fork for (fork,) in connection.execute(_FORKS, (id,))],
    )


def _find_owners(connection: sqlite3.Connection, id: str, shared: int) -> list[Copied]:
    owners = [Copied(owner, number) for owner, number in connection.execute(_OWNERS, (id,))]
    unknown = shared - sum(one.responses for one in owners)
    return [*owners, Copied(None, unknown)] if unknown > 0 else owners
