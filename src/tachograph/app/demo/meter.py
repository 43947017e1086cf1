"""How many tokens a made-up response took: a context that grows, and a cache that forgets."""

from __future__ import annotations

from random import Random

from tachograph.model import Usage

_SHARED = 14_200
"""Tokens of instructions and tool definitions that an earlier session has left in the cache."""
_CHARS_PER_TOKEN = 3.6


class Meter:
    """Counts one session's context; ``lifetime`` is how long a cache entry holds, in seconds."""

    def __init__(self, rng: Random, base: int, lifetime: float) -> None:
        self._rng = rng
        self._base = base
        self._lifetime = lifetime
        self._cached = _SHARED
        self._fresh = base - _SHARED
        self._last = 0.0

    @property
    def context(self) -> int:
        """Tokens that the next response will read."""
        return self._cached + self._fresh

    def add_text(self, chars: int) -> None:
        """Something came into the context."""
        self._fresh += round(chars / _CHARS_PER_TOKEN) + self._rng.randint(20, 90)

    def take(self, now: float, output: int) -> Usage:
        """Usage of a response given ``now`` (seconds): 1-hour writes when entries hold an hour, else 5-minute ones."""
        if self._last and now - self._last > self._lifetime:
            self._cached, self._fresh = _SHARED, self.context - _SHARED
        self._last = now
        uncached = min(self._fresh, self._rng.randint(2, 11))
        read, written = self._cached, self._fresh - uncached
        hour = self._lifetime >= 3600
        self._cached, self._fresh = self._cached + written, uncached + output
        return Usage(uncached, read, 0 if hour else written, written if hour else 0, output)

    def compact(self) -> int:
        """The context is summarised; returns its size before that."""
        before = self.context
        self._cached, self._fresh = _SHARED, self._base - _SHARED + self._rng.randint(2500, 4500)
        return before
