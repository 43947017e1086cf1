"""``tacho goal sync``, ``coverage``, ``audit`` and ``compare``."""

from __future__ import annotations

import pytest

from tachograph.app.goals.place import LedgerPlace
from tests.builders.small import MYSTERY, write_config
from tests.goals.commands import Goals, goals
from tests.goals.worked import Worked, at, name_of

__all__ = ["goals"]


class Site:
    """A repository with a ledger of four goals, and sessions in it."""

    def __init__(self, goals: Goals, work: Worked) -> None:
        self.goals = goals
        self.work = work
        place = str(goals.folder)
        work.place = LedgerPlace(goals.folder, goals.ledger)
        self.first, self.loose = work.session("10:00", place), work.session("21T10:00", place)
        work.turn(self.first, "10:00", 50_000)
        work.turn(self.loose, "21T10:00", 100_000).custom_title("Nobody's \x1b[31mred\x1b[0m work")
        work.turn(work.session("12:00", place, model=MYSTERY), "12:00", 9)
        work.goal("a", "09:30", "11:00", title="Log in", goal_type="product")
        work.goal("b", "11:30", "12:30", title="Log out", goal_type="retro")
        work.ledger.start("c", title="Search\x1b[2J", started_at=at("13:00"))
        work.ledger.finish("c", "fail", finished_at=at("14:00"), failure_reason="unclear_task")
        work.goal("d", "13:30", title="Still going", goal_type="meta", link=("codex:there",))
        work.write_ledger()
        work.claude.write()
        self.ids = {goal.title[:6]: goal.id for goal in work.reading().state.goals}


@pytest.fixture
def site(home: object, goals: Goals) -> Site:
    work = Worked(home)  # type: ignore[arg-type]
    write_config(work.home)
    return Site(goals, work)


def test_sync_writes_what_the_ledger_does_not_know(site: Site) -> None:
    answer = site.goals.json("sync", schema="goal_sync")
    assert (answer["goals"], answer["events"], answer["path"]) == (4, 2, str(site.goals.ledger))
    assert [one["title"] for one in answer["changed"]] == ["Log in", "Log out"]
    assert answer["changed"][0]["sessions"] == [
        {
            "session": name_of(site.first), "responses": 1, "usd": 0.5, "unclear_responses": 0,
            "responses_before": None,
        }
    ]  # fmt: skip
    assert site.goals("sync") == "The ledger knows already what this machine's sessions used for its goals.\n"
    assert site.goals.json("sync", "--no-ingest", schema="goal_sync")["changed"] == []


def test_sync_for_a_person(site: Site) -> None:
    out = site.goals("sync")
    assert "Noted of 2 goals" in out
    assert f"2 lines added to {site.goals.ledger}" in " ".join(out.split())
    assert [line.split() for line in out.splitlines() if name_of(site.first) in line] == [
        [site.ids["Log in"], name_of(site.first), "1", "–", "$0.50"]
    ]


def test_coverage_says_why_and_what_helps(site: Site) -> None:
    out = site.goals("coverage")
    assert "33.3 % of 3 closed goals" in out
    assert "unpriced_model: 1 response of a model without a known price." in out
    assert "can be recovered: a price in the settings (docs/prices.md)" in out
    assert "no_session_in_window" in out
    assert "linked_session_unknown" in out
    assert "Log in" not in out, "its cost is known"
    assert "\x1b" not in out
    answer = site.goals.json("coverage", schema="goal_coverage")
    assert (answer["closed"], answer["complete"], answer["partial"], answer["missing"]) == (3, 1, 0, 2)
    assert [one["cost"] for one in answer["goals"]] == ["complete", "missing", "missing", "missing"]


def test_coverage_of_one_goal(site: Site) -> None:
    answer = site.goals.json("coverage", site.ids["Log in"], schema="goal_coverage")
    assert [(one["goal_id"], one["usd"], one["causes"]) for one in answer["goals"]] == [(site.ids["Log in"], 0.5, [])]
    assert "complete · $0.50 · 1 response" in site.goals("coverage", site.ids["Log in"])
    assert "No goal is called 2020-01-01-001." in site.goals("coverage", "2020-01-01-001", code=3)


def test_audit_names_the_command_that_mends_it(site: Site) -> None:
    out = site.goals("audit", "--stale-days", "1")
    assert out.startswith("Likely misses")
    assert f"  tacho goal update {site.ids['Search']} --result-fit miss" in out
    assert f"  tacho goal finish {site.ids['Still ']} --status …" in out
    assert "\x1b" not in out
    answer = site.goals.json("audit", schema="goal_audit")
    assert [(one["kind"], one["title"][:6]) for one in answer["findings"]] == [
        ("likely_miss", "Search"), ("stale", "Still "), ("low_coverage", "Log ou"), ("low_coverage", "Search"),
    ]  # fmt: skip
    assert "N" in site.goals("audit", "--stale-days", "0", code=2)


def test_compare_shows_what_falls_to_no_goal(site: Site) -> None:
    out = site.goals("compare")
    assert "made for goals" in out
    assert "≥$0.50 · 2 responses · 33.3 % of what is priced" in out
    assert "2 of 4" in out
    assert [line.split()[0] for line in out.splitlines() if "$1.00" in line and "Nobody" in line] == [
        name_of(site.loose)
    ]
    assert "\x1b" not in out
    answer = site.goals.json("compare", schema="goal_compare")
    assert [one["id"] for one in answer["sessions_without_goal"]] == [name_of(site.loose)]
    assert [one["title"][:6] for one in answer["goals_without_session"]] == ["Search", "Still "]
    assert [one["seconds"] for one in answer["overlaps"]] == [1800]
    assert answer["share_of_usd"] == pytest.approx(1 / 3)
    assert answer["mismatches"] == []
    assert site.goals.json("compare", "--limit", "0", schema="goal_compare") == answer


@pytest.mark.parametrize("name", ["sync", "coverage", "audit", "compare"])
def test_without_a_ledger_they_say_how_to_begin(goals: Goals, name: str) -> None:
    assert goals(name) == "No goals: tacho goal start begins one.\n"
    assert not goals.ledger.parent.exists()
    assert goals.json(name, schema=f"goal_{name}")["goals"] in (0, [])


@pytest.mark.parametrize("name", ["sync", "coverage", "audit", "compare"])
def test_another_ledger_can_be_named(site: Site, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(site.work.home)
    assert "No goals" in site.goals(name)
    by_ledger = site.goals(name, "--ledger", str(site.goals.ledger))
    assert "No goals" not in by_ledger
    monkeypatch.chdir(site.goals.folder)
    if name != "sync":
        assert site.goals(name) == by_ledger
