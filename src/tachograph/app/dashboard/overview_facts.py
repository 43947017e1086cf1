"""What the overview shows beside the sums: budgets, alerts, models without a price, suggestions."""

from __future__ import annotations

import sqlite3
from typing import get_args

import msgspec

from tachograph.analysis.axes.token_economy import Verdict
from tachograph.app.budgets import show_budget
from tachograph.app.dashboard.budget_states import judge_budgets_at
from tachograph.app.dashboard.desk import Desk, Params
from tachograph.app.dashboard.goal_facts import find_goals
from tachograph.app.dashboard.range_sums import RangeSums, sum_up_range
from tachograph.app.dashboard.root_rows import ListedSession, list_roots
from tachograph.app.dashboard.spend_chart import SpendOverTime, spend_over_time
from tachograph.app.dashboard.time_axis import history_begin, make_axis
from tachograph.app.dashboard.unseen_alerts import AlertCount, count_unseen
from tachograph.app.dashboard.waste_sums import DetectorWaste, waste_by_detector
from tachograph.app.goals.figure_records import GoalFigures
from tachograph.app.rollups.cubes import FindingSums, UsageSums, VerdictSums
from tachograph.app.rollups.read import add_up
from tachograph.app.scope import Scope
from tachograph.app.suggestions import SuggestionRow, list_suggestions
from tachograph.errors import TachographError

_TOP = 5
"""Projects, sessions and suggestions that are shown."""


class ProjectSpend(msgspec.Struct, frozen=True):
    """What one project used in the range."""

    project: str
    """Empty: responses without a known project."""
    usd: float | None
    unpriced_responses: int
    """Above 0, ``usd`` is a lower bound."""
    tokens: int
    output_unreliable_responses: int
    """Above 0, ``tokens`` is a lower bound."""
    sessions: int
    """Main sessions of the project begun in the range; spend and tokens are also those of subagents sent there."""


class BudgetBar(msgspec.Struct, frozen=True):
    """One budget as it stands, whatever the range."""

    words: str
    """``$3.20 of $20.00 today``; empty: nothing of it is priced."""
    project: str | None
    agent: str | None
    share: float | None
    """Used up, of the limit; null: not known."""
    level: str
    """ok, near (80 % and more), over, unknown."""
    warning: str
    """A sentence where it is near or over."""


class UnpricedModel(msgspec.Struct, frozen=True):
    """A model without a known price."""

    model: str
    responses: int


class Overview(msgspec.Struct, frozen=True):
    """The range at a glance. Spend is dated by response, sessions and what they are by the day they began."""

    timezone: str
    begin: str | None
    """First day of the whole history; null: there is none."""
    now: RangeSums
    before: RangeSums | None
    """The same number of days just before; null when the history does not reach back so far, or the range has no
    beginning."""
    spend: SpendOverTime
    waste: list[DetectorWaste]
    """By detector, the dearest first; detectors overlap."""
    verdicts: dict[str, int]
    """Main sessions by verdict of the token axis: above_p75, within_band, below_p25, unavailable."""
    projects: list[ProjectSpend]
    """The five with the highest spend."""
    more_projects: int
    """Projects beyond these."""
    sessions: list[ListedSession]
    """The five that cost most among those that began in the range."""
    suggestions: list[SuggestionRow]
    """Offers and active ones, at most five."""
    budgets: list[BudgetBar]
    budget_problem: str
    """Why the budgets of config.toml cannot be read; empty: they can."""
    alerts: AlertCount
    unpriced: list[UnpricedModel]
    """Those used in the range, by responses."""
    goals: GoalFigures | None
    """Goals that ended in the range, and open ones; null: there are none."""


def gather_overview(desk: Desk, scope: Scope, _params: Params) -> Overview:
    """Everything on the page."""
    connection = desk.connection
    begin = history_begin(connection)
    before = scope.previous
    known = before is not None and before.first is not None and begin is not None and begin <= before.first
    now = sum_up_range(connection, scope)
    projects = _projects(connection, scope)
    budgets, problem = _budgets(desk)
    return Overview(
        timezone=scope.zone_name,
        begin=None if begin is None else begin.isoformat(),
        now=now,
        before=sum_up_range(connection, before) if before is not None and known else None,
        spend=spend_over_time(connection, scope, make_axis(scope, begin)),
        waste=waste_by_detector(connection, scope, now.sessions),
        verdicts=_verdicts(connection, scope),
        projects=projects[:_TOP],
        more_projects=max(0, len(projects) - _TOP),
        sessions=[one for one in list_roots(desk, scope, None, "cost", _TOP).sessions if one.usd],
        suggestions=_suggestions(desk),
        budgets=budgets,
        budget_problem=problem,
        alerts=count_unseen(connection, scope),
        unpriced=_unpriced(connection, scope),
        goals=find_goals(desk, scope),
    )


def _projects(connection: sqlite3.Connection, scope: Scope) -> list[ProjectSpend]:
    held = {key: sums.sessions for (key,), sums in add_up(connection, FindingSums, scope, ("project",))}
    found = [
        ProjectSpend(str(key), sums.usd, sums.unpriced, sums.tokens, sums.unreliable, held.get(key, 0))
        for (key,), sums in add_up(connection, UsageSums, scope, ("project",))
        if sums.responses or sums.tokens
    ]
    return sorted(found, key=lambda one: (-(one.usd or 0.0), -one.tokens, one.project))


def _verdicts(connection: sqlite3.Connection, scope: Scope) -> dict[str, int]:
    counts: dict[str, int] = dict.fromkeys(get_args(Verdict), 0)
    for (verdict,), sums in add_up(connection, VerdictSums, scope, ("verdict",)):
        counts[str(verdict)] = counts.get(str(verdict), 0) + sums.sessions
    return counts


def _suggestions(desk: Desk) -> list[SuggestionRow]:
    rows = list_suggestions(desk.connection, desk.workspace, None).suggestions
    return [one for one in rows if one.state in ("offered", "candidate", "active")][:_TOP]


def _budgets(desk: Desk) -> tuple[list[BudgetBar], str]:
    """The bars, or why there are none: a wrong setting must not hide the rest of the page."""
    try:
        states = judge_budgets_at(desk)
    except TachographError as error:
        return [], error.message
    return [
        BudgetBar(show_budget(one), one.budget.project, one.budget.agent, one.share, one.level, one.text)
        for one in states
    ], ""


def _unpriced(connection: sqlite3.Connection, scope: Scope) -> list[UnpricedModel]:
    found = [
        UnpricedModel(str(model), sums.unpriced)
        for (model,), sums in add_up(connection, UsageSums, scope, ("model",))
        if sums.unpriced
    ]
    return sorted(found, key=lambda one: (-one.responses, one.model))
