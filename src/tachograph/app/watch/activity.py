"""Which sessions are going on, and when each of them has finished."""

from __future__ import annotations

from collections.abc import Iterable

from tachograph.app.watch.records import Activity

GRACE_MS = 5_000
"""Agents write their last lines after they have called the hook."""
_SETTLE_MS = 2_000
"""So long after the hook's word the session counts as finished: then its last lines are read."""
_MOST_ENDED = 1_000


class ActiveSessions:
    """Main sessions by the moment of their last sign of life; all moments are in ms UTC."""

    def __init__(self, window_ms: int, started_ms: int) -> None:
        """A session is finished after ``window_ms`` without one; those over before ``started_ms`` are of no concern."""
        self._window = window_ms
        self._started = started_ms
        self._due: dict[str, int] = {}
        self._ended: dict[str, int] = {}
        self.ended: frozenset[str] = frozenset()
        """Sessions that are over, whatever their timestamps say. Other threads may look at it."""

    def note(self, changed: Iterable[Activity], now: int) -> None:
        """Take in what was found in the logs."""
        for found in changed:
            if found.ended_ms is None:
                continue
            at = min(found.ended_ms, found.written_ms, now)  # copied logs, logs put into place, clocks that differ
            over = self._ended.get(found.session)
            if at < self._started - self._window or (over is not None and at <= over):
                continue
            if over is not None:  # a session that was resumed
                del self._ended[found.session]
                self.ended = frozenset(self._ended)
            self._due[found.session] = at + self._window

    def end(self, session: str, at: int, now: int) -> None:
        """Take in what a SessionEnd hook has said."""
        due = self._due.get(session)
        if due is not None and due - self._window > at + GRACE_MS:
            return  # it went on meanwhile
        self._remember(session, at + GRACE_MS)
        if at >= self._started:
            self._due[session] = min(due or now + _SETTLE_MS, now + _SETTLE_MS)

    def take_finished(self, now: int) -> list[str]:
        """The sessions that are over since the last call, in order of their end."""
        found = sorted((due, session) for session, due in self._due.items() if due <= now)
        for due, session in found:
            del self._due[session]
            self._remember(session, max(self._ended.get(session, 0), due - self._window))
        return [session for _, session in found]

    @property
    def next_due(self) -> int | None:
        """When the next session will have finished; None: none is going on."""
        return min(self._due.values(), default=None)

    def _remember(self, session: str, at: int) -> None:
        self._ended.pop(session, None)
        self._ended[session] = at
        while len(self._ended) > _MOST_ENDED:
            del self._ended[next(iter(self._ended))]
        self.ended = frozenset(self._ended)
