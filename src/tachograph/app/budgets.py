"""What was spent against the budgets that the user has set."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from tachograph.app.filters import find_zone
from tachograph.app.totals import to_usd
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError
from tachograph.learning.budgets import Budget, BudgetState, Spend, Window, judge_budgets, read_budgets, window_of
from tachograph.report.units import tokens as show_tokens
from tachograph.report.units import usd as show_usd

_QUARTER_MS = 15 * 60 * 1000
_SESSIONS_MS = 7 * 24 * 3600 * 1000
"""A budget for sessions looks at those that ended in the last week."""
_SUMS = (
    "sum_pico(u.cost_pico), coalesce(sum(u.input + u.cache_read + u.cache_write_5m + u.cache_write_1h + u.output), 0),"
    " coalesce(sum(u.unpriced), 0)"
)
_FROM = "FROM usage_quarters u JOIN sessions s USING (session)"


def judge_user_budgets(connection: sqlite3.Connection, workspace: Workspace, now: int) -> list[BudgetState]:
    """Each budget of config.toml as it stands at ``now`` (ms UTC), in their order.

    Raises TachographError (``config_value``) for one that is wrong.
    """
    budgets = load_budgets(workspace)
    if not budgets:
        return []
    zone, _ = find_zone(workspace.settings.display_timezone)
    moment = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone)
    return judge_budgets(budgets, lambda budget, window: _spend(connection, budget, window, now), moment)


def load_budgets(workspace: Workspace) -> tuple[Budget, ...]:
    """The budgets of config.toml. Raises TachographError (``config_value``) for one that is wrong."""
    try:
        return read_budgets(workspace.settings.budget)
    except ValueError as error:
        raise TachographError(
            f"config.toml: {error}", slug="config_value", hint="The docs page on alerts shows what a budget looks like."
        ) from error


def show_budget(one: BudgetState) -> str:
    """``$3.20 of $20.00 a day``: short, without a name from anywhere."""
    if one.used is None:
        return ""
    show = show_usd if one.budget.usd is not None else lambda value: show_tokens(round(value))
    scope = {"day": "today", "week": "this week", "project": "in a project", "session": "in a session"}
    return f"{show(one.used)} of {show(one.budget.limit)} {scope[one.budget.scope]}"


def fullest(states: Sequence[BudgetState]) -> BudgetState | None:
    """The budget that is used up most; None when nothing is known of any."""
    known = [one for one in states if one.share is not None]
    return max(known, key=lambda one: one.share or 0.0, default=None)


def spend_today(connection: sqlite3.Connection, zone: tzinfo, now: int) -> float | None:
    """USD since midnight in ``zone``; None when something was used and nothing of it is priced."""
    window = window_of("day", datetime.fromtimestamp(now / 1000, UTC).astimezone(zone))
    return _spend(connection, Budget(scope="day", usd=1.0), window, now).usd


def _spend(connection: sqlite3.Connection, budget: Budget, window: Window | None, now: int) -> Spend:
    conditions, values = ["1"], list[object]()
    if window is not None:
        conditions += ["u.quarter >= ?", "u.quarter < ?"]
        values += [window.start // _QUARTER_MS, -(-window.end // _QUARTER_MS)]
    if budget.agent is not None:
        conditions.append("s.agent = ?")
        values.append(budget.agent)
    if budget.project is not None:
        conditions.append("instr(lower(coalesce(s.project, '')), lower(?)) > 0")
        values.append(budget.project)
    where = " AND ".join(conditions)
    if budget.scope != "session":
        pico, used, unpriced = connection.execute(f"SELECT {_SUMS} {_FROM} WHERE {where}", values).fetchone()
        return Spend(to_usd(pico) if pico is not None else None if used else 0.0, used, unpriced > 0)
    return _largest_session(connection, budget, where, values, now)


def _largest_session(
    connection: sqlite3.Connection, budget: Budget, where: str, values: list[object], now: int
) -> Spend:
    """The session, subagents folded in, that used most of its budget."""
    order = "2" if budget.usd is not None else "3"
    row = connection.execute(
        f"SELECT s.root_id, {_SUMS} {_FROM} WHERE {where} AND s.root_id IN"
        " (SELECT root_id FROM sessions WHERE ended_at >= ?)"
        f" GROUP BY s.root_id ORDER BY {order} DESC NULLS LAST, 1 LIMIT 1",
        [*values, now - _SESSIONS_MS],
    ).fetchone()
    if row is None:
        return Spend(0.0, 0)
    return Spend(None if row[1] is None else to_usd(row[1]), row[2], row[3] > 0, str(row[0]))
