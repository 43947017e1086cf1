"""Trends: verdicts and waste by kind of task, KPIs by kind of agent."""

from __future__ import annotations

from datetime import date

from tachograph.analysis.kpis import load_kpis
from tachograph.app.dashboard.cells import VERDICTS
from tachograph.app.dashboard.desk import Params
from tachograph.app.dashboard.links import change, link, session_link
from tachograph.app.dashboard.page import Page, Param
from tachograph.app.dashboard.trend_marks import LOOKED_AT, TrendMark
from tachograph.app.dashboard.trend_report import MOST_CHARTS, NOT_TOLD, TrendsData, gather_trends
from tachograph.app.dashboard.trend_sums import FEW, KpiTrend, TaskTrend
from tachograph.app.learn.figures import show_value
from tachograph.app.scope import Scope
from tachograph.learning.alerts.judge import BEYOND
from tachograph.report.view import (
    Beside,
    Block,
    Cell,
    Chart,
    Choice,
    Column,
    Empty,
    Field,
    Filters,
    Grid,
    Kind,
    Mark,
    Note,
    Section,
    Series,
    View,
)  # fmt: skip

MOST_TASKS = 4
MOST_LINES = 8
"""Kinds of tasks with a line of their own."""


def show(data: TrendsData, scope: Scope, params: Params) -> View:
    """The page."""
    lead = f"By {data.step}; each number says nothing of the cause of a change."
    if not data.tasks and not data.kpis:
        whole = Empty("No session began in this range.", href=link("trends", range="all"), link="The whole history")
        return View(
            "Trends", [Empty("There is no session yet.", "tacho ingest") if scope.range == "all" else whole], lead
        )
    tasks = [_show_tasks(data, scope, params)] if data.tasks else []  # telemetry alone tells of none
    return View("Trends", [*tasks, _show_kpis(data, scope, params)], lead)


def _show_tasks(data: TrendsData, scope: Scope, params: Params) -> Section:
    shown = [one for one in data.tasks if data.task is None or one.task_type == data.task]
    choices = [Choice("", "all kinds"), *(Choice(_task(one.task_type), _task(one.task_type)) for one in data.tasks)]
    form = Filters(
        [Field("task", "Kind of task", _task(data.task), choices)], link("trends"), _keep(scope, params, "task")
    )
    charts: list[Block] = [_verdict_chart(one, data) for one in shown[:MOST_TASKS]]
    blocks: list[Block] = [form, _waste_chart(shown[:MOST_LINES], data), *_in_pairs(charts)]
    few = _few_steps([sum(counts) for counts in zip(*(one.sessions for one in shown), strict=True)], data)
    if len(shown) > MOST_TASKS:
        blocks.append(
            Note(f"Verdicts are drawn for the {MOST_TASKS} kinds with most sessions; choose another one above.", "dim")
        )
    return Section("Kinds of tasks", [*blocks, *few, _task_grid(shown, scope, params)], "tasks", how="verdicts")


def _task(name: str | None) -> str:
    return "" if name is None else name or NOT_TOLD


def _keep(scope: Scope, params: Params, *without: str) -> dict[str, str]:
    return {**scope.query, **{name: value for name, value in params.items() if name not in without and value}}


def _in_pairs(charts: list[Block]) -> list[Block]:
    pairs = [charts[at : at + 2] for at in range(0, len(charts), 2)]
    if len(pairs) > 1 and len(pairs[-1]) == 1:
        return [*_in_pairs(charts[:-1]), Beside([pairs[-1], []])]  # as wide as the others
    return [Beside([[one] for one in pair]) if len(pair) == 2 else pair[0] for pair in pairs]


def _verdict_chart(one: TaskTrend, data: TrendsData) -> Chart:
    none = [0] * len(one.sessions)  # a verdict has the same colour in every chart, also where another one is missing
    series = [
        Series(words, _shares(one.verdicts.get(name, none), one.sessions)) for name, (words, _) in VERDICTS.items()
    ]
    about = (
        f"Share of the sessions of this kind by verdict of the token axis, by {data.step} of their beginning;"
        f" {sum(one.sessions):,} in all. Above the band means more tokens than three quarters of such sessions."
    )
    name = f"verdicts-{_slug(one.task_type or NOT_TOLD)}"
    return Chart(
        name, f"Verdicts: {_task(one.task_type)}", about, "stacked", data.labels, series, "percent", how="verdicts"
    )


