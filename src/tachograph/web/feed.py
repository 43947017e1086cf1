"""Telling open pages what has changed: one slow reader neither holds up the others nor makes the server grow."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

import msgspec

MAX_STREAMS = 32
MAX_NAMED = 200
"""More sessions than this are not named: everything may have changed then."""
HEARTBEAT_SECONDS = 15.0
"""So that a connection which is gone is noticed."""


class Signal(Protocol):
    """Something to wait for within the event loop; set from any thread."""

    def set(self) -> None:
        """Wake who waits, or who will wait next."""

    async def wait(self, seconds: float) -> None:
        """Return when it was set, or after ``seconds``; it is not set afterwards."""


class Event(msgspec.Struct, frozen=True):
    """The data of an event."""

    revision: int
    """State of the warehouse."""
    sessions: list[str]
    """Ids of the main sessions that changed; none: too many to be named."""


class _Stream:
    def __init__(self, signal: Signal) -> None:
        self.signal = signal
        self.sessions: set[str] = set()
        self.changed = False
        self.nameless = False


class Feed:
    """All open streams. Every method may be called from any thread."""

    def __init__(self, make_signal: Callable[[], Signal]) -> None:
        self._make_signal = make_signal
        self._lock = threading.Lock()
        self._streams: set[_Stream] = set()
        self._closed = False
        self.revision = 0

    def publish(self, revision: int, sessions: Iterable[str]) -> None:
        """Tell everybody; what a reader has not fetched yet is joined with it."""
        named = list(sessions)
        with self._lock:
            self.revision = revision
            for stream in self._streams:
                stream.changed = True
                stream.sessions.update(named[: MAX_NAMED + 1])
                if not named or stream.nameless or len(stream.sessions) > MAX_NAMED:
                    stream.nameless = True
                    stream.sessions.clear()
                stream.signal.set()

    def close(self) -> None:
        """End all streams; there will be no others."""
        with self._lock:
            self._closed = True
            for stream in self._streams:
                stream.signal.set()

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another stream."""
        return self._closed or len(self._streams) >= MAX_STREAMS

    async def read(self) -> AsyncIterator[bytes]:
        """The text of a new stream, until the feed is closed."""
        with self._join() as stream:
            yield _write("hello", Event(self.revision, []))
            while True:
                await stream.signal.wait(0.0 if self._closed else HEARTBEAT_SECONDS)
                if self._closed:
                    return
                yield self._take(stream)

    @contextmanager
    def _join(self) -> Iterator[_Stream]:
        stream = _Stream(self._make_signal())
        with self._lock:
            self._streams.add(stream)
        try:
            yield stream
        finally:
            with self._lock:
                self._streams.discard(stream)

    def _take(self, stream: _Stream) -> bytes:
        with self._lock:
            if not stream.changed:
                return b": still here\n\n"
            event = Event(self.revision, sorted(stream.sessions))
            stream.sessions.clear()
            stream.changed = stream.nameless = False
        return _write("change", event)


def _write(name: str, event: Event) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(event) + b"\n\n"
