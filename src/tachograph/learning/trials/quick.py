"""The rule of the published plan: better by more than 20 % in 2 of 3 sessions. It has no control group."""

from __future__ import annotations

from tachograph.analysis.kpis import Direction
from tachograph.learning.trials.records import Outcome

SESSIONS = 3
"""Treated sessions with a baseline that are looked at: the first ones."""
NEEDED = 2
"""Of them must be better. Counted, not divided: 2 / 3 is less than the plan's ``.67``."""
GAIN = 0.2
"""Part of the baseline's mean that a session must be better by."""


class QuickRule:
    """Takes sessions one by one."""

    def __init__(self, better: Direction) -> None:
        self.sign = 1 if better == "up" else -1
        self.seen = self.good = 0

    def take(self, outcome: Outcome) -> bool | None:
        """Whether the text passes, at the third treated session; None before, and for all other sessions.

        Sessions without a baseline cannot be better than it and are passed over.
        """
        if not outcome.treated or outcome.expected is None or self.seen == SESSIONS:
            return None
        self.seen += 1
        self.good += self.sign * (outcome.value - outcome.expected) > GAIN * abs(outcome.expected)
        return self.good >= NEEDED if self.seen == SESSIONS else None
