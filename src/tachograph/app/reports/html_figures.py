"""What the HTML report tells, as numbers."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from statistics import fmean, median

import msgspec

from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.root_rows import Chosen, list_roots, root_conditions
from tachograph.app.dashboard.time_axis import Axis, history_begin, make_axis, start_of
from tachograph.app.goals.figure_records import GoalFigures
from tachograph.app.reports.html_findings import ReportedFinding, find_dearest
from tachograph.app.reports.html_kpis import KpiTrends, find_kpi_trends
from tachograph.app.reports.html_steps import MOST_DAYS, Trend, judge_trend
from tachograph.app.rollups.cubes import SessionSums, ToolSums, UsageSums, WasteSums
from tachograph.app.rollups.read import add_up
from tachograph.app.scope import Scope

MOST_SESSIONS = 50
_MICRO = 10**6


class SessionCosts(msgspec.Struct, frozen=True):
    """Cost per session of one step, subagents folded in, by the day the sessions began."""

    sessions: int
    """Sessions all of whose responses have a known price, and of which no log is missing: only these count here."""
    left_out: int
    """The others: of their cost no more than a lower bound is known."""
    mean: float | None
    """USD; None without a session."""
    median: float | None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """All numbers of one report."""

    scope: Scope
    steps: Axis
    """Of the part of the range from which on something is stored."""
    usage: UsageSums
    """Dated by response."""
    sessions: SessionSums
    """By the day they began, subagents folded in; so are signals, costs and waste."""
    models: list[tuple[str, UsageSums]]
    """The dearest first, as projects."""
    spend: dict[tuple[str, int], UsageSums]
    """By model and number of the step."""
    signals: list[SessionSums]
    """By step."""
    costs: list[SessionCosts]
    """By step."""
    trend: Trend | None
    waste: list[tuple[str, WasteSums]]
    """By detector, the dearest first."""
    projects: list[tuple[str, UsageSums, SessionSums]]
    tools: list[tuple[str, str, ToolSums]]
    """Tool, category, sums; most calls first."""
    dearest: Chosen
    """Sessions that cost most."""
    findings: list[ReportedFinding]
    kpis: KpiTrends | None
    """Of the kind of agent with most sessions; None: the loop has found out nothing yet."""
    goals: GoalFigures | None = None
    """None: there are no goals; nothing is shown of them then."""


def gather_figures(desk: Desk, scope: Scope, goals: GoalFigures | None = None) -> Figures:
    """The numbers of ``scope``, whose range has a beginning."""
    steps = make_axis(scope, history_begin(desk.connection), MOST_DAYS)
    costs = _session_costs(desk, scope, steps)
    usage, models, spend = _usage(desk, scope, steps)
    return Figures(
        scope=scope, steps=steps, usage=usage, models=models, spend=spend,
        sessions=add_up(desk.connection, SessionSums, scope)[0][1], signals=_signals(desk, scope, steps),
        costs=costs, trend=judge_trend([one.mean for one in costs]), waste=_waste(desk, scope),
        projects=_projects(desk, scope), tools=_tools(desk, scope),
        dearest=list_roots(desk, scope, None, "cost", MOST_SESSIONS), findings=find_dearest(desk, scope),
        kpis=find_kpi_trends(desk, scope, steps), goals=goals,
    )  # fmt: skip


def _usage(
    desk: Desk, scope: Scope, steps: Axis
) -> tuple[UsageSums, list[tuple[str, UsageSums]], dict[tuple[str, int], UsageSums]]:
    """In total, by model, and by model and step."""
    rows = add_up(desk.connection, UsageSums, scope, (steps.step, "model"))
    spend = {(str(model), int(number)): sums for (number, model), sums in rows}
    models = add_up(desk.connection, UsageSums, scope, ("model",))
    found = sorted(((str(model), sums) for (model,), sums in models), key=lambda one: (*_dearness(one[1]), one[0]))
    return add_up(desk.connection, UsageSums, scope)[0][1], found, spend


def _dearness(sums: UsageSums) -> tuple[int, int]:
    return -(sums.pico or 0), -sums.tokens


def _signals(desk: Desk, scope: Scope, steps: Axis) -> list[SessionSums]:
    found = {int(number): sums for (number,), sums in add_up(desk.connection, SessionSums, scope, (steps.step,))}
    return [found.get(number, SessionSums()) for number in steps.numbers]


def _session_costs(desk: Desk, scope: Scope, steps: Axis) -> list[SessionCosts]:
    where, values = root_conditions(desk.connection, scope)
    rows = desk.connection.execute(
        f"SELECT r.started_at, r.micro, r.unpriced, r.log_missing FROM roll.roots r WHERE {where}", values
    )
    priced: dict[object, list[float]] = defaultdict(list)
    left_out: dict[object, int] = defaultdict(int)
    for started_at, micro, unpriced, log_missing in rows:
        at = start_of(datetime.fromtimestamp(started_at / 1000, scope.zone).date(), steps.step)
        if micro is None or unpriced or log_missing:
            left_out[at] += 1
        else:
            priced[at].append(micro / _MICRO)
    return [_costs(priced.get(start, []), left_out.get(start, 0)) for start in steps.starts]


def _costs(usd: list[float], left_out: int) -> SessionCosts:
    if not usd:
        return SessionCosts(0, left_out, None, None)
    return SessionCosts(len(usd), left_out, fmean(usd), median(usd))


def _waste(desk: Desk, scope: Scope) -> list[tuple[str, WasteSums]]:
    found = [(str(name), sums) for (name,), sums in add_up(desk.connection, WasteSums, scope, ("detector",))]
    return sorted(found, key=lambda one: (-(one[1].pico or 0), -one[1].tokens, one[0]))


def _projects(desk: Desk, scope: Scope) -> list[tuple[str, UsageSums, SessionSums]]:
    usage = {str(name): sums for (name,), sums in add_up(desk.connection, UsageSums, scope, ("project",))}
    held = {str(name): sums for (name,), sums in add_up(desk.connection, SessionSums, scope, ("project",))}
    found = [(name, usage.get(name, UsageSums()), held.get(name, SessionSums())) for name in {**usage, **held}]
    return sorted(found, key=lambda one: (*_dearness(one[1]), -one[2].sessions, one[0]))


def _tools(desk: Desk, scope: Scope) -> list[tuple[str, str, ToolSums]]:
    rows = add_up(desk.connection, ToolSums, scope, ("tool", "category"))
    found = [(str(tool), str(category), sums) for (tool, category), sums in rows]
    return sorted(found, key=lambda one: (-one[2].calls, one[0], one[1]))


def report_scope(desk: Desk, days: int, project: str | None, now: int) -> Scope:
    """The last ``days`` days up to and including that of ``now`` (ms UTC), of all projects or of one."""
    today = datetime.fromtimestamp(now / 1000, desk.zone).date()
    first = today - timedelta(days=days - 1)
    return Scope(today, "custom", first, today, project, None, desk.zone, desk.zone_name)
