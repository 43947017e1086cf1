"""The user's budgets as they stand, measured in the rollups."""

from __future__ import annotations

from datetime import UTC, datetime

from tachograph.app.budgets import load_budgets
from tachograph.app.dashboard.desk import Desk
from tachograph.app.rollups.cubes import UsageSums
from tachograph.app.rollups.read import add_up
from tachograph.app.scope import Scope
from tachograph.app.totals import to_usd
from tachograph.learning.budgets import Budget, BudgetState, Spend, Window, judge_budgets

_SESSIONS_MS = 7 * 24 * 3600 * 1000
"""A budget for sessions looks at those that ended in the last week, as :mod:`tachograph.app.budgets` does."""


def judge_budgets_at(desk: Desk) -> list[BudgetState]:
    """Each budget of config.toml at the desk's moment, in their order.

    As :func:`tachograph.app.budgets.judge_user_budgets`, but in milliseconds at any size; a session is of its own
    project, subagents folded in. Raises TachographError (``config_value``) for a budget that is wrong.
    """
    moment = datetime.fromtimestamp(desk.now_ms / 1000, UTC).astimezone(desk.zone)
    return judge_budgets(load_budgets(desk.workspace), lambda budget, window: _spend(desk, budget, window), moment)


def _spend(desk: Desk, budget: Budget, window: Window | None) -> Spend:
    if budget.scope == "session":
        return _largest_session(desk, budget)
    sums = UsageSums()
    scope = _scope(desk, budget, window)
    for (project,), part in add_up(desk.connection, UsageSums, scope, ("project",)):
        if budget.project is None or _lower(budget.project) in _lower(str(project)):
            for name in UsageSums.__struct_fields__:
                setattr(sums, name, getattr(sums, name) + getattr(part, name))
    return Spend(sums.usd if sums.responses else 0.0, sums.tokens, sums.unpriced > 0)


def _scope(desk: Desk, budget: Budget, window: Window | None) -> Scope:
    """The whole days of the window."""
    today = datetime.fromtimestamp(desk.now_ms / 1000, desk.zone).date()
    if window is None:
        return Scope(today, "all", agent=budget.agent, zone=desk.zone, zone_name=desk.zone_name)
    first, after = (datetime.fromtimestamp(at / 1000, desk.zone) for at in (window.start, window.end - 1))
    return Scope(today, "custom", first.date(), after.date(), None, budget.agent, desk.zone, desk.zone_name)


_OF_SESSIONS = """
SELECT r.id, sum(u.micro * 1000000 + u.rest) FILTER (WHERE u.priced > 0),
    sum(u.input + u.cache_read + u.cache_write_5m + u.cache_write_1h + u.output) AS tokens, sum(u.unpriced)
FROM roll.roots r CROSS JOIN roll.usage_cells_parts u USING (root) CROSS JOIN roll.names a ON a.name = u.agent
    CROSS JOIN roll.names p ON p.name = u.project
WHERE r.ended_at >= ?1 AND (?2 IS NULL OR a.text = ?2) AND (?3 IS NULL OR instr(lower(p.text), lower(?3)) > 0)
GROUP BY r.id ORDER BY {order} DESC NULLS LAST, r.id LIMIT 1"""
"""What of each session is of the budget's project and agent."""


def _largest_session(desk: Desk, budget: Budget) -> Spend:
    """The session, subagents folded in, that used most of its budget."""
    query = _OF_SESSIONS.format(order="2" if budget.usd is not None else "3")
    row = desk.connection.execute(query, (desk.now_ms - _SESSIONS_MS, budget.agent, budget.project)).fetchone()
    if row is None:
        return Spend(0.0, 0)
    return Spend(to_usd(row[1]), row[2], row[3] > 0, str(row[0]))


def _lower(text: str) -> bytes:
    """As the database's ``lower`` does it: of ASCII letters alone."""
    return text.encode(errors="replace").lower()
