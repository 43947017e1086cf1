"""What there is to do, and when: the one place at which threads meet."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

_MOST_LOGS = 50
"""Beyond this a look at everything is cheaper: for each single log the folder that it lies in is listed."""
_MOST_IGNORED = 10_000
_PAUSE_SECONDS = 1.0
"""Between two readings of what grows."""
_LONGEST_PAUSE = 30.0
"""Seconds at most between a look at everything and the next one that a notification asks for."""
_BUSY_SECONDS = 2.0
_FAILED_SECONDS = 5.0


class Pending:
    """Collects what is to be done until its time has come. All times are seconds of the monotonic clock."""

    def __init__(self, scan_interval: float) -> None:
        """The first look at everything is due at once."""
        self._interval = scan_interval
        self._changed = threading.Condition()
        self._logs: set[str] = set()
        self._ignored: set[str] = set()
        self._wants_sweep = True
        self._wants_endings = False
        self._woken = False
        self._next_sweep = 0.0
        self._rest_until = 0.0
        self._sweep_rest_until = 0.0
        self._failures = 0

    def add(self, logs: Iterable[str]) -> None:
        """These files have changed."""
        with self._changed:
            self._logs.update(log for log in logs if log not in self._ignored)
            if len(self._logs) > _MOST_LOGS:
                self._logs.clear()
                self._wants_sweep = True
            self._changed.notify()

    def ignore(self, files: Iterable[str]) -> None:
        """These are no logs: nothing is done about them until the next regular look at everything."""
        with self._changed:
            self._ignored.update(files)
            if len(self._ignored) > _MOST_IGNORED:
                self._ignored.clear()

    def want_sweep(self) -> None:
        """Look at everything, soon."""
        with self._changed:
            self._wants_sweep = True
            self._changed.notify()

    def want_endings(self) -> None:
        """Read what hooks have written."""
        with self._changed:
            self._wants_endings = True
            self._changed.notify()

    def wake(self) -> None:
        """End :meth:`wait`."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def wait(self, seconds: float | None, until: float | None) -> None:
        """Return when there may be something to do: after ``seconds``, at ``until``, or when anything is due here."""
        limit = time.monotonic() + max(seconds, 0.0) if seconds is not None else float("inf")
        with self._changed:
            while not self._woken and not self._wants_endings:
                now = time.monotonic()
                at = min(self._due(), max(limit, self._rest_until), until or float("inf"))
                if at <= now:
                    return
                self._changed.wait(at - now)
            self._woken = False

    def take_endings(self) -> bool:
        """Whether hooks' words are to be read now."""
        with self._changed:
            wanted, self._wants_endings = self._wants_endings, False
            return wanted

    def take_sweep(self) -> bool:
        """Whether everything is to be looked at now; then the single logs are taken care of, too."""
        with self._changed:
            if self._sweep_due() > time.monotonic():
                return False
            self._wants_sweep = False
            if self._next_sweep <= time.monotonic():
                self._ignored.clear()
            self._logs.clear()
            return True

    def take_logs(self) -> list[str]:
        """The logs to be read on now; empty: none, or not yet."""
        with self._changed:
            now = time.monotonic()
            if not self._logs or self._rest_until > now:
                return []
            found = sorted(self._logs)
            self._logs.clear()
            self._rest_until = now + _PAUSE_SECONDS
            return found

    def sweep_done(self, seconds: float) -> None:
        """A look at everything took so long: rest as long before the next one, so that half of the time is free."""
        with self._changed:
            now = time.monotonic()
            self._next_sweep = now + self._interval
            self._sweep_rest_until = now + min(max(_PAUSE_SECONDS, seconds), _LONGEST_PAUSE)

    def succeeded(self) -> None:
        """The last thing could be done."""
        self._failures = 0

    def failed(self, *, want_sweep: bool) -> None:
        """It could not: rest a little, after several times longer, at most as long as between two looks."""
        with self._changed:
            pause = _FAILED_SECONDS * 2 ** min(self._failures, 10) if want_sweep else _BUSY_SECONDS
            self._failures += want_sweep
            self._rest_until = time.monotonic() + min(pause, self._interval)
            self._wants_sweep = self._wants_sweep or want_sweep

    def _due(self) -> float:
        found = self._sweep_due()
        return min(found, self._rest_until) if self._logs else found

    def _sweep_due(self) -> float:
        wanted = self._sweep_rest_until if self._wants_sweep else float("inf")
        return max(min(self._next_sweep, wanted), self._rest_until)
