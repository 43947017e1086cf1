"""What is not known in whole is never told as if it were: lower bounds, missing logs, sessions without times."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tachograph.app.budgets import judge_user_budgets
from tachograph.app.dashboard.budget_states import judge_budgets_at
from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.dashboard.page import load_pages
from tachograph.app.filters import Filter
from tachograph.app.ingest import ingest
from tachograph.app.reports.html_figures import gather_figures, report_scope
from tachograph.app.rollups.refresh import refresh
from tachograph.app.scope import Scope, parse_scope
from tachograph.app.sessions import count_sessions
from tachograph.app.workspace import Workspace
from tachograph.report.view import Cards, Cell, View, find_grid
from tachograph.settings import Settings
from tests.builders.claude import ClaudeHome

PRICED, UNPRICED = "claude-sonnet-4-5", "a-model-of-nobody"
SITE, ELSEWHERE = "/home/ada/site", "/home/ada/elsewhere"
NOW_MS = round(datetime(2026, 3, 10, 12, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def claude(home: Path) -> ClaudeHome:
    return ClaudeHome(home / ".claude")


@contextmanager
def looking_at(claude: ClaudeHome, home: Path, **settings: Any) -> Iterator[Desk]:
    claude.write()
    for log in claude.logs:
        if log.session_id == "gone" and log.agent_id is None:
            log.path.unlink()
    workspace = Workspace(home / "tachograph", Settings(display_timezone="UTC", **settings))
    ingest(workspace, jobs=1)
    refresh(workspace)
    with open_desk(workspace, update=False) as desk:
        desk.now_ms = NOW_MS
        yield desk


def gather(desk: Desk, slug: str, **params: str) -> Any:
    return load_pages()[slug].gather(desk, scope_of(desk, **params), {})


def scope_of(desk: Desk, **params: str) -> Scope:
    return parse_scope(params or {"range": "all"}, desk.zone, desk.zone_name, desk.now_ms)


def shown(desk: Desk, slug: str, **params: str) -> View:
    page = load_pages()[slug]
    return page.show(page.gather(desk, scope_of(desk), params), scope_of(desk), params)


def row(view: View, grid: str, place: int = 0) -> dict[str, Cell]:
    found = find_grid(view.blocks, grid)
    assert found is not None
    return {column.key: cell for column, cell in zip(found.columns, found.rows[place], strict=True)}


def card(view: View, title: str) -> Any:
    return next(one for block in view.blocks if isinstance(block, Cards) for one in block.items if one.title == title)


def mixed(claude: ClaudeHome) -> None:
    """A priced session with a placeholder for its output; its subagent elsewhere has no price in part."""
    log = claude.project(SITE).session("2026-03-02T09:00:00Z", model=PRICED).prompt()
    log.response(input=1_000, output=10, stop=None).calls(("Task", {"prompt": "Look."}), input=0, output=1_000)
    agent = log.subagent()
    agent.cwd = ELSEWHERE
    agent.prompt("Look.").response(input=2_000, output=0).response(input=500, output=70, model=UNPRICED)


def lost(claude: ClaudeHome) -> None:
    """A session of which only the subagent's log is left."""
    log = claude.project(SITE).session("2026-03-03T09:00:00Z", id="gone", model=PRICED).prompt()
    log.call("Task", {"prompt": "Look."})
    log.subagent().prompt("Look.").response(input=3_000, output=0)


def timeless(claude: ClaudeHome) -> None:
    """A session whose log tells no times."""
    log = claude.project(SITE).session("2026-03-04T09:00:00Z", model=PRICED).prompt().response(input=7_000, output=0)
    log.write()
    lines = [json.loads(line) for line in log.path.read_text().splitlines()]
    content = "".join(json.dumps({k: v for k, v in line.items() if k != "timestamp"}) + "\n" for line in lines)
    claude.logs.remove(log)
    claude.extra[log.path] = content.encode()


