"""Goals: what was asked for, what became of it, and what it cost."""

from __future__ import annotations

import msgspec

from tachograph.app.dashboard.desk import Desk, Params
from tachograph.app.dashboard.goal_blocks import list_figures
from tachograph.app.dashboard.goal_facts import ListedGoal, find_goals, has_ledger, list_found
from tachograph.app.dashboard.links import session_link
from tachograph.app.dashboard.page import Page
from tachograph.app.dashboard.projects import name_projects
from tachograph.app.goals.figure_records import NOT_NOTED, GoalFigures
from tachograph.app.scope import Scope
from tachograph.model.goal import GoalStatus
from tachograph.report.units import counted
from tachograph.report.view import Block, Cell, Column, Empty, Grid, Tone, View

_MOST = 200
"""Goals that are listed."""
_TITLE = 200
_STATUS: dict[GoalStatus, tuple[str, Tone]] = {
    "in_progress": ("in progress", ""), "success": ("success", "good"), "fail": ("failed", "bad"),
}  # fmt: skip


class GoalsPage(msgspec.Struct, frozen=True):
    """Goals that ended in the range, and open ones."""

    figures: GoalFigures | None
    """Null: there are no goals."""
    matching: int
    """Goals of the range; the list may be shorter."""
    goals: list[ListedGoal]
    """Open ones first, then those that ended last."""


def gather(desk: Desk, scope: Scope, _params: Params) -> GoalsPage:
    """See :class:`GoalsPage`."""
    goals = list_found(desk, scope)
    return GoalsPage(find_goals(desk, scope), len(goals), goals[:_MOST])


def show(data: GoalsPage, _scope: Scope, _params: Params) -> View:
    """Figures, then the goals."""
    if data.figures is None:
        text = "No goals in this range. They are noted in the repository, by you or by an agent."
        return View("Goals", [Empty(text, 'tacho goal start --title "…" --type product')])
    blocks: list[Block] = list_figures(data.figures)
    return View("Goals", [*blocks, _list(data)] if data.goals else blocks)


def _list(data: GoalsPage) -> Grid:
    columns = [
        Column("goal", "Goal", wide=True), Column("status", "Status"), Column("why", "Fit or reason", low=True),
        Column("attempts", "Attempts", "count", low=True), Column("finished", "Ended", "moment", low=True),
        Column("model", "Model", low=True), Column("usd", "Cost", "usd"),
    ]  # fmt: skip
    names = name_projects(one.project for one in data.goals)
    more = f"The {_MOST} latest of {counted(data.matching, 'goal')}." if data.matching > len(data.goals) else ""
    about = more or "Goals that take one another up again are one."
    return Grid("goals", "All goals", columns, [_row(one, names) for one in data.goals], about, how="goals")


def _row(one: ListedGoal, names: dict[str, str]) -> list[Cell]:
    word, tone = _STATUS[one.status]
    why = one.failure_reason or one.result_fit
    session = session_link(one.sessions[0]) if len(one.sessions) == 1 and one.stored else ""
    who = " · ".join((one.goal_id, one.goal_type, names[one.project]))
    return [
        Cell(one.title[:_TITLE] or one.goal_id, session, who), Cell(word, tone=tone, tag=True),
        Cell(why.replace("_", " ") if why else None), Cell(one.attempts), Cell(one.finished_at),
        Cell(None if one.model == NOT_NOTED else one.model), _cost(one),
    ]  # fmt: skip


def _cost(one: ListedGoal) -> Cell:
    if one.usd is None and not one.sessions:
        return Cell("not known", tone="dim")
    note = counted(len(one.sessions), "session")
    return Cell(one.usd, note=note, at_least=one.usd is not None and not one.complete)


PAGE = Page(
    "goals", "Goals", gather, show, "Goals that ended in the range and open ones: what became of them, and their cost.",
    order=3, needs=has_ledger,
)  # fmt: skip
