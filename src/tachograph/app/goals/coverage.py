"""Why the cost of a goal is not known, or not wholly, and what can be done about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from shlex import quote
from typing import Literal

import msgspec

from tachograph.analysis.goal_shares import FOREVER
from tachograph.app.goals.place import LedgerPlace
from tachograph.app.goals.sharing import Sharing, find_root, share
from tachograph.app.goals.usage import GoalUsage, sum_up
from tachograph.app.totals import Totals
from tachograph.ledger.replay import State
from tachograph.model.goal import Goal, GoalStatus
from tachograph.report.units import counted

CauseKind = Literal[
    "no_session_in_window", "linked_session_unknown", "linked_session_outside", "before_history", "unpriced_model",
    "unclear_overlap", "output_unreliable", "only_synced", "manual_only",
]  # fmt: skip
_DAY_MS = 86_400_000
"""Before somebody's very first session a goal may be noted; a day earlier, older logs are likelier. Our choice."""
CostState = Literal["complete", "partial", "missing"]
Effect = Literal["partial", "missing", "none"]


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that keeps a goal's cost from being known."""

    kind: CauseKind
    effect: Effect
    """What it does to the cost; ``none``: it is only to be known."""
    text: str
    """One sentence."""
    recoverable: bool
    """Whether the history can still tell it."""
    how: str = ""
    """The command, or the setting, that helps."""
    sessions: list[str] = []
    models: list[str] = []
    responses: int = 0


class GoalCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """How well the cost of one goal is known."""

    goal_id: str
    title: str
    status: GoalStatus
    cost: CostState
    coverage: float | None
    """Share of the responses that were surely or possibly made for it whose cost is known and counted; null: none."""
    responses: int
    usd: float | None
    causes: list[Cause]


class CoverageReport(msgspec.Struct, frozen=True, kw_only=True):
    """How well the costs of a ledger's goals are known."""

    path: str
    goals: list[GoalCoverage]
    """By start."""
    closed: int
    """Closed goals in the ledger; so the numbers below."""
    complete: int
    partial: int
    missing: int
    known_cost: float | None
    """``complete / closed``; null: no goal is closed."""


def report_coverage(
    connection: sqlite3.Connection, place: LedgerPlace, state: State, sharing: Sharing | None = None
) -> CoverageReport:
    """How well each goal's cost is known, and why not wholly. ``sharing``: as ``share`` gives it, where it is there."""
    sharing = share(connection, place, state.goals) if sharing is None else sharing
    used = sum_up(connection, sharing, state.goals).goals
    begin = connection.execute("SELECT min(started_at) FROM sessions").fetchone()[0]
    look = _Look(connection, sharing, begin)
    goals = [look.at(goal, used.get(goal.key)) for goal in state.goals]
    costs = [one.cost for one in goals if one.status != "in_progress"]
    complete = costs.count("complete")
    return CoverageReport(
        path=str(place.path), goals=goals, closed=len(costs), complete=complete, partial=costs.count("partial"),
        missing=costs.count("missing"), known_cost=complete / len(costs) if costs else None,
    )  # fmt: skip


def of_goal(report: CoverageReport, goal_id: str) -> CoverageReport:
    """The same, with this goal alone; the numbers stay the ledger's."""
    return msgspec.structs.replace(report, goals=[one for one in report.goals if one.goal_id == goal_id])