def _waste_chart(shown: list[TaskTrend], data: TrendsData) -> Chart:
    series = [Series(_task(one.task_type), _shares(one.wasteful, one.sessions)) for one in shown]
    about = f"Share of the sessions of each kind in which a detector proved waste, by {data.step} of their beginning."
    return Chart(
        "waste-by-task", "Sessions with waste", about, "lines", data.labels, series, "percent", live=True, how="waste"
    )


def _shares(parts: list[int], wholes: list[int]) -> list[float | None]:
    return [part / whole if whole else None for part, whole in zip(parts, wholes, strict=True)]


def _slug(text: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text.lower())[:40]


def _few_steps(sessions: list[int], data: TrendsData) -> list[Block]:
    few = [label for label, number in zip(data.labels, sessions, strict=True) if 0 < number < FEW]
    if not few:
        return []
    named = f": {', '.join(few)}" if len(few) <= 6 else ""
    who, says = (f"1 {data.step} has", "says") if len(few) == 1 else (f"{len(few)} {data.step}s have", "say")
    return [Note(f"{who} fewer than {FEW} sessions and {says} little{named}.", "dim")]


def _task_grid(shown: list[TaskTrend], scope: Scope, params: Params) -> Grid:
    names = [name for name in VERDICTS if any(name in one.verdicts for one in shown)]
    columns = [
        Column("task_type", "Kind of task", wide=True), Column("sessions", "Sessions", "count"),
        *(Column(name, VERDICTS[name][0].capitalize(), "percent", low=name == "unavailable") for name in names),
        Column("wasteful", "With waste", "percent"),
    ]  # fmt: skip
    rows = []
    for one in shown:
        number = sum(one.sessions)
        each = [sum(one.verdicts.get(name, [])) / number if number else None for name in names]
        href = change("trends", scope, params, task=_task(one.task_type))
        rows.append(
            [Cell(_task(one.task_type), href=href, note="few" if number < FEW else ""), Cell(number),
             *(Cell(share) for share in each), Cell(sum(one.wasteful) / number if number else None)]
        )  # fmt: skip
    return Grid("tasks-in-all", "Over the whole range", columns, rows, how="verdicts")


def _show_kpis(data: TrendsData, scope: Scope, params: Params) -> Section:
    if data.agent_type is None:
        empty = Empty("No KPI is known in this range; the loop computes them.", "tacho learn")
        return Section("KPIs", [empty], "kpis", how="kpis")
    types = [Choice(one.agent_type, f"{one.agent_type} ({one.sessions:,})") for one in data.agent_types]
    kpis = load_kpis()
    names = [Choice("", f"the {MOST_CHARTS} that most have")]
    names += [Choice(name, kpis[name].title) for name in data.known_kpis]
    form = Filters(
        [Field("type", "Agent type", data.agent_type, types), Field("kpi", "KPI", params.get("kpi", ""), names)],
        link("trends"), _keep(scope, params, "type", "kpi"),
    )  # fmt: skip
    charts: list[Block] = [_kpi_chart(one, data) for one in data.kpis]
    blocks: list[Block] = [form, *(_in_pairs(charts) or [Empty("This agent type has no such KPI in this range.")])]
    if data.kpis:
        blocks += _few_steps([max(each) for each in zip(*(one.sessions for one in data.kpis), strict=True)], data)
        blocks.append(_kpi_grid(data))
    if data.marks:
        blocks.append(_mark_grid(data))
    return Section("KPIs", blocks, "kpis", remark=_kpi_remark(scope), how="kpis")


def _kpi_remark(scope: Scope) -> str:
    said = "Means of sessions, subagents by themselves. The band is where single sessions usually lie by the baseline."
    return f"{said} Baselines are not kept by project: it is that of all projects." if scope.project else said


