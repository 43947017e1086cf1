"""A session as its stored records tell it, joined from all its logs, without what is copied from others."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import TypeVar

import msgspec

from tachograph.app.find_session import short_names
from tachograph.model import Marker, Pass, Prompt, Response, Session, ToolCall, Usage
from tachograph.warehouse.rows import load_segment

R = TypeVar("R", Prompt, Response, ToolCall, Marker)

_SEGMENTS = """
SELECT s.segment, s.inherited_until FROM segments s JOIN logs l USING (log) WHERE s.session = ?
ORDER BY s.ordinal > 0, s.started_at IS NULL, s.started_at, l.path_hash, s.ordinal"""

_COUNTED = """
SELECT position, pass, model, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_searches,
       cost_pico, reliable
FROM counted_responses WHERE segment = ? ORDER BY position, pass"""

_OWNERS = """
SELECT o.session, count(DISTINCT r.key)
FROM segments s
JOIN responses r USING (segment)
JOIN responses c ON c.key = r.key AND c.counted = 1 AND c.pass = 0
JOIN segments o ON o.segment = c.segment
WHERE s.session = ? AND r.pass = 0 AND r.counted = 0 AND o.session <> s.session
GROUP BY o.session ORDER BY 2 DESC, 1"""


class Cost(msgspec.Struct, frozen=True):
    """What one response cost."""

    pico: int | None
    """Sum of what is priced, in picodollars; None when nothing is."""
    priced: bool
    """False: no price is known for the model that answered."""


class Shared(msgspec.Struct, frozen=True):
    """A part of a session's log that was copied from another session, or that another one counts."""

    session: str | None
    """The session that owns it; null when it is not known."""
    name: str | None
    """A short name of it."""
    responses: int


class History(msgspec.Struct, frozen=True):
    """One session, whole."""

    session: Session
    """Its own records, positions counted anew over all its logs; usage is that of each response's best copy."""
    costs: dict[int, Cost]
    """By the position of the response."""
    shared: list[Shared]
    copied_prompts: tuple[Prompt, ...]
    """Prompts of the shared prefix, in order."""
    problems: int
    """Problems in the logs that tell of it."""


def load_history(connection: sqlite3.Connection, id: str) -> History | None:
    """The session ``id`` with all its records; None when it has left no log of its own."""
    copied: list[Prompt] = []
    own = load_records(connection, id, copied)
    if own is None:
        return None
    session, costs = own
    problems = connection.execute(
        "SELECT count(*) FROM problems WHERE log IN (SELECT log FROM segments WHERE session = ?)", (id,)
    ).fetchone()[0]
    return History(session, costs, _load_shared(connection, id), tuple(copied), problems)


def load_records(
    connection: sqlite3.Connection, id: str, copied: list[Prompt] | None = None
) -> tuple[Session, dict[int, Cost]] | None:
    """The session ``id`` and what its responses cost, by position; None when it has left no log of its own.

    Prompts of the shared prefix are added to ``copied``.
    """
    parts: list[Session] = []
    costs: dict[int, Cost] = {}
    start = 0
    for segment, inherited_until in connection.execute(_SEGMENTS, (id,)).fetchall():
        told = load_segment(connection, segment)
        responses, paid = _load_counted(connection, segment, told)
        costs.update({start + position: cost for position, cost in paid.items()})
        if copied is not None:
            copied.extend(prompt for prompt in told.prompts if prompt.position <= inherited_until)
        parts.append(_own(told, responses, inherited_until, start))
        start = _after(parts[-1], start)
    return (_join(parts), costs) if parts else None


def _load_counted(
    connection: sqlite3.Connection, segment: int, told: Session
) -> tuple[tuple[Response, ...], dict[int, Cost]]:
    """The responses that count here, as their best copies have them, and what each cost."""
    by_position = {response.position: response for response in told.responses}
    responses, costs = [], {}
    for position, rows in groupby(connection.execute(_COUNTED, (segment,)), key=itemgetter(0)):
        passes = list(rows)
        usages = [Pass(row[2], Usage(*row[3:10])) for row in passes]
        priced = [row[10] for row in passes if row[10] is not None]
        costs[position] = Cost(sum(priced) if priced else None, passes[0][10] is not None)
        responses.append(
            msgspec.structs.replace(
                by_position[position],
                model=passes[0][2],
                usage=sum((one.usage for one in usages), Usage()),
                passes=tuple(usages) if len(usages) > 1 else (),
                output_reliable=bool(passes[0][11]),
            )
        )
    return tuple(responses), costs


def _own(told: Session, responses: tuple[Response, ...], inherited_until: int, start: int) -> Session:
    """The part of ``told`` that is not copied, its positions moved by ``start``."""
    return msgspec.structs.replace(
        told,
        responses=tuple(_moved(responses, -1, start)),
        tool_calls=tuple(_moved(told.tool_calls, inherited_until, start)),
        prompts=tuple(_moved(told.prompts, inherited_until, start)),
        markers=tuple(_moved(told.markers, inherited_until, start)),
    )


def _moved(records: Iterable[R], after: int, start: int) -> Iterator[R]:
    """The records beyond ``after``, moved."""
    for record in records:
        if record.position > after:
            yield msgspec.structs.replace(record, position=start + record.position) if start else record


def _after(session: Session, start: int) -> int:
    """The first free position after the session's records."""
    records = (session.responses, session.tool_calls, session.prompts, session.markers)
    return max((record.position + 1 for kind in records for record in kind), default=start)


def _join(parts: list[Session]) -> Session:
    """One session of its parts, in their order."""
    if len(parts) == 1:
        return parts[0]
    starts = [part.started_at for part in parts if part.started_at is not None]
    ends = [part.ended_at for part in parts if part.ended_at is not None]
    return msgspec.structs.replace(
        parts[0],
        cwds=tuple(dict.fromkeys(cwd for part in parts for cwd in part.cwds)),
        versions=tuple(dict.fromkeys(version for part in parts for version in part.versions)),
        started_at=min(starts, default=None),
        ended_at=max(ends, default=None),
        responses=tuple(record for part in parts for record in part.responses),
        tool_calls=tuple(record for part in parts for record in part.tool_calls),
        prompts=tuple(record for part in parts for record in part.prompts),
        markers=tuple(record for part in parts for record in part.markers),
    )


def _load_shared(connection: sqlite3.Connection, id: str) -> list[Shared]:
    owners = connection.execute(_OWNERS, (id,)).fetchall()
    names = short_names(connection, (owner for owner, _ in owners))
    shared = [Shared(owner, names[owner], responses) for owner, responses in owners]
    copies = connection.execute("SELECT copies FROM sessions WHERE id = ?", (id,)).fetchone()
    unknown = (copies[0] if copies else 0) - sum(one.responses for one in shared)
    return [*shared, Shared(None, None, unknown)] if unknown > 0 else shared
