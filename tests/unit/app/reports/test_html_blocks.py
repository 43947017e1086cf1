"""Charts and tables of the HTML report, from numbers that one can tell by heart."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tachograph.app.dashboard.root_rows import Chosen, ListedSession
from tachograph.app.dashboard.time_axis import Axis
from tachograph.app.dashboard.trend_sums import KpiTrend
from tachograph.app.reports.html_charts import chart_kpi, chart_session_cost, chart_signals, chart_spend, chart_waste
from tachograph.app.reports.html_figures import Figures, SessionCosts
from tachograph.app.reports.html_findings import ReportedFinding
from tachograph.app.reports.html_names import Names, Pseudonyms
from tachograph.app.reports.html_rules import tell_rules
from tachograph.app.reports.html_steps import Trend
from tachograph.app.reports.html_tables import (
    list_findings,
    list_models,
    list_projects,
    list_sessions,
    list_tools,
    list_waste,
)
from tachograph.app.reports.html_view import describe_report
from tachograph.app.rollups.cubes import SessionSums, ToolSums, UsageSums, WasteSums
from tachograph.app.scope import Scope
from tachograph.report.html.render import render_standalone
from tachograph.report.view import Banner, Block, Card, Cards, Cell, Grid, Section

FIRST = date(2026, 11, 2)
AT = datetime(2026, 11, 4, 8, 30, tzinfo=UTC)
STARTS = [FIRST + timedelta(days=number) for number in range(3)]
AXIS = Axis("day", STARTS)
SAFE = Pseudonyms(b"k" * 32)


def used(usd: float | None = 1.0, unpriced: int = 0, responses: int = 1, **more: int) -> UsageSums:
    """Usage that cost so much; None: nothing of it is priced."""
    return UsageSums(
        responses=responses, priced=usd is not None, unpriced=unpriced, micro=round((usd or 0) * 10**6), **more
    )


def wasted(usd: float | None = 1.0, findings: int = 1, **more: int) -> WasteSums:
    return WasteSums(findings=findings, priced=usd is not None, micro=round((usd or 0) * 10**6), **more)


def figures(**fields: Any) -> Figures:
    base: dict[str, Any] = {
        "scope": Scope(STARTS[-1], "custom", FIRST, STARTS[-1]), "steps": AXIS,
        "usage": used(4.0), "sessions": SessionSums(sessions=4), "models": [], "spend": {},
        "signals": [SessionSums()] * 3, "costs": [SessionCosts(0, 0, None, None)] * 3, "trend": None, "waste": [],
        "projects": [], "tools": [],
        "dearest": Chosen(0, []), "findings": [], "kpis": None,
    }  # fmt: skip
    return Figures(**(base | fields))


def numbers(grid: Grid, key: str) -> list[Cell]:
    place = [column.key for column in grid.columns].index(key)
    return [row[place] for row in grid.rows]


def describe_and_render(told: Figures) -> str:
    return render_standalone(describe_report(told, Names(), AT), zone=UTC)


# ---------------------------------------------------------------------------------------------------------- charts


def test_spend_is_zero_where_nothing_was_used_and_unknown_where_nothing_is_priced() -> None:
    first, second, third = AXIS.numbers
    spend = {("a", first): used(2.0), ("a", third): used(None), ("b", second): used(0.5)}
    chart = chart_spend(figures(models=[("a", used(2.0)), ("b", used(0.5))], spend=spend), Names())
    assert chart.axis == ["2026-11-02", "2026-11-03", "2026-11-04"]
    assert {one.name: one.values for one in chart.series} == {"a": [2.0, 0.0, None], "b": [0.0, 0.5, 0.0]}


@pytest.mark.parametrize(("models", "series"), [(1, 1), (8, 8), (9, 9), (10, 9), (30, 9)])
def test_many_models_are_put_together(models: int, series: int) -> None:
    named = [(f"m{number:02d}", used(float(100 - number))) for number in range(models)]
    spend = {(name, AXIS.numbers[0]): sums for name, sums in named}
    chart = chart_spend(figures(models=named, spend=spend), Names())
    assert len(chart.series) == series
    assert sum(one.values[0] or 0 for one in chart.series) == pytest.approx(sum(100 - n for n in range(models)))
    assert (chart.series[-1].name == "other models") == (models > 9)


def test_a_model_without_any_price_has_no_part_in_the_bars() -> None:
    chart = chart_spend(figures(models=[("a", used(1.0)), ("b", used(None, unpriced=3))]), Names())
    assert [one.name for one in chart.series] == ["a"]


def test_cost_per_session_has_gaps_and_says_what_is_left_out() -> None:
    costs = [SessionCosts(2, 1, 3.0, 2.5), SessionCosts(0, 0, None, None), SessionCosts(1, 2, 1.0, 1.0)]
    chart = chart_session_cost(figures(costs=costs))
    assert [one.values for one in chart.series] == [[3.0, None, 1.0], [2.5, None, 1.0]]
    assert chart.description.endswith("Left out: 3 of which a price or a log is missing.")
    assert "Left out" not in chart_session_cost(figures()).description


def test_values_that_differ_by_the_noise_of_adding_up_are_the_same() -> None:
    costs = [SessionCosts(3, 0, 0.1 + 0.2, 0.3)] * 3
    assert [set(one.values) for one in chart_session_cost(figures(costs=costs)).series] == [{0.3}, {0.3}]
    assert describe_and_render(figures(costs=costs)).count("<svg") >= 1


def test_signals_are_shares_of_the_sessions_that_could_have_them() -> None:
    one = SessionSums(
        sessions=9, with_logs=8, prompted=4, followed_up=1, interrupted=2, comparable=5, retried=5, spawning=0
    )
    chart = chart_signals(figures(signals=[one, SessionSums(), one]))
    assert {one.name: one.values for one in chart.series} == {
        "followed up": [0.25, None, 0.25],
        "interrupted": [0.25, None, 0.25],
        "reopened": [1.0, None, 1.0],
        "with subagents": [0.0, None, 0.0],
    }


def test_waste_is_by_detector_in_its_own_words() -> None:
    chart = chart_waste(figures(waste=[("heavy_result", wasted(2.0)), ("gone_detector", wasted(None))]))
    assert chart.axis == ["Results that were dear to carry", "gone_detector"]
    assert chart.series[0].values == [2.0, None]


@pytest.mark.parametrize(
    ("unit", "kind"),
    [
        ("USD", "usd"), ("USD per million tokens", "usd"), ("ratio", "percent"), ("tokens", "tokens"),
        ("score", "number"), ("seconds", "number"),
    ],
)  # fmt: skip
def test_a_kpi_is_written_in_its_unit(unit: str, kind: str) -> None:
    trend = KpiTrend("k", "Title", unit, "down", [4, 2, 0], [0.5, 0.4, None], 0.5, 0.25, 0.75, False)
    chart = chart_kpi(figures(), trend)
    assert (chart.id, chart.unit, chart.band, chart.band_name) == ("kpi-k", kind, (0.25, 0.75), "usual")
    assert "1 day had fewer than 3 sessions." in chart.description
    assert "better when lower" in chart.description
    bare = chart_kpi(figures(), msgspec.structs.replace(trend, low=None, high=None, baseline_mean=None))
    assert bare.band is None
    assert "Too few sessions yet to say what is usual." in bare.description


# ---------------------------------------------------------------------------------------------------------- tables


def test_projects() -> None:
    told = figures(
        projects=[
            ("/home/ada/site", used(3.0, input=5), SessionSums(sessions=3, wasteful=1)),
            ("", used(None, unpriced=2), SessionSums()),
            ("/home/ada/lab", used(1.0, unpriced=1), SessionSums(sessions=1)),
        ]
    )
    grid = list_projects(told, Names(["/home/ada/site", "/home/ada/lab", ""]))
    assert [(cell.value, cell.note) for cell in numbers(grid, "project")] == [
        ("site", "/home/ada/site"), ("(no project)", ""), ("lab", "/home/ada/lab"),
    ]  # fmt: skip
    assert [(cell.value, cell.at_least) for cell in numbers(grid, "usd")] == [(3.0, False), (None, False), (1.0, True)]
    assert [cell.value for cell in numbers(grid, "share")] == [0.75, None, 0.25]
    assert [cell.value for cell in numbers(grid, "wasteful")] == [pytest.approx(1 / 3), None, 0.0]
    assert [cell.note for cell in numbers(list_projects(told, SAFE), "project")] == ["", "", ""]


def test_models() -> None:
    sums = used(4.0, input=1, cache_read=2, cache_write_5m=3, cache_write_1h=4, output=5, unreliable=1)
    row = list_models(figures(models=[("m", sums)]), Names()).rows[0]
    assert [cell.value for cell in row] == ["m", 1, 1, 2, 7, 5, 4.0, 1.0]
    assert [cell.at_least for cell in row] == [False] * 5 + [True, False, False]


@pytest.mark.parametrize("rows", [50, 51, 1234])
def test_a_table_that_was_cut_says_so(rows: int) -> None:
    told = figures(tools=[(f"t{number}", "other", ToolSums(calls=1)) for number in range(rows)])
    grid = list_tools(told, Names())
    assert len(grid.rows) == 50
    assert grid.description == ("" if rows == 50 else f"The 50 at the top, of {rows:,} tools.")


def test_tools() -> None:
    tools = [
        ("mcp__a__b", "mcp:a", ToolSums(calls=6, ok=3, errors=1, denied=2, priced=6, micro=10**6)),
        ("Bash", "shell", ToolSums(calls=1, denied=1)),
    ]
    rows = list_tools(figures(tools=tools), Names()).rows
    assert [cell.value for cell in rows[0]] == ["mcp__a__b", "mcp:a", 6, 1, 0.25, 2, 1.0]
    assert [cell.value for cell in rows[1]] == ["Bash", "shell", 1, 0, None, 1, None]
    hidden = [cell.value for cell in list_tools(figures(tools=tools), SAFE).rows[0][:2]]
    assert [str(text).rpartition("-")[0] for text in hidden] == ["tool", "mcp:server"]


def session(**fields: Any) -> ListedSession:
    base: dict[str, Any] = {
        "id": "claude_code:1", "name": "00000001", "label": "Repair the login", "agent": "claude_code",
        "project": "/home/ada/site", "task_type": "debug-fix", "model": "m", "verdict": "above_p75",
        "trajectory": None, "findings": 2, "waste_usd": 0.5, "usd": 2.0, "own_usd": 1.0, "unpriced_responses": 0,
        "own_unpriced_responses": 0, "output_unreliable_responses": 0, "tokens": 100, "turns": 1, "prompts": 1,
        "active_seconds": 60.0, "duration_seconds": 90.0, "tool_calls": 3, "tool_errors": 0,
        "subagents": 0, "started_at": AT, "ended_at": AT, "live": False, "complete": True,
        "log_missing": False,
    }  # fmt: skip
    return ListedSession(**(base | fields))


def test_sessions() -> None:
    told = figures(dearest=Chosen(3, [session(), session(label="", usd=None, unpriced_responses=1, verdict=None)]))
    first, second = list_sessions(told, Names(["/home/ada/site"])).rows
    assert [cell.value for cell in first] == [
        "Repair the login", 2.0, AT, "debug-fix", "m", 60.0, 100, "dear", 2,
    ]  # fmt: skip
    assert first[0].note == "site"
    assert (first[7].tag, first[7].tone) == (True, "warn")
    assert [cell.value for cell in second[:2]] == ["00000001", None]
    assert (second[1].at_least, second[7].value, second[7].tag) == (False, None, False)
    assert list_sessions(told, Names()).description == "The 2 that cost most, of 3 sessions."


@pytest.mark.parametrize(
    ("verdict", "word"),
    [("above_p75", "dear"), ("within_band", "usual"), ("below_p25", "cheap"), ("unavailable", None)],
)
def test_verdicts_in_words(verdict: str, word: str | None) -> None:
    row = list_sessions(figures(dearest=Chosen(1, [session(verdict=verdict)])), Names()).rows[0]
    assert row[7].value == word


def test_long_titles_are_cut() -> None:
    row = list_sessions(figures(dearest=Chosen(1, [session(label="x" * 5000)])), Names()).rows[0]
    assert row[0].value == "x" * 159 + "…"


@pytest.mark.parametrize(
    ("sums", "tokens", "at_least"),
    [
        (wasted(tokens=9, findings=2), 9, False),
        (wasted(tokens=9, findings=2, unweighed=1), 9, True),
        (wasted(tokens=0, findings=2, unweighed=2), None, False),
    ],
)
def test_what_a_detector_found(sums: WasteSums, tokens: int | None, at_least: bool) -> None:
    row = list_waste(figures(waste=[("redundant_read", msgspec.structs.replace(sums, sessions=1))])).rows[0]
    assert (row[0].value, row[1].value, row[2].value) == ("The same content was read again", 1, 0.25)
    assert (row[4].value, row[4].at_least, row[5].about) == (tokens, at_least, True)


def test_what_a_finding_is_about_is_told_unless_names_are_hidden() -> None:
    one = ReportedFinding(
        "heavy_result", "claude_code:1", "Repair the login", AT, 1, 10, 0.5, True, "/home/ada/site/a.py"
    )
    plain, safe = (list_findings(figures(findings=[one]), names).rows[0] for names in (Names(), SAFE))
    assert (plain[0].note, plain[1].value) == ("/home/ada/site/a.py", "Repair the login")
    assert (safe[0].note, safe[1].value) == ("", SAFE.session("claude_code:1", ""))
    assert (plain[5].value, plain[5].about) == (0.5, True)


# -------------------------------------------------------------------------------------------------------- the rest


def blocks_of(told: Figures, names: Names | None = None) -> list[Block]:
    return describe_report(told, names or Names(), AT).blocks


def card(told: Figures, title: str) -> Card:
    return next(
        card for block in blocks_of(told) if isinstance(block, Cards) for card in block.items if card.title == title
    )


@pytest.mark.parametrize(
    ("trend", "word", "note", "tone"),
    [
        (Trend(0.5, "improving", 4), "improving", "per session: second half 0.50 × the first", "good"),
        (Trend(1.0, "steady", 4), "steady", "per session: second half 1.00 × the first", ""),
        (Trend(2.0, "worsening", 9), "worsening", "per session: second half 2.00 × the first", "warn"),
        (None, None, "needs 4 days with priced sessions", ""),
    ],
)
def test_the_trend_in_words(trend: Trend | None, word: str | None, note: str, tone: str) -> None:
    cell = card(figures(trend=trend), "Cost trend").cell
    assert (cell.value, cell.note, cell.tone) == (word, note, tone)


@pytest.mark.parametrize(
    ("usage", "value", "at_least"), [(used(2.0), 2.0, False), (used(2.0, 1), 2.0, True), (UsageSums(), 0.0, False)]
)
def test_the_total(usage: UsageSums, value: float, at_least: bool) -> None:
    told = figures(usage=usage, models=[("m", usage)])
    cell = card(told, "Total cost").cell
    assert (cell.value, cell.at_least) == (value, at_least)
    banners = [block.text for block in blocks_of(told) if isinstance(block, Banner)]
    assert banners == (
        ["No price is known of 1 response of 1 model: amounts with ≥ are lower bounds."] if at_least else []
    )


def test_nothing_priced_is_unpriced_and_not_zero() -> None:
    told = figures(usage=used(None, unpriced=2))
    assert (card(told, "Total cost").cell.value, card(told, "Total cost").cell.at_least) == (None, False)


def test_pseudonyms_are_explained_where_they_are_used() -> None:
    titles = [
        [block.title for block in tell_rules(figures(), names, AT).blocks if isinstance(block, Section)]
        for names in (Names(), SAFE)
    ]
    assert titles[1] == [*titles[0], "Pseudonyms"]


def test_every_number_leads_to_its_rule() -> None:
    told = figures(models=[("m", used())], waste=[("heavy_result", wasted())])
    rules = {f"how-{name}" for name in ("spend", "sessions", "session-costs", "retries", "waste", "kpis")}
    found: set[str] = set()

    def look(blocks: list[Block]) -> None:
        for block in blocks:
            found.add(getattr(block, "how", ""))
            found.update(one.how for one in getattr(block, "items", []) if isinstance(one, Card))
            look(getattr(block, "blocks", []))

    look(blocks_of(told))
    ids = {block.id for block in tell_rules(told, Names(), AT).blocks if isinstance(block, Section)}
    assert found - {""} == rules
    assert rules <= ids
