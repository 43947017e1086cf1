"""Whether an agent's sessions still bring their data: too many without are an alert of their own."""

from __future__ import annotations

import msgspec

from tachograph.learning.alerts.records import Alert, name_for
from tachograph.learning.alerts.rules import Rule
from tachograph.learning.records import Point

LEAST_SESSIONS = 5
"""A share of fewer says nothing."""


class Completeness(msgspec.Struct, array_like=True):
    """The last sessions of one agent, for one rule."""

    lacked: list[bool] = []
    """Whether each lacked the data of a KPI that applies to it, the oldest first."""
    is_told: bool = False
    """The share has been too high since the last alert."""

    def take(self, point: Point, rule: Rule) -> Alert | None:
        """Count a session; an alert when it makes the share too high, and then none until it has gone back."""
        self.lacked = [*self.lacked, bool(point.lacking)][-(rule.sessions or 1) :]
        share = sum(self.lacked) / len(self.lacked)
        limit = rule.beyond or 0.0
        if share <= limit or len(self.lacked) < LEAST_SESSIONS:
            self.is_told = False
            return None
        if self.is_told:
            return None
        self.is_told = True
        return Alert(
            id=name_for(point.session, rule.id),
            session="",
            group=None,
            kpi="incomplete_sessions",
            rule=rule.id,
            severity=rule.severity,
            priority=rule.priority,
            at=point.ended_at,
            value=share,
            mean=None,
            sd=None,
            deviations=None,
            consecutive=0,
            action=rule.action,
            limit=limit,
        )
