"""Models and cost: the sums are the reports', estimates are arithmetic that can be done by hand."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

import pytest

from tachograph.app.cost import query_groups, query_totals
from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.list_prices import CURRENT, ListPrice, ListPrices, TokenKinds
from tachograph.app.dashboard.model_sums import ModelUse
from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.dashboard.pages.models import PAGE
from tachograph.app.dashboard.what_if import compare_price, find_savings
from tachograph.app.ingest import ingest
from tachograph.app.reports.week_spend import total_week
from tachograph.app.scope import Scope, parse_scope
from tachograph.app.sessions import count_sessions
from tachograph.errors import UsageError
from tachograph.report.view import Banner, Code, Empty, Grid, Section, View, find_grid
from tests.builders.claude import ClaudeHome
from tests.builders.wasteful import MYSTERY, make_workspace
from tests.dashboard.conftest import NOW_MS
from tests.dashboard.walking import cards_of, walk

SCOPES = (
    {"range": "all"}, {"range": "7d"}, {"from": "2026-10-20", "to": "2026-11-10"}, {"range": "all", "agent": "codex"},
)  # fmt: skip
HOSTILE = 'x"]\n<script>alert(1)</script>'


def scope_of(params: dict[str, str]) -> Scope:
    return parse_scope(params, UTC, "UTC", NOW_MS)


def view_of(desk: Desk, params: dict[str, str], **own: str) -> View:
    scope = scope_of(params)
    view: View = PAGE.show(PAGE.gather(desk, scope, own), scope, own)
    return view


@pytest.mark.parametrize("params", SCOPES)
def test_the_sums_are_those_of_the_report_on_cost(desk: Desk, params: dict[str, str]) -> None:
    scope = scope_of(params)
    data = PAGE.gather(desk, scope, {})
    groups = {one.key: one for one in query_groups(desk.connection, "model", scope.filter)}
    assert {one.model for one in data.models} == set(groups) != set()
    for one in data.models:
        group = groups[one.model]
        assert (one.usd, one.unpriced_responses, one.unreliable_responses, one.responses) == (
            group.usd, group.unpriced_responses, group.output_unreliable_responses, group.responses,
        )  # fmt: skip
        assert one.tokens == TokenKinds(
            group.input, group.cache_read, group.cache_write_5m, group.cache_write_1h, group.output
        )
    assert data.usd == query_totals(desk.connection, scope.filter).usd
    spent = [one.usd or 0.0 for one in data.models]
    assert spent == sorted(spent, reverse=True)
    assert sum(one.share or 0.0 for one in data.models) == pytest.approx(1.0)


@pytest.mark.parametrize("params", SCOPES)
def test_every_session_belongs_to_the_model_that_used_most_of_its_tokens(desk: Desk, params: dict[str, str]) -> None:
    scope = scope_of(params)
    data = PAGE.gather(desk, scope, {})
    where = {"since": scope.filter.since or 0, "until": scope.filter.until or 2**62, "agent": scope.agent}
    [(number, micro)] = desk.connection.execute(
        "SELECT count(*), sum(micro) FROM roll.roots WHERE started_at >= :since AND started_at < :until"
        " AND (:agent IS NULL OR agent = (SELECT name FROM roll.names WHERE text = :agent))",
        where,
    )
    assert sum(one.sessions for one in data.models) == number == count_sessions(desk.connection, scope.filter).sessions
    spent = sum(one.sessions * (one.usd_per_session or 0.0) for one in data.models)
    assert spent == pytest.approx(micro / 1e6)


def test_main_sessions_and_subagents_make_up_the_whole(desk: Desk, scope: Scope) -> None:
    data = PAGE.gather(desk, scope, {})
    assert [one.kind for one in data.kinds] == ["main", "subagent"]
    assert sum(one.usd or 0.0 for one in data.kinds) == pytest.approx(data.usd)
    assert data.kinds[1].usd == pytest.approx(sum(one.subagent_usd or 0.0 for one in data.models))
    assert data.kinds[1].tokens.total == sum(one.subagent_tokens for one in data.models) > 0


def test_what_the_cache_saved_is_what_the_weekly_report_says(desk: Desk, scope: Scope) -> None:
    """Response by response there, from sums here: the demo has no long prompts and no change of price."""
    data = PAGE.gather(desk, scope, {})
    week = total_week(desk.connection, desk.workspace, 0, NOW_MS)
    assert week.usd_without_cache is not None
    assert week.usd is not None
    assert data.saved_usd == pytest.approx(week.usd_without_cache - week.usd, rel=1e-6)
    assert data.saved_usd == pytest.approx(sum(one.saved_usd or 0.0 for one in data.savings))


PRICE = ListPrice("other", "anthropic", 2.0, 0.5, 2.0, None, 10.0, 0.01, 200_000)
MILLION = 10**6


def use(model: str, usd: float | None = 1.0, *, searches: int = 0, unpriced: int = 0, **tokens: int) -> ModelUse:
    return ModelUse(model, 1, TokenKinds(**tokens), searches, usd, unpriced, 0, None, 0, None, 0, 0, None, 0, 0)


def test_the_same_tokens_at_another_price() -> None:
    uses = [
        use("one", 3.0, input=MILLION, output=MILLION, searches=2),
        use("two", 1.0, cache_read=2 * MILLION, cache_write_5m=MILLION, unpriced=1),
        use("three", None, input=9 * MILLION, unpriced=1),
    ]
    found = compare_price(PRICE, uses)
    assert [one.other_usd for one in found.models] == [12.02, 3.0, 18.0]
    assert (found.usd, found.other_usd, found.is_lower_bound) == (4.0, 15.02, True)
    assert found.left_out == ["three"]
    assert [(one.kind, one.tokens, one.usd) for one in found.kinds] == [
        ("input", MILLION, 2.0), ("cache_read", 2 * MILLION, 1.0), ("cache_write_5m", MILLION, 2.0),
        ("cache_write_1h", 0, 0.0), ("output", MILLION, 10.0),
    ]  # fmt: skip
    assert PRICE.as_input == ["cache_write_5m"]


def test_a_kind_without_a_price_leaves_it_unpriced() -> None:
    found = compare_price(PRICE, [use("one", cache_write_1h=1, input=MILLION)])
    assert (found.usd, found.other_usd) == (1.0, None)
    assert found.kinds[3].usd is None


def test_nothing_priced_has_no_sum() -> None:
    found = compare_price(PRICE, [use("one", None, input=1)])
    assert (found.usd, found.other_usd, found.left_out) == (None, None, ["one"])


class _Prices:
    def find(self, model: str) -> ListPrice | None:
        return None if model == "unknown" else ListPrice(model, "", 10.0, 1.0, 12.5, 20.0, 50.0, None, None)


def test_savings_by_hand() -> None:
    uses = [
        use("one", cache_read=10 * MILLION, cache_write_5m=2 * MILLION, cache_write_1h=MILLION),
        use("two", cache_write_1h=MILLION),
        use("unknown", cache_read=MILLION),
        use("unpriced", None, cache_read=MILLION),
        use("plain", input=5, output=5),
    ]
    found = find_savings(_Prices(), uses)  # type: ignore[arg-type]
    assert [(one.model, one.spared_usd, one.premium_usd, one.saved_usd) for one in found] == [
        ("one", 90.0, 15.0, 75.0), ("two", 0.0, 10.0, -10.0), ("unknown", None, None, None),
        ("unpriced", None, None, None),
    ]  # fmt: skip


def test_every_current_model_has_a_price_in_the_snapshot(desk: Desk) -> None:
    prices = ListPrices(desk.connection, desk.workspace.settings, NOW_MS)
    for model, provider in CURRENT.items():
        found = prices.find(model)
        assert found is not None, model
        assert found.provider == provider
        assert found.input is not None
        assert found.output is not None
        assert 0 < found.input < found.output
    assert set(CURRENT) <= set(prices.choices)
    assert prices.find("nobody-sells-this") is None


def test_list_prices_in_dollars_a_million(desk: Desk) -> None:
    """As docs/how-we-count.md has them."""
    price = ListPrices(desk.connection, desk.workspace.settings, NOW_MS).find("claude-opus-5")
    assert price == ListPrice("claude-opus-5", "anthropic", 5.0, 0.5, 6.25, 10.0, 25.0, 0.01, None)


def test_the_comparison_is_on_the_page(desk: Desk) -> None:
    view = view_of(desk, {"range": "all"}, at="claude-haiku-5-5")
    cards = cards_of(view)
    data = PAGE.gather(desk, scope_of({"range": "all"}), {"at": "claude-haiku-5-5"}).what_if
    assert data is not None
    assert cards["At claude-haiku-5-5"].cell.value == data.other_usd
    assert cards["At claude-haiku-5-5"].cell.about
    assert cards["Difference"].cell.value == pytest.approx((data.other_usd or 0) - (data.usd or 0))
    said = " ".join(block.text for block in walk(view.blocks) if hasattr(block, "text"))
    assert "other numbers of tokens" in said
    assert "standard speed" in said
    grid = find_grid(view.blocks, "what-if-kinds")
    assert grid is not None
    assert [row[0].value for row in grid.rows] == [
        "input", "cache read", "cache write, 5 min", "cache write, 1 h", "output",
    ]  # fmt: skip


@pytest.mark.parametrize("at", ["nobody", "<script>", "claude", " "])
def test_a_model_without_a_known_price_cannot_be_compared_with(desk: Desk, scope: Scope, at: str) -> None:
    with pytest.raises(UsageError) as caught:
        PAGE.gather(desk, scope, {"at": at})
    assert caught.value.slug == "unknown_model"


@contextmanager
def opened(home: Path, *models: str) -> Iterator[Desk]:
    """A desk on one session for each model, with 1,000 tokens of input and 100 of output."""
    claude = ClaudeHome(home / ".claude")
    for model in models:
        claude.project().session("2026-11-20T09:00:00Z", model=model).prompt("Go.").response(input=1000, output=100)
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    with open_desk(workspace, update=True) as desk:
        desk.now_ms = NOW_MS
        yield desk


def test_unpriced_models_are_named_with_what_prices_them(home: Path) -> None:
    with opened(home, MYSTERY, HOSTILE, "house-model") as desk:
        view = view_of(desk, {"range": "all"})
        data = PAGE.gather(desk, scope_of({"range": "all"}), {})
    assert {one.model: one.unpriced_responses for one in data.models} == {MYSTERY: 1, HOSTILE: 1, "house-model": 0}
    grid = find_grid(view.blocks, "unpriced-models")
    assert grid is not None
    assert {row[0].value for row in grid.rows} == {MYSTERY, HOSTILE}
    assert [row[1].value for row in grid.rows] == [1, 1]
    cards = cards_of(view)
    assert cards["Spend"].cell.at_least
    assert cards["Unpriced responses"].cell.value == 2
    assert any(isinstance(block, Section) and block.id == "unpriced" for block in view.blocks)
    [code] = [block for block in walk(view.blocks) if isinstance(block, Code)]
    [name] = tomllib.loads(code.text)["prices"]
    assert name in {MYSTERY, HOSTILE}


def test_a_hostile_name_makes_a_section_that_can_be_read(home: Path) -> None:
    with opened(home, HOSTILE) as desk:
        view = view_of(desk, {"range": "all"})
    [code] = [block for block in walk(view.blocks) if isinstance(block, Code)]
    assert list(tomllib.loads(code.text)["prices"]) == [HOSTILE]
    grid = find_grid(view.blocks, "models")
    assert grid is not None
    [row] = grid.rows
    assert row[0].value == HOSTILE
    assert row[1].value is None
    assert not row[1].at_least
    assert "\n" not in row[0].href
    assert "<" not in row[0].href


def test_a_price_of_your_own_counts(home: Path) -> None:
    with opened(home, "house-model") as desk:
        data = PAGE.gather(desk, scope_of({"range": "all"}), {"at": "house-model"})
    [price] = data.prices
    assert (price.provider, price.input, price.output, price.cache_read) == ("", 10.0, 50.0, 1.0)
    assert data.what_if is not None
    assert data.what_if.usd == data.what_if.other_usd == pytest.approx(1000 * 10 / 1e6 + 100 * 50 / 1e6)


def test_an_empty_history_says_what_to_do(empty_desk: Desk) -> None:
    [block] = view_of(empty_desk, {"range": "all"}).blocks
    assert isinstance(block, Empty)
    assert block.command == "tacho ingest"
    [block] = view_of(empty_desk, {"range": "7d"}).blocks
    assert isinstance(block, Empty)
    assert block.href == "/models?range=all"


def test_a_model_links_to_its_sessions(desk: Desk) -> None:
    grid = find_grid(view_of(desk, {"range": "all"}).blocks, "models")
    assert isinstance(grid, Grid)
    assert grid.rows[0][0].href == f"/sessions?range=all&model={grid.rows[0][0].value}"
    assert not [block for block in walk(view_of(desk, {"range": "all"}).blocks) if isinstance(block, Banner)]
