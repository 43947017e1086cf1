"""The overview: its numbers are those of the reports, and it says where to look."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from tachograph.app.alerts import list_alerts
from tachograph.app.budgets import judge_user_budgets
from tachograph.app.cost import query_groups, query_totals
from tachograph.app.dashboard import overview_facts
from tachograph.app.dashboard.budget_states import judge_budgets_at
from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.overview_facts import (
    BudgetBar,
    Overview,
    ProjectSpend,
    UnpricedModel,
    gather_overview,
)
from tachograph.app.dashboard.page import load_pages
from tachograph.app.dashboard.pages.overview import show
from tachograph.app.dashboard.range_sums import RangeSums
from tachograph.app.dashboard.spend_chart import SpendOverTime
from tachograph.app.dashboard.unseen_alerts import AlertCount
from tachograph.app.retries import RetrySignals, Signal, count_signals
from tachograph.app.sessions import count_sessions, list_sessions
from tachograph.app.suggestions import SuggestionList, SuggestionRow
from tachograph.app.token_facts import count_verdicts
from tachograph.app.waste import group_waste
from tachograph.app.workspace import Workspace
from tachograph.report.view import (
    Banner,
    Cards,
    Cell,
    Change,
    Chart,
    Empty,
    Grid,
    View,
)
from tachograph.settings import Settings
from tests.dashboard.conftest import NOW_MS, TODAY
from tests.dashboard.walking import grid_of, scope_of, walk

SCOPES = [
    {"range": "all"},
    {"range": "30d"},
    {"range": "7d"},
    {"from": "2026-10-20", "to": "2026-11-05"},
    {"range": "all", "project": "/home/ada/skylight"},
    {"range": "all", "agent": "codex"},
    {"range": "30d", "project": "/home/ada/skylight", "agent": "claude_code"},
]


def cards_of(view: View) -> dict[str, tuple[Cell, Change | None]]:
    [cards] = [block for block in view.blocks if isinstance(block, Cards)]
    return {card.title: (card.cell, card.change) for card in cards.items}


def banners_of(view: View) -> list[Banner]:
    return [block for block in view.blocks if isinstance(block, Banner)]


@pytest.mark.parametrize("params", SCOPES, ids=str)
def test_sums_are_those_of_the_reports(desk: Desk, params: dict[str, str]) -> None:
    scope = scope_of(**params)
    now = gather_overview(desk, scope, {}).now
    totals, counts = query_totals(desk.connection, scope.filter), count_sessions(desk.connection, scope.filter)
    assert (now.responses, now.tokens, now.unpriced_responses) == (
        totals.responses, totals.tokens, totals.unpriced_responses,
    )  # fmt: skip
    assert now.usd == pytest.approx(totals.usd, abs=1e-9)
    assert (now.sessions, now.subagents, now.logs_missing) == (counts.sessions, counts.subagents, counts.logs_missing)
    assert now.active_seconds == pytest.approx(counts.active_seconds)
    assert now.sessions > 0


@pytest.mark.parametrize("params", SCOPES, ids=str)
def test_signals_and_verdicts_are_those_of_the_reports(desk: Desk, params: dict[str, str]) -> None:
    scope = scope_of(**params)
    found = gather_overview(desk, scope, {})
    assert found.now.retries == count_signals(desk.connection, "agent", scope.filter)[0]
    assert found.verdicts == count_verdicts(desk.connection, scope.filter)
    assert sum(found.verdicts.values()) == found.now.sessions


@pytest.mark.parametrize("params", SCOPES, ids=str)
def test_spend_over_time_adds_up_to_the_days_and_models_of_the_cost_report(desk: Desk, params: dict[str, str]) -> None:
    scope = scope_of(**params)
    spend = gather_overview(desk, scope, {}).spend
    by_day = {group.key: group for group in query_groups(desk.connection, "day", scope.filter)}
    assert spend.step == "day"
    for step in spend.steps:
        group = by_day.pop(step.start, None)
        assert step.responses == (group.responses if group else 0)
        assert step.usd == pytest.approx(group.usd if group else 0.0, abs=1e-9)
    assert not by_day
    by_model = {group.key: group.usd for group in query_groups(desk.connection, "model", scope.filter)}
    for one in spend.models:
        assert sum(usd or 0.0 for usd in one.usd) == pytest.approx(by_model.pop(one.model), abs=1e-9)
    assert [usd for usd in by_model.values() if usd is not None] == []


@pytest.mark.parametrize("params", SCOPES, ids=str)
def test_projects_and_sessions_are_the_dearest_of_the_reports(desk: Desk, params: dict[str, str]) -> None:
    scope = scope_of(**params)
    found = gather_overview(desk, scope, {})
    groups = [group for group in query_groups(desk.connection, "project", scope.filter) if group.responses]
    assert [one.project for one in found.projects] == [group.key for group in groups][:5]
    assert [one.usd for one in found.projects] == [pytest.approx(group.usd, abs=1e-9) for group in groups][:5]
    assert sum(one.sessions for one in found.projects) == found.now.sessions
    listed = [row for row in list_sessions(desk.connection, scope.filter, "cost", 5).sessions if row.usd]
    assert [one.id for one in found.sessions] == [row.id for row in listed]
    assert [one.usd for one in found.sessions] == [pytest.approx(row.usd, abs=1e-6) for row in listed]


@pytest.mark.parametrize("params", SCOPES, ids=str)
def test_the_mean_cost_is_that_of_whole_sessions_with_a_known_cost(desk: Desk, params: dict[str, str]) -> None:
    scope = scope_of(**params)
    now = gather_overview(desk, scope, {}).now
    rows = list_sessions(desk.connection, scope.filter, "cost", 0).sessions
    priced = [row.usd for row in rows if row.usd is not None]
    assert now.usd_per_session == pytest.approx(sum(priced) / len(priced), abs=1e-6)
    assert now.priced_sessions == len(priced)
    assert now.unpriced_sessions == sum(row.unpriced_responses > 0 for row in rows)


@pytest.mark.parametrize("params", SCOPES, ids=str)
def test_waste_is_that_of_the_report(desk: Desk, params: dict[str, str]) -> None:
    scope = scope_of(**params)
    found = {one.detector: one for one in gather_overview(desk, scope, {}).waste}
    groups = group_waste(desk.connection, "detector", scope.filter)
    assert set(found) == {group.key for group in groups}
    for group in groups:
        one = found[group.key]
        assert (one.sessions, one.amounts.findings, one.amounts.tokens) == (
            group.sessions, group.findings, group.wasted_tokens,
        )  # fmt: skip
        assert one.amounts.usd == (None if group.wasted_usd is None else pytest.approx(group.wasted_usd, abs=1e-9))


def test_the_range_before_is_compared_when_the_history_reaches_back_so_far(desk: Desk) -> None:
    week = gather_overview(desk, scope_of(range="7d"), {})
    assert week.before is not None
    before = scope_of(**{"from": str(TODAY - timedelta(days=13)), "to": str(TODAY - timedelta(days=7))})
    assert week.before == gather_overview(desk, before, {}).now
    assert week.begin == "2026-10-11"
    assert gather_overview(desk, scope_of(range="30d"), {}).before is None
    assert gather_overview(desk, scope_of(range="all"), {}).before is None


def test_changes_stand_on_the_cards(desk: Desk) -> None:
    scope = scope_of(range="7d")
    data = gather_overview(desk, scope, {})
    assert data.before is not None
    cards = cards_of(show(data, scope, {}))
    assert {title: change.before for title, (_, change) in cards.items() if change} == {
        "Spend": data.before.usd,
        "Cost per session": data.before.usd_per_session,
        "Tokens": data.before.tokens,
        "Sessions": data.before.sessions,
        "Active time": data.before.active_seconds,
        "From the cache": data.before.cache_share,
    }
    assert {title: change.better for title, (_, change) in cards.items() if change and change.better} == {
        "Cost per session": "down",
    }
    fallen = msgspec.structs.replace(data, now=msgspec.structs.replace(data.now, cache_share=0.5))
    assert cards_of(show(fallen, scope, {}))["From the cache"][1] == Change(data.before.cache_share, "up")


def test_lower_bounds_are_marked_and_never_compared(desk: Desk) -> None:
    scope = scope_of(range="7d")
    data = gather_overview(desk, scope, {})
    unsure = msgspec.structs.replace(data.now, unpriced_responses=2, unpriced_sessions=1, logs_missing=1)
    cards = cards_of(show(msgspec.structs.replace(data, now=unsure), scope, {}))
    for title in ("Spend", "Cost per session", "Active time"):
        cell, change = cards[title]
        assert (title, cell.at_least, change) == (title, True, None)
    assert cards["Tokens"][1] is not None


def test_nothing_priced_is_unpriced_and_nothing_used_cost_nothing(desk: Desk) -> None:
    scope = scope_of(range="7d")
    data = gather_overview(desk, scope, {})
    unpriced = msgspec.structs.replace(
        data.now, usd=None, unpriced_responses=9, usd_per_session=None, priced_sessions=0, cache_share=None
    )
    cards = cards_of(show(msgspec.structs.replace(data, now=unpriced), scope, {}))
    assert [cards[title][0].value for title in ("Spend", "Cost per session", "From the cache")] == [None, None, None]
    future = gather_overview(desk, scope_of(**{"from": "2027-01-01", "to": "2027-01-02"}), {})
    assert (future.now.usd, future.now.sessions, future.spend.steps) == (0.0, 0, [])


def test_models_without_a_price_have_a_banner(desk: Desk) -> None:
    scope = scope_of(range="all")
    data = gather_overview(desk, scope, {})
    assert data.unpriced == [UnpricedModel("qwen3-coder-local", 22)]
    banner = banners_of(show(data, scope, {}))[-1]
    assert banner.text == (
        "22 responses without a known price: costs are lower bounds. By model: qwen3-coder-local (22)."
    )
    assert banner.href == "/models?range=all#unpriced"
    many = [UnpricedModel(f"m{n}", 1) for n in range(5)]
    banner = banners_of(show(msgspec.structs.replace(data, unpriced=many), scope, {}))[-1]
    assert banner.text.endswith("By model: m0 (1), m1 (1), m2 (1) and 2 more models.")


def test_alerts_that_nobody_has_seen_have_a_banner(desk: Desk) -> None:
    scope = scope_of(range="7d")
    data = msgspec.structs.replace(gather_overview(desk, scope, {}), alerts=AlertCount(1, 2))
    [banner] = banners_of(show(data, scope, {}))
    assert (banner.text, banner.tone) == (
        "Alerts of this range that nobody has looked at: 1 critical and 2 warnings.",
        "bad",
    )
    [banner] = banners_of(show(msgspec.structs.replace(data, alerts=AlertCount(0, 1)), scope, {}))
    assert (banner.text, banner.tone) == ("Alerts of this range that nobody has looked at: 1 warning.", "warn")


def test_alerts_are_counted_as_the_report_lists_them(desk: Desk) -> None:
    for params in SCOPES:
        scope = scope_of(**params)
        listed = list_alerts(desk.connection, desk.workspace, scope.filter, None, everything=False, limit=0)
        found = gather_overview(desk, scope, {}).alerts
        assert found.critical + found.warning == listed.matching


BUDGETS = [
    {"scope": "day", "usd": 5.0},
    {"scope": "week", "usd": 10.0},
    {"scope": "week", "tokens": 1_000_000, "agent": "claude_code"},
    {"scope": "project", "usd": 20.0, "project": "ORCHARD"},
    {"scope": "week", "usd": 1.0, "project": "skylight"},
    {"scope": "session", "usd": 2.0},
    {"scope": "session", "tokens": 100_000, "agent": "codex"},
]


def test_budgets_are_judged_as_the_report_judges_them(desk: Desk) -> None:
    desk.workspace = Workspace(desk.workspace.folder, Settings(display_timezone="UTC", budget=BUDGETS))
    for days in range(0, 20, 3):
        desk.now_ms = NOW_MS - days * 86_400_000
        wanted = judge_user_budgets(desk.connection, desk.workspace, desk.now_ms)
        found = judge_budgets_at(desk)
        assert [one.session for one in found] == [one.session for one in wanted]
        assert [one.level for one in found] == [one.level for one in wanted]
        for one, other in zip(found, wanted, strict=True):
            assert one.used == (None if other.used is None else pytest.approx(other.used, abs=1e-6))


def test_budgets_are_bars_with_their_figures_in_words(desk: Desk) -> None:
    desk.workspace = Workspace(desk.workspace.folder, Settings(display_timezone="UTC", budget=BUDGETS[:2]))
    scope = scope_of(range="7d")
    data = msgspec.structs.replace(gather_overview(desk, scope, {}), alerts=AlertCount())
    assert data.budgets[0] == BudgetBar("$0.00 of $5.00 today", None, None, 0.0, "ok", "")
    view = show(data, scope, {})
    [chart] = [one for one in walk(view.blocks) if isinstance(one, Chart) and one.id == "budgets"]
    assert chart.axis[0] == "$0.00 of $5.00 today"
    assert chart.series[0].values == [one.share for one in data.budgets]
    spent = BudgetBar("$6.00 of $5.00 today", None, None, 1.2, "over", "The day's budget of $5.00 is used up: $6.00.")
    [banner] = banners_of(show(msgspec.structs.replace(data, budgets=[spent]), scope, {}))
    assert (banner.text, banner.tone) == (spent.warning, "bad")


def test_a_wrong_budget_hides_nothing_else(desk: Desk) -> None:
    desk.workspace = Workspace(desk.workspace.folder, Settings(display_timezone="UTC", budget=[{"scope": "day"}]))
    scope = scope_of(range="7d")
    data = msgspec.structs.replace(gather_overview(desk, scope, {}), alerts=AlertCount())
    assert data.budgets == []
    assert data.budget_problem == "config.toml: Budget 1 of the settings needs a limit: either usd or tokens."
    assert data.now.sessions > 0
    assert [banner.text for banner in banners_of(show(data, scope, {}))] == [data.budget_problem]


def suggestion(state: str, usd: float | None = 1.5) -> SuggestionRow:
    return SuggestionRow(
        "read-once", "main", "Read a file once", "high", "waste", "redundant_reads", "down", state, usd, "4 weeks",
        "Read <b>once</b>.", [], None,
    )  # type: ignore[arg-type] # fmt: skip


def test_suggestions_are_offers_and_active_ones(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    states = ["active", "proven", "offered", "candidate", "retired", "offered", "offered", "offered"]
    rows = [suggestion(state) for state in states]
    monkeypatch.setattr(overview_facts, "list_suggestions", lambda *_: SuggestionList("auto", [], rows))
    found = gather_overview(desk, scope_of(range="7d"), {}).suggestions
    assert [one.state for one in found] == ["active", "offered", "candidate", "offered", "offered"]


def test_suggestions_say_what_they_may_save(desk: Desk) -> None:
    scope = scope_of(range="7d")
    rows = [suggestion("active"), suggestion("offered", None)]
    view = show(msgspec.structs.replace(gather_overview(desk, scope, {}), suggestions=rows), scope, {})
    first, second = grid_of(view, "top-suggestions").rows
    assert [(cell.value, cell.about, cell.tone) for cell in first] == [
        ("Read a file once", False, ""), ("active", False, "good"), (1.5, True, ""),
    ]  # fmt: skip
    assert (second[2].value, second[2].about) == ("not known", False)
    assert first[0].href == "/suggestions?range=7d"


def test_retry_signals_stand_with_their_rates_and_those_before(desk: Desk) -> None:
    scope = scope_of(range="7d")
    data = gather_overview(desk, scope, {})
    signals = RetrySignals(4, Signal(9, 3, 4, 0.75), Signal(0, 0, 4, 0.0), Signal(1, 1, 2, 0.5), Signal(2, 1, 4, 0.25))
    assert data.before is not None
    before = msgspec.structs.replace(data.before, retries=RetrySignals(0, Signal(), Signal(), Signal(), Signal()))
    now = msgspec.structs.replace(data.now, retries=signals)
    grid = grid_of(show(msgspec.structs.replace(data, now=now, before=before), scope, {}), "retries")
    assert [[cell.value for cell in row] for row in grid.rows] == [
        ["Follow-ups", 9, 0.75, None],
        ["Interrupted", 0, 0.0, None],
        ["Reopened", 1, 0.5, None],
        ["Subagents started", 2, 0.25, None],
    ]
    assert grid.rows[0][2].note == "3 of 4"
    alone = grid_of(show(msgspec.structs.replace(data, before=None), scope, {}), "retries")
    assert [column.key for column in alone.columns] == ["signal", "count", "rate"]


def test_everything_leads_on_in_the_same_scope(desk: Desk) -> None:
    scope = scope_of(range="all", agent="claude_code")
    view = show(gather_overview(desk, scope, {}), scope, {})
    sessions = grid_of(view, "top-sessions").rows
    assert all(str(row[0].href).startswith("/session?id=claude_code%3A") for row in sessions)
    assert grid_of(view, "top-projects").rows[0][0].href == (
        "/?range=all&agent=claude_code&project=%2Fhome%2Fada%2Forchard"
    )
    assert grid_of(view, "waste").rows[0][0].href == (
        "/waste?range=all&agent=claude_code&detector=cache_rebuild#findings"
    )
    verdicts = grid_of(view, "verdicts")
    assert verdicts.rows[0][0].href == "/sessions?range=all&agent=claude_code&verdict=above_p75"
    assert [row[0].value for row in verdicts.rows] == [
        "above the band", "within the band", "below the band", "no verdict",
    ]  # fmt: skip
    assert all(one.how for one in walk(view.blocks) if isinstance(one, Grid | Chart))
    assert grid_of(view, "waste-cost").rows[0][0].href == grid_of(view, "waste").rows[0][0].href


def test_an_empty_machine_says_what_to_do(empty_desk: Desk) -> None:
    scope = scope_of(range="7d")
    data = gather_overview(empty_desk, scope, {})
    assert (data.begin, data.before, data.now.usd_per_session, data.now.cache_share) == (None, None, None, None)
    [block] = show(data, scope, {}).blocks
    assert isinstance(block, Empty)
    assert block.command == "tacho doctor"


def test_an_empty_range_leads_to_the_whole_history(desk: Desk) -> None:
    scope = scope_of(**{"from": "2026-01-01", "to": "2026-01-31"})
    view = show(gather_overview(desk, scope, {}), scope, {})
    [block] = view.blocks
    assert isinstance(block, Empty)
    assert (block.href, "2026-10-11" in block.text) == ("/?range=all", True)


def test_hostile_names_are_plain_values_and_encoded_in_addresses(desk: Desk) -> None:
    scope = scope_of(range="7d")
    data = gather_overview(desk, scope, {})
    evil = '/home/<script>alert(1)</script>"&'
    row = msgspec.structs.replace(data.sessions[0], label="<img src=x onerror=alert(1)>", id='codex:"><b>')
    hostile = msgspec.structs.replace(
        data, projects=[ProjectSpend(evil, 1.0, 0, 5, 0, 1)], sessions=[row], unpriced=[UnpricedModel("<i>", 1)]
    )
    view = show(hostile, scope, {})
    project = grid_of(view, "top-projects").rows[0][0]
    assert (project.value, project.title) == ('script>"&', evil)
    session = grid_of(view, "top-sessions").rows[0][0]
    assert session.value == "<img src=x onerror=alert(1)>"
    for href in (project.href, session.href):
        assert href.startswith("/")
        assert not set("<>\"'") & set(href)


def test_the_page_is_live_and_first_in_the_menu() -> None:
    page = load_pages()["overview"]
    assert (page.order, page.live, page.scoped, page.params) == (1, True, True, ())


def test_its_data_is_json_as_it_is(desk: Desk) -> None:
    data = gather_overview(desk, scope_of(range="30d"), {})
    assert msgspec.json.decode(msgspec.json.encode(data), type=Overview) == data
    assert isinstance(data.spend, SpendOverTime)
    assert isinstance(data.now, RangeSums)
    assert all(isinstance(one, SuggestionRow) for one in data.suggestions)


def test_without_waste_there_is_no_empty_chart_of_it(desk: Desk) -> None:
    scope = scope_of(range="30d")
    data = gather_overview(desk, scope, {})
    told = [block.id for block in walk(show(data, scope, {}).blocks) if isinstance(block, Chart)]
    clean = msgspec.structs.replace(data, waste=[])
    assert set(told) - {block.id for block in walk(show(clean, scope, {}).blocks) if isinstance(block, Chart)} == {
        "waste-cost"
    }
