"""The rows of each exported table, one at a time: however many there are, few are held at once.

Values are as stored (times in ms, costs in picodollars), in the order of the table's columns.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

import msgspec

from tachograph.app.filters import Filter
from tachograph.app.periods import period_labels
from tachograph.app.usage_window import usage_source
from tachograph.warehouse.query_files import read_query

Row = tuple[Any, ...]
_NO_USAGE = (0, 0, 0, 0, 0, 0, 0, 0, None, 0, 0)
_USAGE = """
SELECT sum(responses), sum(input), sum(cache_read), sum(cache_write_5m), sum(cache_write_1h), sum(output),
       sum(reasoning), sum(web_searches), sum_pico(cost_pico), sum(unpriced), sum(unreliable)
FROM usage_quarters WHERE session = ? HAVING count(*) > 0"""
_RESPONSES = """
SELECT r.position, r.pass, o.id, r.model, r.provider, o.speed, r.branch, r.started_at, r.ended_at, o.stop_reason,
       r.input, r.cache_read, r.cache_write_5m, r.cache_write_1h, r.output, r.reasoning, r.web_searches, r.reliable,
       r.cost_pico
FROM counted_responses r
JOIN responses o ON o.segment = ?1 AND o.position = r.position AND o.pass = 0
WHERE r.segment = ?1 AND r.started_at >= ?2 AND r.started_at < ?3 ORDER BY r.position, r.pass"""
_TOOL_CALLS = """
SELECT position, id, response, name, category, started_at, ended_at, duration_ms, status, exit_code, command, path,
       read_offset, read_limit, file_op, result_chars, error_signature, lines_added, lines_removed, agent_type, spawned
FROM counted_tool_calls WHERE segment = ?1 AND started_at >= ?2 AND started_at < ?3 ORDER BY position"""
_PROMPTS = """
SELECT position, id, kind, at, chars, text
FROM counted_prompts WHERE segment = ?1 AND at >= ?2 AND at < ?3 ORDER BY position"""
_FINDINGS = """
SELECT id, detector, at, count, tokens, carried_tokens, cost_pico, is_estimate, evidence
FROM findings WHERE segment = ?1 AND at >= ?2 AND at < ?3 ORDER BY position, id"""
_QUARTERS = """
SELECT u.quarter, coalesce(s.project, ''), s.agent, u.model, s.root_id, u.responses, u.input, u.cache_read,
       u.cache_write_5m, u.cache_write_1h, u.output, u.reasoning, u.web_searches, u.cost_pico, u.unpriced, u.unreliable
FROM {source} JOIN sessions s USING (session) WHERE {where} ORDER BY u.quarter"""
_FIRST, _LAST = -(2**63), 2**63 - 1


def read_rows(connection: sqlite3.Connection, table: str, chosen: Filter) -> Iterator[Row]:
    """The rows of ``table`` within ``chosen``, always in the same order."""
    return _READERS[table](connection, chosen)


def _read_sessions(connection: sqlite3.Connection, chosen: Filter) -> Iterator[Row]:
    where, values = chosen.where("s.started_at")
    for row in connection.execute(read_query("export_sessions").format(where=where), values):
        usage = connection.execute(_USAGE, row[-1:]).fetchone() or _NO_USAGE
        yield (*row[:-1], *usage)


def _read_records(query: str) -> Callable[[sqlite3.Connection, Filter], Iterator[Row]]:
    """A reader of what lies in segments."""

    def read(connection: sqlite3.Connection, chosen: Filter) -> Iterator[Row]:
        where, values = msgspec.structs.replace(chosen, since=None, until=None).where("0")
        if chosen.since is not None:
            where, values = f"{where} AND s.ended_at >= ?", [*values, chosen.since]
        if chosen.until is not None:
            where, values = f"{where} AND s.started_at < ?", [*values, chosen.until]
        since = _FIRST if chosen.since is None else chosen.since
        until = _LAST if chosen.until is None else chosen.until
        for segment, *whose in connection.execute(read_query("export_segments").format(where=where), values):
            for row in connection.execute(query, (segment, since, until)):
                yield (*whose, *row)

    return read


def _read_daily(connection: sqlite3.Connection, chosen: Filter) -> Iterator[Row]:
    source, where, values = usage_source(connection, chosen)
    day_of = period_labels("day", chosen.zone)
    rows = connection.execute(_QUARTERS.format(source=source, where=where), values)
    for day, of_day in groupby(rows, key=lambda row: day_of(row[0])):
        for key, (roots, sums) in sorted(_add_up(of_day).items()):
            yield (day, key[0] or None, *key[1:], len(roots), *sums)


def _add_up(rows: Iterator[Row]) -> dict[tuple[str, str, str], tuple[set[str], list[int | None]]]:
    """(project, agent, model) -> main sessions, and the sum of each number (None where there is nothing but None)."""
    found: dict[tuple[str, str, str], tuple[set[str], list[int | None]]] = {}
    for _, project, agent, model, root, *numbers in rows:
        roots, sums = found.setdefault((project, agent, model), (set(), [None] * len(numbers)))
        roots.add(root)
        for n, number in enumerate(numbers):
            if number is not None:
                sums[n] = (sums[n] or 0) + number
    return found


_READERS: dict[str, Callable[[sqlite3.Connection, Filter], Iterator[Row]]] = {
    "sessions": _read_sessions,
    "responses": _read_records(_RESPONSES),
    "tool_calls": _read_records(_TOOL_CALLS),
    "prompts": _read_records(_PROMPTS),
    "findings": _read_records(_FINDINGS),
    "daily": _read_daily,
}
