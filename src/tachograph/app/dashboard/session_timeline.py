"""A session over time: the context of each response, tokens and cost of each turn, and what happened between."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime

import msgspec

from tachograph.analysis.turns import Turn
from tachograph.app.dashboard.session_records import Sheet
from tachograph.app.show import MarkerRecord, record_marker
from tachograph.app.totals import to_usd
from tachograph.model import MarkerKind, Usage, to_datetime

MOST_POINTS = 800
"""Responses up to which each is a point of the chart; of more, the smallest and the largest of as many in a row."""
MOST_BARS = 60
"""Turns up to which each is a bar; of more, as many in a row are one."""
MOST_MARKERS = 400
DRAWN: tuple[MarkerKind, ...] = ("compaction", "api_error", "interruption", "model_fallback")
TOLD: tuple[MarkerKind, ...] = (*DRAWN, "rollback", "setup_change", "pr_link", "commit")


class ContextPoint(msgspec.Struct, frozen=True):
    """One response."""

    number: int
    """Among the session's own responses, from 1."""
    turn: int
    at: datetime
    tokens: int
    """Prompt tokens, those from the cache included; of several passes in one response the largest."""


class TurnBar(msgspec.Struct, frozen=True):
    """One turn, or some in a row."""

    first: int
    """Number of the turn, of the first of them."""
    last: int
    at: datetime | None
    """When the first began."""
    input: int
    """Tokens: uncached input."""
    cache_read: int
    cache_write: int
    """Tokens written to the cache, for whatever time."""
    output: int
    """Tokens: output, reasoning included."""
    usd: float | None
    """Sum of what is priced; null when nothing is."""
    unpriced_responses: int


class MarkerPoint(msgspec.Struct, frozen=True):
    """A marker and where it stands in the row of responses."""

    marker: MarkerRecord
    before: int
    """Number of the first response after it; one more than there are when none follows."""


class Timeline(msgspec.Struct, frozen=True):
    """A session over time."""

    responses: int
    """The session's own, counted."""
    contexts: list[ContextPoint]
    step: int
    """1: every response is a point; above: of each ``step`` in a row the smallest and the largest are."""
    bars: list[TurnBar]
    turns_per_bar: int
    markers: list[MarkerPoint]
    """Compactions, API errors, interruptions, changes of model, commits …, in their order."""
    markers_left_out: int
    """Beyond those listed."""


def draw_timeline(turns: Sequence[Turn], sheet: Sheet) -> Timeline:
    """The timeline of a session's turns."""
    positions = [response.position for response in sheet.session.responses]
    kept, step = thin_out([sheet.contexts[position] for position in positions], MOST_POINTS)
    starts = [turn.part.responses[0].position for turn in turns if turn.part.responses]
    numbers = [turn.number for turn in turns if turn.part.responses]
    contexts = []
    for place in kept:
        response = sheet.session.responses[place]
        turn = numbers[bisect_left(starts, response.position + 1) - 1]
        at = to_datetime(response.started_at)
        contexts.append(ContextPoint(place + 1, turn, at, sheet.contexts[response.position]))
    markers = [
        MarkerPoint(record_marker(marker, turn.number), bisect_left(positions, marker.position) + 1)
        for turn in turns
        for marker in turn.part.markers
        if marker.kind in TOLD
    ]
    width = -(-len(turns) // MOST_BARS) or 1
    bars = [_add_up(turns[first : first + width], sheet) for first in range(0, len(turns), width)]
    return Timeline(
        len(positions), contexts, step, bars, width, markers[:MOST_MARKERS], max(len(markers) - MOST_MARKERS, 0)
    )


def thin_out(values: Sequence[int], most: int) -> tuple[list[int], int]:
    """Places of the values to draw, at most ``most``, in order; and how many in a row each pair of them stands for.

    Of each stretch the smallest and the largest value stay, so that no peak and no drop is lost.
    """
    if len(values) <= most:
        return list(range(len(values))), 1
    step = -(-2 * len(values) // most)
    kept: list[int] = []
    for start in range(0, len(values), step):
        stretch = range(start, min(start + step, len(values)))
        kept += sorted({min(stretch, key=values.__getitem__), max(stretch, key=values.__getitem__)})
    return kept, step


def _add_up(turns: Sequence[Turn], sheet: Sheet) -> TurnBar:
    responses = [response for turn in turns for response in turn.part.responses]
    usage = sum((response.usage for response in responses), Usage())
    paid = [sheet.costs[response.position] for response in responses]
    priced = [cost.pico for cost in paid if cost.pico is not None]
    opening = turns[0].opening
    at = opening.at if opening else responses[0].started_at if responses else None
    return TurnBar(
        turns[0].number, turns[-1].number, None if at is None else to_datetime(at), usage.input, usage.cache_read,
        usage.cache_write_5m + usage.cache_write_1h, usage.output, to_usd(sum(priced)) if priced else None,
        sum(not cost.priced for cost in paid),
    )  # fmt: skip
