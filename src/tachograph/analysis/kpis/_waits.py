"""Time in which a session waited for a person, as far as its calls tell."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from msgspec.structs import replace

from tachograph.model import Session, ToolCall

ASKING = frozenset({"AskUserQuestion", "ExitPlanMode", "request_user_input"})
"""Tools whose result is a person's word: all their time is waiting."""
_QUICK = frozenset({"edit", "read"})
"""Categories whose calls take no time of their own: one that was refused has only waited for the refusal."""

Span = tuple[int, int]
"""Begin and end, ms UTC."""


def find_waits(session: Session) -> list[Span]:
    """When nothing was done but waiting for a person: in order, without overlaps and empty spans.

    The time of questions to the user, of plans shown for approval, and of edits and reads that were refused, but for
    the time in which another call was at work.
    """
    waiting: list[Span] = []
    working: list[Span] = []
    for call in session.tool_calls:
        if call.ended_at is not None and call.ended_at > call.started_at:
            (waiting if _waits(call) else working).append((call.started_at, call.ended_at))
    return _subtract(_join(waiting), _join(working)) if waiting else []


def leave_out(session: Session, spans: list[Span]) -> Session:
    """The session with its clock stopped in ``spans``: what happened within one happens at its begin."""
    if not spans:
        return session
    ends = [end for _, end in spans]
    lost = [0, *accumulate(end - start for start, end in spans)]

    def moved(at: int) -> int:
        passed = bisect_right(ends, at)
        inside = max(0, at - spans[passed][0]) if passed < len(spans) else 0
        return at - lost[passed] - inside

    return replace(
        session,
        prompts=tuple(replace(p, at=moved(p.at)) for p in session.prompts),
        responses=tuple(
            replace(r, started_at=moved(r.started_at), ended_at=moved(r.ended_at)) for r in session.responses
        ),
        tool_calls=tuple(
            replace(c, started_at=moved(c.started_at), ended_at=None if c.ended_at is None else moved(c.ended_at))
            for c in session.tool_calls
        ),
    )


def _waits(call: ToolCall) -> bool:
    return call.name in ASKING or (call.status == "denied" and call.category in _QUICK)


def _join(spans: Iterable[Span]) -> list[Span]:
    """In order, those that overlap as one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _subtract(spans: list[Span], others: list[Span]) -> list[Span]:
    """What of ``spans`` lies in none of ``others``; both in order and without overlaps."""
    left: list[Span] = []
    at = 0
    for begin, end in spans:
        start = begin
        while at < len(others) and others[at][1] <= start:
            at += 1
        following = at
        while following < len(others) and others[following][0] < end:
            if others[following][0] > start:
                left.append((start, others[following][0]))
            start = others[following][1]
            following += 1
        if start < end:
            left.append((start, end))
    return left
