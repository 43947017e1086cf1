"""Calls that went on for some time, and whether any of them did so while something else happened."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from itertools import accumulate

from tachograph.analysis.detectors._order import Latest, any_between
from tachograph.model import ToolCall


class Spans:
    """Calls of which each is known to change something."""

    def __init__(self, calls: Sequence[ToolCall], end: Callable[[ToolCall], int]) -> None:
        """``calls`` in order of position; ``end`` says when one was over (ms UTC)."""
        self._positions = [call.position for call in calls]
        self._latest = list(accumulate(map(end, calls), max))

    def any_meanwhile(self, first: ToolCall, second: ToolCall) -> bool:
        """Whether one was made between the two calls, or before ``first`` and went on when that one had begun."""
        if any_between(self._positions, first.position, second.position):
            return True
        before = bisect_left(self._positions, first.position)
        return before > 0 and self._latest[before - 1] > first.started_at


class UnjudgedSpans:
    """Calls that may change something, each judged when an answer first depends on it: to judge one takes time."""

    def __init__(
        self, calls: Sequence[ToolCall], bound: Callable[[ToolCall], int], judge: Callable[[ToolCall], int]
    ) -> None:
        """``calls`` in order of position.

        ``bound`` says when one was over at the latest; ``judge`` when it was indeed, or ``NEVER`` of one that changes
        nothing.
        """
        self._calls = calls
        self._judge = judge
        self._positions = [call.position for call in calls]
        self._ends = Latest([bound(call) for call in calls])

    def any_meanwhile(self, first: ToolCall, second: ToolCall, own: Collection[int] = ()) -> bool:
        """As that of ``Spans``, or whether ``first`` left something at work; calls at ``own`` do not count."""
        at = bisect_left(self._positions, first.position)
        after = at + (self._positions[at : at + 1] == [first.position])
        stop = bisect_left(self._positions, second.position)
        over = first.started_at if first.ended_at is None else first.ended_at
        return (
            self._any_later(after, stop, None, own)
            or self._any_later(0, at, first.started_at)
            or self._any_later(at, after, over)
        )

    def _any_later(self, start: int, stop: int, since: int | None, own: Collection[int] = ()) -> bool:
        """Whether one of these calls changes something and ended later than ``since``."""
        parts = [(start, stop)]
        while parts:
            start, stop = parts.pop()
            at = self._ends.find(start, stop)
            if at is None or (since is not None and self._ends[at] <= since):
                continue
            if self._positions[at] in own:
                parts += [(start, at), (at + 1, stop)]
                continue
            end = self._judge(self._calls[at])
            if end == self._ends[at]:
                return True
            self._ends[at] = end
            parts.append((start, stop))
        return False
