"""The HTML report as a view."""

from __future__ import annotations

from datetime import datetime

from tachograph.app.dashboard.goal_blocks import show_goals, success_card
from tachograph.app.goals.figure_records import NOT_NOTED
from tachograph.app.reports.html_charts import chart_kpi, chart_session_cost, chart_signals, chart_spend, chart_waste
from tachograph.app.reports.html_figures import Figures
from tachograph.app.reports.html_names import Names
from tachograph.app.reports.html_rules import tell_rules
from tachograph.app.reports.html_steps import LEAST_STEPS
from tachograph.app.reports.html_tables import (
    list_findings,
    list_models,
    list_projects,
    list_sessions,
    list_tools,
    list_waste,
)
from tachograph.report.units import counted
from tachograph.report.view import Banner, Beside, Block, Card, Cards, Cell, Chart, Empty, Note, Section, Tone, View

TITLE = "Tachograph report"
_FIRST_KPIS = 6
"""So many charts of KPIs are open; the others are folded."""
_TONES: dict[str, Tone] = {"improving": "good", "worsening": "warn"}


def describe_report(told: Figures, names: Names, made_at: datetime) -> View:
    """The whole report."""
    scope = told.scope
    project = "all projects" if scope.project is None else f"project {names.project(scope.project)}"
    lead = f"{scope.first} to {scope.last}, {project}; times in {scope.zone_name}"
    if not told.usage.responses and not told.sessions.sessions:
        blocks: list[Block] = [Empty("No session and no response in these days.", "tacho report html --days 365")]
        return View(TITLE, [*blocks, tell_rules(told, names, made_at)], lead)
    rules = tell_rules(told, names, made_at)
    return View(TITLE, [*_strip(told), *_charts(told, names), *_tables(told, names), rules], lead)


def _strip(told: Figures) -> list[Block]:
    usage, sessions = told.usage, told.sessions
    subagents = f"and {counted(sessions.subagents, 'subagent')}" if sessions.subagents else ""
    spent = usage.usd if usage.responses else 0.0
    cards = [
        Card("Total cost", Cell(spent, at_least=usage.unpriced > 0 and spent is not None), "usd", how="how-spend"),
        _trend_card(told),
        Card("Sessions", Cell(sessions.sessions, note=subagents), "count", how="how-sessions"),
        Card("Tokens", Cell(usage.tokens, at_least=usage.unreliable > 0), "tokens", how="how-spend"),
    ]
    if told.goals is not None and told.goals.achieved.closed:
        cards.insert(1, success_card(told.goals))
    return [*_banners(told), Cards(cards)]


def _trend_card(told: Figures) -> Card:
    if told.trend is None:
        note = f"needs {LEAST_STEPS} {told.steps.step}s with priced sessions"
        return Card("Cost trend", Cell(None, note=note), "text", how="how-session-costs")
    note = f"per session: second half {told.trend.ratio:.2f} × the first"
    word = Cell(told.trend.direction, note=note, tone=_TONES.get(told.trend.direction, ""))
    return Card("Cost trend", word, "text", how="how-session-costs")


def _banners(told: Figures) -> list[Block]:
    if not told.usage.unpriced:
        return []
    models = sum(sums.unpriced > 0 for _, sums in told.models)
    text = (
        f"No price is known of {counted(told.usage.unpriced, 'response')} of {counted(models, 'model')}: amounts with ≥"
        " are lower bounds."
    )
    return [Banner(text)]


def _charts(told: Figures, names: Names) -> list[Block]:
    cost = Section("Cost", [chart_spend(told, names), chart_session_cost(told)], how="how-spend")
    waste = Section(
        "Waste", [chart_waste(told), list_waste(told)] if told.waste else [list_waste(told)], how="how-waste"
    )
    goals = show_goals(told.goals, how="how-goals", model=lambda name: _model(name, names))
    return [cost, *goals, chart_signals(told), waste, _kpis(told, names)]


def _model(name: str, names: Names) -> str:
    return name if name == NOT_NOTED else names.model(name)


def _kpis(told: Figures, names: Names) -> Section:
    if told.kpis is None:
        return Section("KPI trends", [Empty("No KPI is known yet.", "tacho learn")], how="how-kpis")
    charts = [chart_kpi(told, one) for one in told.kpis.kpis]
    rows = _in_pairs(charts[:_FIRST_KPIS])
    if more := charts[_FIRST_KPIS:]:
        rows.append(Section(counted(len(more), "more KPI"), _in_pairs(more), folded=True))
    remark = f"Kind of agent: {names.agent_type(told.kpis.agent_type)}, that with most sessions."
    return Section("KPI trends", rows, remark=remark, how="how-kpis")


def _in_pairs(charts: list[Chart]) -> list[Block]:
    return [Beside([[one] for one in charts[place : place + 2]]) for place in range(0, len(charts), 2)]


def _tables(told: Figures, names: Names) -> list[Block]:
    shared: list[Block] = [Note("Names are pseudonyms, see the end of this page.", "dim")] if names.is_safe else []
    grids = [
        list_projects(told, names), list_models(told, names), list_sessions(told, names), list_findings(told, names),
        list_tools(told, names),
    ]  # fmt: skip
    return [Section("In detail", [*shared, *grids])]
