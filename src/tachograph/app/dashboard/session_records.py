"""The records of one session with those fields alone that sums, hashes and charts need.

A session of 20,000 calls is loaded in a fifth of the time that :func:`tachograph.app.history.load_history` takes; what
its turns add up to is the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec

from tachograph.app.history import Cost
from tachograph.model import Marker, Pass, Prompt, Response, Session, ToolCall, Usage

_SEGMENTS = """
SELECT s.segment, s.inherited_until FROM segments s JOIN logs l USING (log) WHERE s.session = ?
ORDER BY s.ordinal > 0, s.started_at IS NULL, s.started_at, l.path_hash, s.ordinal"""
"""In the order in which :func:`tachograph.app.history.load_history` joins them."""
_RESPONSES = """
SELECT position, pass, model, started_at, ended_at, reliable, cost_pico, input, cache_read, cache_write_5m,
       cache_write_1h, output, reasoning, web_searches
FROM {table} WHERE segment = ? AND counted AND position BETWEEN ? AND ? ORDER BY position, pass"""
_COUNTED = "(SELECT *, 1 AS counted FROM counted_responses)"
_HAS_BETTER = "SELECT EXISTS (SELECT 1 FROM better_copies WHERE segment = ?)"
"""Whether some response of a log counts as another log's copy has it: seldom; else the log's own table is faster."""
_CALLS = """
SELECT position, name, category, started_at, ended_at, status, exit_code, NULL, NULL, NULL, NULL, 'none', input_hash,
       result_hash, result_chars, NULL, lines_added, lines_removed, duration_ms, NULL, spawned
FROM tool_calls WHERE segment = ? AND position BETWEEN ? AND ? ORDER BY position"""
_PROMPTS = """
SELECT position, id, kind, at, text, chars, text_hash
FROM prompts WHERE segment = ? AND position BETWEEN ? AND ? ORDER BY position"""
_MARKERS = """
SELECT position, id, kind, at, detail, value
FROM markers WHERE segment = ? AND position BETWEEN ? AND ? ORDER BY position"""
_IDS = "SELECT position, id FROM responses WHERE segment = ? AND pass = 0"

_STEP = 40
"""Bits left to the positions within one log: those of the next log come after them."""
_MOST = 1 << _STEP


class Part(msgspec.Struct, frozen=True):
    """What one log holds of the session."""

    segment: int
    inherited_until: int
    """Records up to this position are copies."""
    start: int
    """Added to positions within the log, so that they count on through all logs of the session."""

    def within(self, low: int, high: int) -> tuple[int, int]:
        """The positions of the log that lie in ``low`` to ``high``, both included, of the session's."""
        return max(low - self.start, 0), min(high - self.start, _MOST - 1)


class Sheet(msgspec.Struct, frozen=True):
    """A session's own records, or some of them in a row."""

    session: Session
    """Ids of responses and calls, and what calls were given, are left out."""
    costs: dict[int, Cost]
    """By the position of the response."""
    contexts: dict[int, int]
    """Tokens that the model read for each response, by its position; of several passes the largest."""


def load_parts(connection: sqlite3.Connection, id: str) -> list[Part]:
    """The logs that tell of the session ``id``, in their order; empty when it has left none of its own."""
    rows = connection.execute(_SEGMENTS, (id,))
    return [Part(segment, inherited, place << _STEP) for place, (segment, inherited) in enumerate(rows)]


def load_sheet(
    connection: sqlite3.Connection, id: str, parts: list[Part], low: int = 0, high: int = (1 << 62) - 1
) -> Sheet:
    """The records of the session at the positions ``low`` to ``high``."""
    responses: list[Response] = []
    calls: list[ToolCall] = []
    prompts: list[Prompt] = []
    markers: list[Marker] = []
    sheet = Sheet(Session(id, id.partition(":")[0], "main"), {}, {})
    for part in parts:
        first, last = part.within(low, high)
        own = max(first, part.inherited_until + 1)
        if first > last:
            continue
        responses += _load_responses(connection, part, first, last, sheet)
        start, span = part.start, (part.segment, own, last)
        calls += _load_calls(connection, span, start)
        prompts += [Prompt(start + row[0], *row[1:]) for row in connection.execute(_PROMPTS, span)]
        markers += [Marker(start + row[0], *row[1:]) for row in connection.execute(_MARKERS, span)]
    session = msgspec.structs.replace(
        sheet.session,
        responses=tuple(responses),
        tool_calls=tuple(calls),
        prompts=tuple(prompts),
        markers=tuple(markers),
    )
    return msgspec.structs.replace(sheet, session=session)


def name_responses(connection: sqlite3.Connection, parts: list[Part], session: Session) -> Session:
    """``session`` with the ids of its responses, by which a judged session is known again."""
    ids = {part.start + at: name for part in parts for at, name in connection.execute(_IDS, (part.segment,))}
    named = [msgspec.structs.replace(one, id=ids.get(one.position, "")) for one in session.responses]
    return msgspec.structs.replace(session, responses=tuple(named))


def _load_calls(connection: sqlite3.Connection, span: tuple[int, int, int], start: int) -> Iterator[ToolCall]:
    for row in connection.execute(_CALLS, span):
        yield ToolCall(start + row[0], "", "", *row[1:])


def _load_responses(
    connection: sqlite3.Connection, part: Part, first: int, last: int, sheet: Sheet
) -> Iterator[Response]:
    """The responses that count here, as their best copies have them; their costs and contexts go to ``sheet``."""
    has_better = connection.execute(_HAS_BETTER, (part.segment,)).fetchone()[0]
    query = _RESPONSES.format(table=_COUNTED if has_better else "responses")
    for at, group in groupby(connection.execute(query, (part.segment, first, last)), key=itemgetter(0)):
        row, *further = group
        place, usage = part.start + at, Usage(*row[7:])
        if further:
            yield _merge_passes(place, [row, *further], sheet)
        else:
            sheet.costs[place] = Cost(row[6], row[6] is not None)
            sheet.contexts[place] = usage.prompt_size
            yield Response(place, "", row[2], "", row[3], row[4], usage, None, bool(row[5]))


def _merge_passes(place: int, rows: list[tuple[Any, ...]], sheet: Sheet) -> Response:
    """A response of several passes, each at its own model's price."""
    passes = tuple(Pass(row[2], Usage(*row[7:])) for row in rows)
    priced = [row[6] for row in rows if row[6] is not None]
    sheet.costs[place] = Cost(sum(priced) if priced else None, rows[0][6] is not None)
    sheet.contexts[place] = max(one.usage.prompt_size for one in passes)
    total = sum((one.usage for one in passes), Usage())
    _, _, model, started, ended, reliable, *_ = rows[0]
    return Response(
        place, "", model, "", started, ended, total, output_reliable=bool(reliable), passes=passes
    )  # fmt: skip
