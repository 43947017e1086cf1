"""The numbers of the HTML report are those of the other reports."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from tachograph.app.cost import query_groups, query_totals
from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.filters import Filter
from tachograph.app.reports.html_figures import Figures, SessionCosts, gather_figures, report_scope
from tachograph.app.retries import count_signals
from tachograph.app.sessions import count_sessions
from tachograph.app.tools import report_tools
from tachograph.app.waste import group_waste
from tachograph.app.workspace import Workspace
from tachograph.warehouse.store import open_reader
from tests.builders.log import milliseconds
from tests.builders.looped import NOW, SITE, Looped, looped
from tests.builders.small import TOOLS, Week, week
from tests.builders.wasteful import Wasteful, wasteful

__all__ = ["looped", "wasteful", "week"]
JUNE = milliseconds("2026-05-31T12:00:00Z")


def figures(workspace: Workspace, days: int = 90, project: str | None = None, now: int = NOW) -> Figures:
    with open_desk(workspace, update=True) as desk:
        return gather_figures(desk, report_scope(desk, days, project, now))


@pytest.mark.parametrize(("days", "project"), [(90, None), (14, None), (13, None), (5, SITE), (90, "/home/ada/lab")])
def test_totals_are_those_of_the_other_reports(looped: Looped, days: int, project: str | None) -> None:
    told = figures(looped.workspace, days, project)
    chosen = told.scope.filter
    with looped.read() as connection:
        totals, counts = query_totals(connection, chosen), count_sessions(connection, chosen)
        models = {group.key: group.responses for group in query_groups(connection, "model", chosen)}
    assert told.usage.responses == totals.responses > 0
    assert (told.usage.tokens, told.usage.output, told.usage.unpriced) == (
        totals.tokens, totals.output, totals.unpriced_responses,
    )  # fmt: skip
    assert told.usage.usd == (None if totals.usd is None else pytest.approx(totals.usd))
    assert (told.sessions.sessions, told.sessions.tool_calls) == (counts.sessions, counts.tool_calls)
    assert {model: sums.responses for model, sums in told.models} == models
    assert sum(sums.responses for sums in told.spend.values()) == totals.responses


def test_waste_and_findings_are_those_of_the_other_reports(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    told = figures(workspace, now=JUNE)
    with closing(open_reader(workspace.folder)) as connection:
        groups = [one for one in group_waste(connection, "detector", Filter()) if one.findings]
    assert {name: (sums.sessions, sums.findings) for name, sums in told.waste} == {
        one.key: (one.sessions, one.findings) for one in groups
    }
    assert {name: sums.usd for name, sums in told.waste} == {one.key: pytest.approx(one.wasted_usd) for one in groups}
    dollars = [one.usd for one in told.findings]
    assert dollars == sorted(dollars, key=lambda usd: -(usd or 0))
    assert sum(dollars) == pytest.approx(sum(one.wasted_usd or 0 for one in groups))  # type: ignore[arg-type]


def test_a_finding_of_a_subagent_is_told_of_the_session_at_the_top(wasteful: Wasteful) -> None:
    told = figures(wasteful.ingest(), now=JUNE)
    assert {one.session for one in told.findings} <= {one.id for one in told.dearest.sessions}
    assert "duplicate_subagent_work" in {one.detector for one in told.findings}


def test_tools_and_signals_are_those_of_the_other_reports(week: Week) -> None:
    workspace = week.ingest()
    told = figures(workspace, now=JUNE)
    with closing(open_reader(workspace.folder)) as connection:
        tools = report_tools(connection, "tool", Filter()).groups
        total, _ = count_signals(connection, "week", Filter())
    assert {tool: (sums.calls, sums.errors) for tool, _, sums in told.tools} == {
        one.key: (one.calls, one.errors) for one in tools
    }
    assert [(sum(one.followed_up for one in told.signals), sum(one.prompted for one in told.signals))] == [
        (total.follow_ups.sessions, total.follow_ups.of)
    ]
    assert sum(one.retried for one in told.signals) == total.structural_retries.count
    assert sum(one.spawning for one in told.signals) == total.subagent_spawns.sessions


def test_cost_per_session_leaves_out_what_is_not_priced_in_full(week: Week) -> None:
    told = figures(week.ingest(), now=JUNE)
    assert told.steps.step == "day"  # the history is two weeks long, whatever was asked for
    costs = dict(zip(told.steps.labels, told.costs, strict=True))
    assert costs["2026-05-18"] == SessionCosts(2, 0, pytest.approx(1.08), pytest.approx(1.08))
    assert costs["2026-05-19"] == SessionCosts(1, 0, pytest.approx(0.12), pytest.approx(0.12))
    assert costs["2026-05-20"] == SessionCosts(1, 1, pytest.approx(0.02), pytest.approx(0.02))  # the other: mystery
    assert costs["2026-05-21"] == SessionCosts(0, 0, None, None)
    assert told.trend is not None
    assert told.trend.direction == "improving"
    assert told.trend.ratio == pytest.approx((0.02 + 0.03) / (1.08 + 0.12))


def test_steps_begin_where_the_history_does(looped: Looped) -> None:
    assert figures(looped.workspace, 90).steps.labels[0] == "2026-11-02"
    assert figures(looped.workspace, 10).steps.labels == [f"2026-11-{day:02d}" for day in range(9, 19)]


def test_weeks_beyond_thirty_days(looped: Looped) -> None:
    later = milliseconds("2026-12-02T12:00:00Z")
    assert figures(looped.workspace, 90, now=later - 24 * 3600 * 1000).steps.step == "day"
    steps = figures(looped.workspace, 90, now=later).steps
    assert (steps.step, steps.starts[0], steps.starts[-1]) == ("week", date(2026, 11, 2), date(2026, 11, 30))


def test_kpis_are_of_the_kind_of_agent_with_most_sessions(looped: Looped) -> None:
    kpis = figures(looped.workspace).kpis
    assert kpis is not None
    assert kpis.agent_type == "main"
    assert [one.kpi for one in kpis.kpis][:3] == ["cost_per_turn", "waste_share", "error_rate"]
    assert len(kpis.kpis) > 6
    errors = next(one for one in kpis.kpis if one.kpi == "error_rate")
    assert [value for value in errors.means if value is not None][-3:] == pytest.approx([0.7, 0.7, 0.0])
    assert errors.low is not None


def test_before_the_loop_has_gone_round_there_are_no_kpis(week: Week) -> None:
    assert figures(week.ingest(), now=JUNE).kpis is None


def test_projects_are_by_themselves(week: Week) -> None:
    told = figures(week.ingest(), now=JUNE)
    assert [(path, held.sessions) for path, _, held in told.projects] == [("/home/ada/site", 4), (TOOLS, 2)]
    assert told.projects[1][1].unpriced == 1


def test_an_empty_range_has_no_steps(week: Week, home: Path) -> None:
    told = figures(week.ingest(), days=2, now=JUNE)
    assert (told.usage.responses, told.sessions.sessions, told.trend, told.dearest.matching) == (0, 0, None, 0)
