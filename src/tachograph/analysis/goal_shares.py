"""Which goal each response of a session was made for.

A response falls to the goal that was open when it began. Where none was, its turn decides: what follows a goal's end
within the same turn is still that goal's (the agent's last words), and what comes before a goal's start within the
turn is that goal's too (the work that led to noting it). Where several goals were open, nobody knows which of them it
was for, unless the session is known to be one goal's: then nothing is guessed.
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


def find_share(at: int, turns: Sequence[int], linked: Sequence[Span], others: Sequence[Span]) -> Share | Unclear | None:
    """Whose a response that began at ``at`` is; None: no goal's.

    ``turns``: when the session's turns began, ascending. ``linked``: spans of the goals that the session is known to
    have worked for: these go first. ``others``: spans of goals that are known by time alone.
    """
    place = bisect_right(turns, at)
    turn = (turns[place - 1] if place else -FOREVER, turns[place] if place < len(turns) else FOREVER)
    return _choose(at, turn, linked) or _choose(at, turn, others)


def _choose(at: int, turn: tuple[int, int], spans: Sequence[Span]) -> Share | Unclear | None:
    open_then = [span for span in spans if span.start <= at < span.end]
    if open_then:
        return _one_of(open_then)
    ended = [span for span in spans if span.end <= at and span.end > turn[0] and span.start < turn[1]]
    if ended:
        latest = max(span.end for span in ended)
        return _one_of([span for span in ended if span.end == latest])
    to_come = [span for span in spans if at < span.start < turn[1]]
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