class _Look:
    """What the history knows, asked goal by goal."""

    def __init__(self, connection: sqlite3.Connection, sharing: Sharing, begin: int | None) -> None:
        self._connection = connection
        self._begin = begin
        self._unclear: dict[str, list[str]] = {}
        for keys, root in sorted(sharing.unclear):
            for key in keys:
                self._unclear.setdefault(key, []).append(root)

    def at(self, goal: Goal, usage: GoalUsage | None) -> GoalCoverage:
        usage = usage or GoalUsage(totals=Totals(), attempts=(), sessions=(), unclear_responses=0)
        causes = [*self._find_missing(goal, usage), *self._find_gaps(goal, usage)]
        effects = {one.effect for one in causes}
        cost: CostState = "complete"
        if not usage.totals.responses or usage.totals.usd is None:
            cost = "missing"
        elif effects & {"partial", "missing"}:
            cost = "partial"
        return GoalCoverage(
            goal_id=goal.id, title=goal.title, status=goal.status, cost=cost, coverage=usage.coverage,
            responses=usage.totals.responses, usd=usage.totals.usd, causes=causes,
        )  # fmt: skip

    def _find_missing(self, goal: Goal, usage: GoalUsage) -> Iterator[Cause]:
        """Why sessions of it are not known."""
        effect: Effect = "partial" if usage.totals.responses else "missing"
        lost = self._unknown(goal)
        if lost:
            yield Cause(
                kind="linked_session_unknown", effect=effect, sessions=lost, recoverable=True,
                text=f"{counted(len(lost), 'linked session')} left no log here: another machine's, or deleted.",
                how="tacho goal sync, on the machine that it ran on; or tacho ingest, once its log is here",
            )  # fmt: skip
        if self._is_early(goal) and not goal.sessions and not usage.synced.responses:
            yield self._before_history(goal, effect)
        elif effect == "missing" and not lost and not usage.unclear_responses:
            yield self._outside(goal) if goal.sessions else _no_session(goal)
        if effect == "missing" and goal.manual:
            yield Cause(
                kind="manual_only", effect="none", recoverable=False,
                text="What is known of its cost was typed in; it is kept apart from what the history tells.",
            )  # fmt: skip

    def _unknown(self, goal: Goal) -> list[str]:
        noted = {one.session for one in goal.synced}
        return [one for one in goal.sessions if one not in noted and find_root(self._connection, one) is None]

    def _is_early(self, goal: Goal) -> bool:
        """Whether sessions of it may have been forgotten: it was over, or under way for a day, before the first one."""
        if self._begin is None:
            return False
        return goal.started_at < self._begin - _DAY_MS or (goal.finished_at or FOREVER) <= self._begin

    def _before_history(self, goal: Goal, effect: Effect) -> Cause:
        text = "It ended" if (goal.finished_at or FOREVER) <= (self._begin or 0) else "It began"
        return Cause(
            kind="before_history", effect=effect, recoverable=False,
            text=f"{text} before the first session that is known here: older logs are gone, or were never here.",
            how=f"tacho goal sync, where older ones are known; or tacho goal update {quote(goal.id)} --add-usd AMOUNT",
        )  # fmt: skip

    def _outside(self, goal: Goal) -> Cause:
        return Cause(
            kind="linked_session_outside", effect="missing", recoverable=True, sessions=list(goal.sessions),
            text="The sessions linked with it did nothing while it was open.",
            how=f"tacho goal update {quote(goal.id)} --started-at WHEN (or --finished-at WHEN)",
        )  # fmt: skip

    def _find_gaps(self, goal: Goal, usage: GoalUsage) -> Iterator[Cause]:
        """What of the sessions that are known has no exact cost."""
        totals = usage.totals
        if usage.unclear_responses:
            unclear = self._unclear.get(goal.key, [])
            yield Cause(
                kind="unclear_overlap", effect="partial" if totals.responses else "missing", recoverable=True,
                text=f"{counted(usage.unclear_responses, 'response')} made while another goal was open count for none.",
                how=f"tacho goal update {quote(goal.id)} --link {quote(unclear[0]) if unclear else 'SESSION'}",
                sessions=unclear,
                responses=usage.unclear_responses,
            )  # fmt: skip
        if totals.unpriced_responses:
            models = totals.unpriced_models
            yield Cause(
                kind="unpriced_model", effect="missing" if totals.usd is None else "partial", recoverable=True,
                text=f"{counted(totals.unpriced_responses, 'response')} of a model without a known price.",
                how="a price in the settings (docs/prices.md)", models=models, responses=totals.unpriced_responses,
            )  # fmt: skip
        if totals.output_unreliable_responses:
            yield Cause(
                kind="output_unreliable", effect="partial", recoverable=False,
                text=f"{counted(totals.output_unreliable_responses, 'response')} whose log has no final output count.",
                responses=totals.output_unreliable_responses,
            )  # fmt: skip
        if totals.responses and usage.synced.responses == totals.responses:
            yield Cause(
                kind="only_synced", effect="none", recoverable=True, sessions=list(usage.sessions),
                text="Its cost is as other machines noted it; no log here can show it.",
            )  # fmt: skip


def _no_session(goal: Goal) -> Cause:
    return Cause(
        kind="no_session_in_window", effect="missing", recoverable=True,
        text="No session of the project did anything while it was open.",
        how=f"tacho goal update {quote(goal.id)} --link SESSION; or tacho goal sync, where its sessions are known",
    )  # fmt: skip
