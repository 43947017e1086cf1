"""Which goal each response of a session was made for.

A response falls to the goal that was open when it began. Where none was, its turn decides: what follows a goal's end
within the same turn is still that goal's (the agent's last words), and what comes before a goal's start within the
turn is that goal's too (the work that led to noting it). A turn is over with its last response: a goal that begins
while the agent rests takes nothing of what was done before. Where several goals were open, nobody knows which of them
it was for, unless the session is known to be one goal's: then nothing is guessed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import msgspec

FOREVER = 1 << 62


class Span(msgspec.Struct, frozen=True):
    """A time during which a goal was open. Times are ms UTC."""

    goal: str
    """Its key."""
    attempt: int
    start: int
    end: int
    """Not included; ``FOREVER`` for a goal that is still open."""


class Share(msgspec.Struct, frozen=True):
    """Whose a response is."""

    goal: str
    attempt: int


class Unclear(msgspec.Struct, frozen=True):
    """Several goals were open, and nothing tells them apart."""

    goals: tuple[str, ...]
    """Their keys, sorted."""


Answer = Share | Unclear | None
"""None: it is no goal's."""


def share_out(
    moments: Sequence[int], turns: Sequence[int], linked: Sequence[Span], others: Sequence[Span]
) -> list[Answer]:
    """Whose each response of a session is, in the order of ``moments``: when each began.

    ``turns``: when the session's turns began, ascending. ``linked``: spans of the goals that the session is known to
    have worked for: these go first. ``others``: spans of goals that are known by time alone.
    """
    if not moments:
        return []
    bounds = _find_bounds(moments, turns)
    begin, last = min(bound[0] for bound in bounds.values()), max(moments)
    near = [[one for one in spans if one.start <= last and one.end > begin] for spans in (linked, others)]
    # between two of these points, every moment has the same answer
    points = sorted({*turns, *(point for spans in near for one in spans for point in (one.start, one.end))})
    known: dict[int, Answer] = {}
    answers: list[Answer] = []
    for at in moments:
        place = bisect_right(points, at)
        if place not in known:
            turn = bounds[bisect_right(turns, at)]
            known[place] = _choose(at, turn, near[0]) or _choose(at, turn, near[1])
        answers.append(known[place])
    return answers


def _find_bounds(moments: Sequence[int], turns: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Number of each turn with responses (0: before the first prompt) -> when it began, when its last response did."""
    bounds: dict[int, tuple[int, int]] = {}
    for at in moments:
        number = bisect_right(turns, at)
        begin, last = bounds.get(number, (turns[number - 1] if number else at, at))
        bounds[number] = (min(begin, at), max(last, at))
    return bounds


def _choose(at: int, turn: tuple[int, int], spans: Sequence[Span]) -> Answer:
    open_then = [span for span in spans if span.start <= at < span.end]
    if open_then:
        return _one_of(open_then)
    ended = [span for span in spans if turn[0] < span.end <= at]
    if ended:
        latest = max(span.end for span in ended)
        return _one_of([span for span in ended if span.end == latest])
    to_come = [span for span in spans if at < span.start <= turn[1]]
    if to_come:
        earliest = min(span.start for span in to_come)
        return _one_of([span for span in to_come if span.start == earliest])
    return None


def _one_of(spans: Sequence[Span]) -> Share | Unclear:
    """The goal of these spans, in its latest attempt; unclear when there are several goals."""
    goals = tuple(dict.fromkeys(span.goal for span in spans))
    if len(goals) > 1:
        return Unclear(tuple(sorted(goals)))
    latest = max(spans, key=lambda span: span.attempt)
    return Share(latest.goal, latest.attempt)
