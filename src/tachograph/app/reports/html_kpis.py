"""Whose KPIs the HTML report shows over time, and which first."""

from __future__ import annotations

import msgspec

from tachograph.analysis.kpis import load_kpis
from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.time_axis import Axis
from tachograph.app.dashboard.trend_sums import KpiTrend, count_types, trend_kpis
from tachograph.app.scope import Scope

_FIRST = ("cost_per_turn", "waste_share", "error_rate", "cache_efficiency", "context_peak", "follow_up_rate")
"""What a reader asks for first; then those that most sessions have."""


class KpiTrends(msgspec.Struct, frozen=True):
    """The KPIs of one kind of agent."""

    agent_type: str
    kpis: list[KpiTrend]
    """All that its sessions have, what a reader asks for first first."""


def find_kpi_trends(desk: Desk, scope: Scope, axis: Axis) -> KpiTrends | None:
    """KPIs of the kind of agent with most sessions that ended within ``scope``; None when no session has any."""
    types, by_type = count_types(desk.connection, scope)
    if not types:
        return None
    agent_type = types[0].agent_type
    sessions = by_type[agent_type]
    names = sorted((name for name in load_kpis() if name in sessions), key=lambda name: _rank(name, sessions[name]))
    return KpiTrends(agent_type, trend_kpis(desk.connection, scope, axis, agent_type, names))


def _rank(name: str, sessions: int) -> tuple[int, int, str]:
    return _FIRST.index(name) if name in _FIRST else len(_FIRST), -sessions, name
