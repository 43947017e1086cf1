"""The records of a main session and its subagents, as far as its first turns go."""

from __future__ import annotations

import sqlite3

from tachograph.analysis.task_type import TaskType, classify_task
from tachograph.app.ml.session_outcomes import Root
from tachograph.learning.ml.session_cut import SeenCall, SeenMarker, SeenPrompt, SeenResponse, SessionRecords
from tachograph.model import HUMAN_KINDS, TURN_KINDS

_SEGMENTS = """
SELECT g.segment, g.inherited_until, g.session = ?1
FROM sessions s JOIN segments g ON g.session = s.id WHERE s.root_id = ?1 ORDER BY g.segment"""
_PROMPTS = "SELECT at, kind, chars, text FROM prompts WHERE segment = ? AND position > ? ORDER BY position"
_RESPONSES = """
SELECT ended_at, pass, model, input + cache_write_5m + cache_write_1h, cache_read, output, cost_pico
FROM counted_responses WHERE segment = ? AND started_at < ?"""
_CALLS = """
SELECT started_at, ended_at, category, status, coalesce(lines_added, 0) + coalesce(lines_removed, 0)
FROM tool_calls WHERE segment = ? AND position > ? AND started_at < ?"""
_MARKERS = """
SELECT at, kind FROM markers
WHERE segment = ? AND position > ? AND at < ? AND kind IN ('interruption', 'compaction', 'api_error')"""
_FOREVER = 2**62


def read_session(connection: sqlite3.Connection, root: Root, turns: int) -> SessionRecords | None:
    """What there is to see of ``root`` up to the end of its turn ``turns``; None when it opened no turn of its own.

    What began later is not read; what began before and ended later is, and :func:`look_at` leaves out what was not
    over by then.
    """
    segments = connection.execute(_SEGMENTS, (root.id,)).fetchall()
    rows = [
        row
        for segment, inherited, is_own in segments
        if is_own
        for row in connection.execute(_PROMPTS, (segment, inherited))
    ]
    rows.sort(key=lambda row: int(row[0]))
    openings = tuple(at for at, kind, _, _ in rows if kind in TURN_KINDS)
    if not openings:
        return None
    end = openings[turns] if turns < len(openings) else _FOREVER
    responses: list[SeenResponse] = []
    calls: list[SeenCall] = []
    markers: list[SeenMarker] = []
    for segment, inherited, is_own in segments:
        responses += _responses(connection, segment, bool(is_own), end)
        calls += [
            SeenCall(row[0], row[1], bool(is_own), *row[2:])
            for row in connection.execute(_CALLS, (segment, inherited, end))
        ]
        if is_own:
            markers += [SeenMarker(*row) for row in connection.execute(_MARKERS, (segment, inherited, end))]
    return SessionRecords(
        agent=root.agent, is_fork=root.is_fork, started_at=root.started_at, openings=openings,
        task_types=_task_types(rows, end),
        prompts=tuple(SeenPrompt(at, chars) for at, kind, chars, _ in rows if kind in HUMAN_KINDS and at < end),
        responses=tuple(sorted(responses, key=lambda one: one.ended_at)),
        calls=tuple(sorted(calls, key=lambda one: one.started_at)),
        markers=tuple(sorted(markers, key=lambda one: one.at)),
    )  # fmt: skip


def _task_types(rows: list[tuple[int, str, int, str]], end: int) -> tuple[tuple[int, TaskType], ...]:
    """The first prompt in plain words before ``end`` that asks for some kind of work, as for the session itself."""
    for at, kind, _, text in rows:
        if at < end and kind == "human" and text:
            match = classify_task(text)
            if match is not None:
                return ((at, match.task_type),)
    return ()


def _responses(connection: sqlite3.Connection, segment: int, is_own: bool, end: int) -> list[SeenResponse]:
    """Each pass of a response by itself: it has a model and a price of its own."""
    rows = connection.execute(_RESPONSES, (segment, end)).fetchall()
    return [SeenResponse(row[0], is_own, *row[2:]) for row in rows]