def test_lower_bounds_of_output_are_told_wherever_tokens_are(claude: ClaudeHome, home: Path) -> None:
    mixed(claude)
    with looking_at(claude, home) as desk:
        data = gather(desk, "overview")
        assert (data.now.tokens, data.now.output_unreliable_responses) == (4_580, 1)
        assert [(one.project, one.output_unreliable_responses) for one in data.projects] == [(SITE, 1), (ELSEWHERE, 0)]
        assert [step.unreliable for step in data.spend.steps if step.tokens] == [1]
        [session] = gather(desk, "sessions").sessions
        assert (session.tokens, session.output_unreliable_responses) == (4_580, 1)
        kinds = {one.kind: one.unreliable_responses for one in gather(desk, "models").kinds}
        assert kinds == {"main": 1, "subagent": 0}
        page = shown(desk, "overview")
        assert card(page, "Tokens").cell == Cell(4_580, at_least=True)
        assert [row(page, "top-projects", n)["tokens"].at_least for n in (0, 1)] == [True, False]
        assert row(shown(desk, "sessions", sort="tokens"), "sessions")["tokens"] == Cell(4_580, at_least=True)
        models = shown(desk, "models")
        assert [row(models, "models", n)["tokens"].at_least for n in (0, 1)] == [True, False]
        assert [row(models, "kinds", n)["output"].at_least for n in (0, 1)] == [True, False]


def test_what_is_priced_in_whole_is_no_lower_bound_because_something_beside_it_is(
    claude: ClaudeHome, home: Path
) -> None:
    mixed(claude)
    with looking_at(claude, home) as desk:
        [session] = gather(desk, "sessions").sessions
        assert (session.usd, session.unpriced_responses) == (0.02415, 1)
        assert (session.own_usd, session.own_unpriced_responses) == (0.01815, 0)
        cells = row(shown(desk, "sessions"), "sessions")
        assert cells["cost"].at_least
        priced, unpriced = gather(desk, "models").models
        assert (priced.subagent_usd, priced.subagent_unpriced_responses) == (0.006, 0)
        assert (unpriced.subagent_usd, unpriced.subagent_unpriced_responses) == (None, 1)


def test_a_mean_with_a_session_whose_log_is_missing_is_a_lower_bound(claude: ClaudeHome, home: Path) -> None:
    lost(claude)
    with looking_at(claude, home) as desk:
        data = gather(desk, "overview")
        assert (data.now.sessions, data.now.logs_missing, data.now.usd_per_session) == (1, 1, 0.009)
        page = shown(desk, "overview")
        assert (card(page, "Cost per session").cell.value, card(page, "Cost per session").cell.at_least) == (
            0.009,
            True,
        )
        [model] = gather(desk, "models").models
        assert (model.sessions, model.logs_missing, model.usd_per_session) == (1, 1, 0.009)
        assert row(shown(desk, "models"), "models")["usd_per_session"] == Cell(0.009, at_least=True)
        assert row(shown(desk, "sessions", sort="tokens"), "sessions")["tokens"] == Cell(3_000, at_least=True)


def test_the_cost_trend_leaves_such_a_session_out(claude: ClaudeHome, home: Path) -> None:
    lost(claude)
    mixed(claude)
    claude.project(SITE).session("2026-03-04T09:00:00Z", model=PRICED).prompt().response(input=1_000, output=0)
    with looking_at(claude, home) as desk:
        costs = gather_figures(desk, report_scope(desk, 9, None, desk.now_ms)).costs
    assert [(one.sessions, one.left_out, one.mean) for one in costs][:3] == [(0, 1, None), (0, 1, None), (1, 0, 0.003)]