def _unit(unit: str) -> Kind:
    return "tokens" if unit == "tokens" else "usd" if unit.startswith("USD") else "number"


def _kpi_chart(one: KpiTrend, data: TrendsData) -> Chart:
    kpi = load_kpis()[one.kpi]
    better = "more is better" if one.better == "up" else "less is better"
    about = f"Mean of the sessions of {data.agent_type}, {one.unit}, by {data.step} of their end; {better}."
    if one.is_log and one.low is not None:
        about += " The band goes by the geometric mean, which lies below the arithmetic one that is drawn."
    band = None if one.low is None or one.high is None else (one.low, one.high)
    marks = [_mark(mark) for mark in data.marks if mark.kpi == one.kpi]
    name = "" if band is None else f"baseline {show_value(kpi, one.low)} to {show_value(kpi, one.high)}"
    return Chart(
        f"kpi-{_slug(one.kpi)}", one.title, about, "lines", data.labels, [Series(one.title, one.means)],
        _unit(one.unit), band=band, band_name=name, marks=marks, live=True, how=f"kpi-{one.kpi}",
    )  # fmt: skip


def _mark(mark: TrendMark) -> Mark:
    tone = {"critical": "bad", "warning": "warn"}.get(mark.severity, "")
    return Mark(mark.at, mark.severity or mark.label, _mark_link(mark), tone)  # type: ignore[arg-type]


def _mark_link(mark: TrendMark) -> str:
    if mark.kind == "trial":
        return link("suggestions", anchor="trials")
    return session_link(mark.session) if mark.session else link("suggestions", anchor="alerts")


def _kpi_grid(data: TrendsData) -> Grid:
    columns = [
        Column("kpi", "KPI", wide=True), Column("sessions", "Sessions", "count"), Column("latest", "Latest mean"),
        Column("baseline", "Baseline", low=True), Column("usual", "Usual range", low=True),
        Column("unit", "Unit", low=True),
    ]  # fmt: skip
    rows = []
    for one in data.kpis:
        kpi = load_kpis()[one.kpi]
        latest = next((value for value in reversed(one.means) if value is not None), None)
        usual = f"{show_value(kpi, one.low)} – {show_value(kpi, one.high)}" if one.low is not None else None
        mean = show_value(kpi, one.baseline_mean) if one.baseline_mean is not None else None
        rows.append(
            [Cell(one.title, title=one.kpi), Cell(sum(one.sessions)), Cell(show_value(kpi, latest)), Cell(mean),
             Cell(usual), Cell(one.unit)]
        )  # fmt: skip
    return Grid("kpis-in-all", "These KPIs", columns, rows, how="baselines")


def _mark_grid(data: TrendsData) -> Grid:
    columns = [Column("step", data.step.capitalize(), "day"), Column("kpi", "KPI"), Column("what", "What", wide=True)]
    kpis = load_kpis()
    rows = [
        [
            Cell(_day(data.labels[one.at])), Cell(kpis[one.kpi].title),
            Cell(one.label, href=_mark_link(one), tone=_mark(one).tone),
        ]
        for one in data.marks
    ]  # fmt: skip
    about = (
        f"Critical alerts and warnings beyond {BEYOND:g} standard deviations, among the latest {LOOKED_AT:,} of the"
        " range and of each of the two; trials whose target the KPI is."
    )
    return Grid("marks", "Alerts and trials", columns, rows, about, folded=True, how="alerts")


def _day(label: str) -> date | str:
    return label if len(label) < 10 else date.fromisoformat(label)


PAGE = Page(
    "trends", "Trends", gather_trends, show,
    "Verdicts of the token axis and waste by kind of task, KPIs by agent type with their baselines, over time.",
    order=7,
    params=(
        Param("task", "Kind of task whose verdicts are shown; empty: the most frequent ones."),
        Param("type", "Agent type whose KPIs are shown; empty: the one with the most sessions."),
        Param("kpi", "The only KPI that is shown; empty: up to six that most sessions have.", ),
    ),
)  # fmt: skip
