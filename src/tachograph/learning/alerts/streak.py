"""What one KPI of one group did in the last sessions: how often it lay on the bad side, and how far."""

from __future__ import annotations

import msgspec

from tachograph.learning.alerts.records import IncidentRow
from tachograph.learning.alerts.rules import Rule

REPEATED = 2.25
"""Cautious standard deviations that count as far out when they come twice in three sessions: with 2.0, one healthy
session in 200 would be critical by this alone in each twenty KPIs."""
YOUNG = 4.0
"""A baseline of n sessions is trusted as if its spread were 1 + YOUNG / n times as large, where something may become
critical."""
_REMEMBERED = 2
"""Earlier sessions among which the second one is looked for."""


def reach(deviations: float, n: int) -> float:
    """Limit for cautious standard deviations from a baseline of ``n`` sessions (at least one)."""
    return deviations * (1 + YOUNG / n)


class Streak(msgspec.Struct, array_like=True):
    """The state of one KPI of one group."""

    run: int = 0
    """Sessions in a row on the bad side, up to the last one."""
    rows: list[IncidentRow] = []
    """The last of them, the oldest first."""
    is_told: bool = False
    """There was an incident for this run."""
    far: list[bool] = []
    """Whether the last sessions lay far out."""

    @property
    def is_repeated(self) -> bool:
        """One of the last two sessions lay far out."""
        return any(self.far)

    def add(self, row: IncidentRow, cautious: float, n: int, *, bad_side: float, longest: int) -> None:
        """Count a session that was held against a baseline of ``n`` sessions.

        On the bad side is what lies beyond ``bad_side`` cautious standard deviations: in plain ones, one session in six
        would, and a few more by the noise of the moving average's own spread.
        """
        if cautious > bad_side:
            self.run += 1
            self.rows = [*self.rows, row][-longest:] if longest else []
        elif self.run:
            self.run, self.rows, self.is_told = 0, [], False
        is_far = cautious > reach(REPEATED, n)
        if self.far or is_far:
            self.far = [*self.far, is_far][-_REMEMBERED:]
            if not any(self.far):
                self.far = []

    def meets(self, rule: Rule) -> bool:
        """Whether the sessions up to the last one are what ``rule``, of kind streak, is about, for the first time."""
        count, beyond = rule.sessions or 0, rule.beyond or 0.0
        if self.is_told or self.run < count:
            return False
        return all(row.deviations > beyond for row in self.rows[-count:])