def test_a_session_without_times_is_in_the_whole_history_alone(claude: ClaudeHome, home: Path) -> None:
    mixed(claude)
    timeless(claude)
    with looking_at(claude, home) as desk:
        whole = gather(desk, "overview")
        assert whole.now.sessions == count_sessions(desk.connection, Filter()).sessions == 2
        assert (whole.now.tokens, whole.begin) == (4_580 + 7_000, "2026-03-02")
        assert [step.start for step in whole.spend.steps][:1] == ["2026-03-02"]
        assert len(whole.spend.steps) == 9
        listed = gather(desk, "sessions")
        assert listed.matching == 2
        unknown = next(one for one in listed.sessions if one.tokens == 7_000)
        assert (unknown.started_at, unknown.duration_seconds, unknown.active_seconds) == (None, None, None)
        for params in ({"range": "365d"}, {"from": "2000-01-01"}):
            assert gather(desk, "overview", **params).now.sessions == gather(desk, "sessions", **params).matching == 1
        for params in ({"to": "2026-03-09"}, {"to": "2026-01-01"}):
            assert gather(desk, "overview", **params).now.sessions == gather(desk, "sessions", **params).matching
        assert sum(one.sessions for one in gather(desk, "models").models) == 2


def test_a_history_without_any_time_is_told(claude: ClaudeHome, home: Path) -> None:
    timeless(claude)
    with looking_at(claude, home) as desk:
        data = gather(desk, "overview")
        assert (data.begin, data.now.sessions, data.now.tokens, data.spend.steps) == (None, 1, 7_000, [])
        page = shown(desk, "overview")
        assert page.lead == "The whole history; its logs tell no times."
        assert card(page, "Tokens").cell.value == 7_000
        for slug in ("sessions", "waste", "tools", "models", "trends"):
            assert shown(desk, slug).blocks


@pytest.mark.parametrize("project", ["site", "ELSEWHERE", "ada", None])
@pytest.mark.parametrize("limit", [{"usd": 0.02}, {"tokens": 3_000}])
@pytest.mark.parametrize("kind", ["session", "week"])
def test_a_budget_counts_what_is_of_its_project(
    claude: ClaudeHome, home: Path, kind: str, limit: dict[str, float], project: str | None
) -> None:
    mixed(claude)
    budget = {"scope": kind, **limit, **({"project": project} if project else {})}
    with looking_at(claude, home, budget=[budget]) as desk:
        desk.now_ms = round(datetime(2026, 3, 4, 12, tzinfo=UTC).timestamp() * 1000)
        [found] = judge_budgets_at(desk)
        assert [found] == judge_user_budgets(desk.connection, desk.workspace, desk.now_ms)
    used = {"site": (0.01815, 2_010), "ELSEWHERE": (0.006, 2_570)}.get(project or "", (0.02415, 4_580))
    assert found.used == used["tokens" in limit]


def test_nothing_is_compared_with_a_lower_bound(claude: ClaudeHome, home: Path) -> None:
    mixed(claude)
    with looking_at(claude, home) as desk:
        data = gather(desk, "overview", range="30d")
        whole = msgspec.structs.replace(data.now, output_unreliable_responses=0, logs_missing=0, unpriced_responses=0)
        whole = msgspec.structs.replace(whole, unpriced_sessions=0, usd_per_session=1.0)
        for now, before, titles in (
            (whole, whole, {"Spend", "Cost per session", "Tokens", "Sessions", "Active time"}),
            (data.now, whole, {"Sessions", "Active time"}),
            (whole, msgspec.structs.replace(whole, logs_missing=1), {"Spend", "Tokens", "Sessions"}),
            (whole, msgspec.structs.replace(whole, output_unreliable_responses=1), {
                "Spend", "Cost per session", "Sessions", "Active time"}),
        ):  # fmt: skip
            page = load_pages()["overview"].show(
                msgspec.structs.replace(data, begin="2026-01-01", now=now, before=before),
                scope_of(desk, range="7d"),
                {},
            )
            [cards] = [block for block in page.blocks if isinstance(block, Cards)]
            assert {one.title for one in cards.items if one.change is not None} - {"From the cache"} == titles
