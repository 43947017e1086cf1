"""Goals on the dashboard's overview: those of the range and the project, and nothing where there are none."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.goal_blocks import show_goals
from tachograph.app.dashboard.goal_facts import find_goals
from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.dashboard.overview_facts import gather_overview
from tachograph.app.dashboard.pages.goals import PAGE, GoalsPage
from tachograph.app.dashboard.pages.overview import show
from tachograph.app.goals.figure_records import GoalFigures
from tachograph.app.scope import Scope
from tachograph.ledger.events import Changes, UsageSynced, new_event_id
from tachograph.ledger.file import change
from tachograph.model.goal import SyncedUsage
from tachograph.report.view import Banner, Block, Cards, Chart, Empty, Section, View, find_grid
from tests.builders.goal_site import GoalSite, make_figures
from tests.dashboard.walking import grid_of, scope_of

TWO_DAYS = {"from": "2026-05-18", "to": "2026-05-19"}


@pytest.fixture
def site(home: Path) -> GoalSite:
    site = GoalSite(home)
    site.goal("09:00", "10:00", output=100_000)
    site.goal("2026-05-20T09:00:00Z", "2026-05-20T10:00:00Z", "fail", reason="other")
    return site


def find(site: GoalSite, **params: str) -> GoalFigures | None:
    with open_desk(site.ingest(), update=True) as desk:
        return find_goals(desk, scope_of(**params))


def test_goals_of_the_range(site: GoalSite) -> None:
    every, some = find(site, range="all"), find(site, **TWO_DAYS)
    assert every is not None
    assert some is not None
    assert (every.achieved.closed, every.achieved.succeeded) == (2, 1)
    assert (some.achieved.closed, some.achieved.usd_per_success) == (1, pytest.approx(1.0))
    assert find(site, **{"from": "2026-05-01", "to": "2026-05-02"}) is None


def test_goals_of_exactly_this_project(site: GoalSite) -> None:
    GoalSite(site.home, "site-2", site.claude).goal("09:00", "10:00", output=1)
    found = find(site, range="all", project=str(site.root))
    assert found is not None
    assert (found.ledgers, found.achieved.closed) == (1, 2)


def parts(blocks: list[Block]) -> list[str]:
    return [f"{type(one).__name__} {getattr(one, 'title', '')}".strip() for one in blocks]


def test_the_overview_shows_goals_below_the_spend(desk: Desk, scope: Scope) -> None:
    data = gather_overview(desk, scope, {})
    assert data.goals is None  # a demo has no ledger
    without = parts(show(data, scope, {}).blocks)
    view = show(msgspec.structs.replace(data, goals=make_figures()), scope, {})
    told = parts(view.blocks)
    place = told.index("Section Goals")
    assert [one for one in told if one != "Section Goals"] == without
    assert isinstance(view.blocks[place - 1], Chart)
    section = view.blocks[place]
    assert isinstance(section, Section)
    assert section.how == "goals"
    grid = find_grid(section.blocks, "goal-models")
    assert grid is not None
    assert [row[0].value for row in grid.rows] == ["claude-sonnet-5", "my-own"]


def test_a_ledger_that_cannot_be_read_is_a_banner() -> None:
    [section] = show_goals(make_figures(unreadable=["x", "y"]), how="goals")
    assert isinstance(section, Section)
    assert isinstance(section.blocks[0], Banner)
    assert section.blocks[0].text == "2 ledgers of goals cannot be read: tacho goal fsck."
    assert isinstance(section.blocks[1], Cards)


def test_without_goals_there_is_no_block() -> None:
    assert show_goals(None, how="goals") == []


# ------------------------------------------------------------------------------------------------- the page of goals


def page_of(site: GoalSite, **params: str) -> tuple[GoalsPage, View]:
    scope = scope_of(**params)
    with open_desk(site.ingest(), update=True) as desk:
        data = PAGE.gather(desk, scope, {})
    return data, PAGE.show(data, scope, {})


def test_the_page_lists_open_goals_then_those_that_ended_last(site: GoalSite) -> None:
    site.goal("2026-05-21T09:00:00Z", title="Still open", type="meta")
    data, view = page_of(site, range="all")
    assert (data.matching, [one.goal_id for one in data.goals]) == (
        3, ["2026-05-21-001", "2026-05-20-001", "2026-05-18-001"]
    )  # fmt: skip
    grid = grid_of(view, "goals")
    assert [[cell.value for cell in row[:4]] for row in grid.rows] == [
        ["Still open", "in progress", None, 1], ["A goal", "failed", "other", 1], ["A goal", "success", None, 1],
    ]  # fmt: skip
    last = grid.rows[-1]
    assert (last[0].note, last[5].value, last[6].value) == (
        "2026-05-18-001 · product · site", "house-model", pytest.approx(1.0)
    )  # fmt: skip
    assert last[0].href == f"/session?id={data.goals[-1].sessions[0].replace(':', '%3A')}"
    assert [row[6].value for row in grid.rows[:2]] == ["not known", "not known"]


def test_a_cost_that_is_not_whole_is_a_lower_bound(site: GoalSite) -> None:
    site.session("09:20", 1000, model="mystery")
    grid = grid_of(page_of(site, **TWO_DAYS)[1], "goals")
    cost = grid.rows[0][6]
    assert (cost.value, cost.at_least, cost.note) == (pytest.approx(1.0), True, "2 sessions")


def test_a_session_of_another_machine_is_no_link(site: GoalSite) -> None:
    made = site.goal("2026-05-21T09:00:00Z", "2026-05-21T10:00:00Z")
    one = SyncedUsage(session="claude_code:elsewhere", responses=2, output=10, pico_usd=5 * 10**11)
    book = site.book
    book.update(made.id, Changes(), link=["claude_code:elsewhere"])
    stamp = {"event_id": new_event_id(), "ts": book.state().last_ts + 1, "session": None}
    event = UsageSynced(**stamp, goal_id=made.id, key=made.key, sessions=(one,))
    change(site.place.path, lambda _reading: [event])
    data, view = page_of(site, range="all")
    assert (data.goals[0].sessions, data.goals[0].usd, data.goals[0].stored) == (["claude_code:elsewhere"], 0.5, False)
    assert grid_of(view, "goals").rows[0][0].href == ""


def test_the_menu_has_goals_where_there_is_a_ledger(site: GoalSite, desk: Desk) -> None:
    assert PAGE.needs is not None
    assert not PAGE.needs(desk)  # the demo
    with open_desk(site.ingest(), update=True) as own:
        assert PAGE.needs(own)


def test_without_goals_the_page_says_how_to_begin(site: GoalSite) -> None:
    _, view = page_of(site, **{"from": "2026-05-01", "to": "2026-05-02"})
    [empty] = view.blocks
    assert isinstance(empty, Empty)
    assert empty.command == 'tacho goal start --title "…" --type product'
