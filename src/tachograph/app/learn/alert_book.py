"""Storing a round's alerts as they come: a long history has hundreds of thousands, too many to be held."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable

import msgspec

from tachograph.learning.alerts import Alert

_BATCH = 1000
_SENT_MS = 2 * 24 * 3600 * 1000
"""Alerts on older sessions are history that was read late: no sink is told of them."""


class AlertBook:
    """The alerts from a moment on, written anew within the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection, upto: int | None, now: int) -> None:
        """Removes all alerts after ``upto`` (ms UTC; None: all)."""
        self._connection = connection
        self._since = now - _SENT_MS
        later = "?1 IS NULL OR at > ?1"
        self._held = {one for (one,) in connection.execute(f"SELECT id FROM alerts WHERE {later}", (upto,))}
        connection.execute(f"DELETE FROM alerts WHERE {later}", (upto,))
        self._waiting: list[Alert] = []
        self.new: Counter[str] = Counter()
        """By severity: alerts that were not there before."""
        self.critical: list[Alert] = []
        """The critical ones among them, on sessions of the last two days."""

    def take(self, alerts: Iterable[Alert]) -> None:
        """Store these, now or at the next :meth:`flush`."""
        for one in alerts:
            self._waiting.append(one)
            if one.id not in self._held:
                self.new[one.severity] += 1
                if one.severity == "critical" and one.at >= self._since:
                    self.critical.append(one)
        if len(self._waiting) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Store what is not yet stored."""
        self._connection.executemany(
            "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (one.id, one.session, one.kpi, one.rule, one.severity, one.at, msgspec.json.encode(one).decode())
                for one in self._waiting
            ],
        )
        self._waiting.clear()
