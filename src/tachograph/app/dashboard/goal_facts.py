"""Goals of a range, for pages."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tachograph.app.dashboard.desk import Desk
from tachograph.app.goals.figure_records import GoalFigures
from tachograph.app.goals.glance import find_ledger_roots, glance_at_goals
from tachograph.app.goals.roots import here
from tachograph.app.scope import Scope
from tachograph.model import to_datetime
from tachograph.model.goal import FailureReason, GoalStatus, GoalType, ResultFit

_PROJECTS = """
SELECT n.text FROM (SELECT DISTINCT project FROM roll.session_cells WHERE grain = 1 AND project > 0)
JOIN roll.names n ON n.name = project WHERE n.text <> '' ORDER BY n.text"""

_KNOWN = "SELECT 1 FROM sessions WHERE id = ?"


class ListedGoal(msgspec.Struct, frozen=True, kw_only=True):
    """One goal; those that take one another up are one."""

    goal_id: str
    """Of the last of them, as title, type, status, fit and reason."""
    title: str
    goal_type: GoalType
    status: GoalStatus
    result_fit: ResultFit | None
    failure_reason: FailureReason | None
    project: str
    attempts: int
    started_at: datetime
    finished_at: datetime | None
    model: str
    """``not noted``: neither the ledger nor the history tells."""
    usd: float | None
    """Null: nothing is known, or priced."""
    complete: bool
    """Whether ``usd`` is the whole cost; else it is a lower bound."""
    sessions: list[str]
    """Main sessions with responses that fell to it."""
    stored: bool
    """Whether these are in this history: others' may be known from the ledger alone."""


def find_goals(desk: Desk, scope: Scope) -> GoalFigures | None:
    """The figures of the goals within ``scope``; None where there are none."""
    return glance_at_goals(
        desk.connection, desk.workspace, scope.filter, here(), projects=_projects(desk), exact_project=True
    )  # fmt: skip


def has_ledger(desk: Desk) -> bool:
    """Whether there is any ledger."""
    return bool(find_ledger_roots(desk.connection, desk.workspace, here(), _projects(desk)))


def list_found(desk: Desk, scope: Scope) -> list[ListedGoal]:
    """The goals within ``scope``: open ones first, then those that ended last."""
    roots = find_ledger_roots(desk.connection, desk.workspace, here(), _projects(desk))
    if not roots:
        return []
    from tachograph.app.goals.figures import EffectiveGoal
    from tachograph.app.goals.gather import list_goals
    from tachograph.app.goals.ledgers import find_ledgers

    def tell(project: str, one: EffectiveGoal) -> ListedGoal:
        last, end = one.chain.last, one.chain.finished_at
        return ListedGoal(
            goal_id=last.id, title=last.title, goal_type=last.type, status=last.status, result_fit=last.result_fit,
            failure_reason=last.failure_reason, project=project, attempts=one.chain.attempts,
            started_at=to_datetime(one.chain.started_at), finished_at=None if end is None else to_datetime(end),
            model=one.model, usd=one.usd, complete=one.complete, sessions=list(one.sessions),
            stored=all(desk.connection.execute(_KNOWN, (session,)).fetchone() for session in one.sessions),
        )  # fmt: skip

    found = find_ledgers(roots, desk.workspace.settings.goals_path)
    return [tell(*one) for one in list_goals(desk.connection, found, scope.filter, exact_project=True)]


def _projects(desk: Desk) -> list[str]:
    return [text for (text,) in desk.connection.execute(_PROJECTS)]
