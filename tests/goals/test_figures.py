"""Goals in numbers: what became of them, at what cost, and which of them the history knows."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from tachograph.app.filters import make_filter
from tachograph.app.goals.figure_records import GoalFigures, ReasonCount
from tachograph.app.goals.glance import glance_at_goals
from tachograph.app.workspace import Workspace
from tachograph.warehouse.store import open_reader
from tests.builders.goal_site import GoalSite
from tests.builders.small import HOUSE, MYSTERY


@pytest.fixture
def site(home: Path) -> GoalSite:
    return GoalSite(home)


def look(workspace: Workspace, folder: str | None = None, **chosen: str) -> GoalFigures | None:
    with closing(open_reader(workspace.folder)) as connection:
        return glance_at_goals(connection, workspace, make_filter(tz="UTC", **chosen), folder)


def found(site: GoalSite, **chosen: str) -> GoalFigures:
    told = look(site.ingest(), **chosen)
    assert told is not None
    return told


def test_closed_goals_and_what_became_of_them(site: GoalSite) -> None:
    site.goal("09:00", "10:00", output=100_000, fit="exact_fit")  # $1
    site.goal("11:00", "12:00", output=50_000, fit="partial_fit", retry=("11:30", "model_mistake"))  # $0.50
    site.goal("13:00", "14:00", "fail", output=150_000, reason="unclear_task")  # $1.50
    site.goal("15:00")
    told = found(site)
    whole = told.achieved
    assert (told.ledgers, told.open, whole.closed, whole.succeeded) == (1, 1, 3, 2)
    assert whole.success_rate == pytest.approx(2 / 3)
    assert (whole.attempts, whole.attempts_per_goal) == (4, pytest.approx(4 / 3))
    assert (told.matched, whole.cost_known, whole.cost_known_succeeded, told.known_cost_coverage) == (3, 3, 2, 1.0)
    assert (whole.usd, whole.usd_per_success) == (pytest.approx(3.0), pytest.approx(1.5))
    assert told.attempt_failures == [ReasonCount("model_mistake", 1), ReasonCount("unclear_task", 1)]
    assert told.goal_failures == [ReasonCount("unclear_task", 1)]
    assert told.result_fits == [
        ReasonCount("exact_fit", 1), ReasonCount("not noted", 1), ReasonCount("partial_fit", 1),
    ]  # fmt: skip


def test_only_goals_whose_whole_cost_is_known_tell_what_a_success_costs(site: GoalSite) -> None:
    site.goal("09:00", "10:00", output=100_000)
    site.goal("11:00", "12:00")  # in no log
    site.goal("13:00", "14:00", output=70_000, model=MYSTERY)  # without a price
    told = found(site)
    whole = told.achieved
    assert (whole.closed, told.matched, whole.cost_known, told.known_cost_coverage) == (3, 2, 1, pytest.approx(1 / 3))
    assert (whole.usd, whole.usd_per_success) == (pytest.approx(1.0), pytest.approx(1.0))


def test_a_cost_that_may_be_another_goals_is_not_wholly_known(site: GoalSite) -> None:
    site.goal("09:00", "10:00", output=100_000)
    site.goal("09:30", "10:30")
    site.session("09:40", 20_000)  # while both were open
    told = found(site)
    assert (told.achieved.closed, told.matched, told.achieved.cost_known) == (2, 1, 0)
    assert (told.achieved.usd, told.achieved.usd_per_success) == (None, None)


def test_where_nothing_succeeded_a_success_has_no_cost(site: GoalSite) -> None:
    site.goal("09:00", "10:00", "fail", reason="other", output=100_000)
    whole = found(site).achieved
    assert (whole.success_rate, whole.usd, whole.usd_per_success) == (0.0, pytest.approx(1.0), None)


def test_goals_that_supersede_one_another_are_one(site: GoalSite) -> None:
    first = site.goal("09:00", "10:00", "fail", reason="missing_context", output=100_000)
    site.goal("11:00", "12:00", output=50_000, supersedes=first.id, retry=("11:30", "tooling_issue"))
    told = found(site)
    whole = told.achieved
    assert (whole.closed, whole.succeeded, whole.attempts) == (1, 1, 3)
    assert (whole.usd, whole.usd_per_success) == (pytest.approx(1.5), pytest.approx(1.5))
    assert told.attempt_failures == [ReasonCount("missing_context", 1), ReasonCount("tooling_issue", 1)]
    assert told.goal_failures == []


def test_the_model_is_that_noted_last_else_that_of_the_history(site: GoalSite) -> None:
    site.goal("09:00", "10:00", output=100_000, noted="as-noted")
    site.goal("11:00", "12:00", output=100_000)
    site.goal("13:00", "14:00", output=300_000)
    site.goal("15:00", "16:00")
    site.goal("17:00", "18:00", noted="x" * 5000)
    told = [(one.model, one.achieved.closed, one.achieved.usd_per_success) for one in found(site).models]
    assert told == [
        (HOUSE, 2, pytest.approx(2.0)),
        ("as-noted", 1, pytest.approx(1.0)),
        ("not noted", 1, None),
        ("x" * 100, 1, None),
    ]


@pytest.mark.parametrize(
    ("chosen", "closed", "is_open"),
    [
        ({}, 2, 1),
        ({"since": "2026-05-19"}, 1, 1),
        ({"until": "2026-05-19"}, 1, 0),
        ({"agent": "codex"}, 1, 0),
        ({"project": "SITE"}, 2, 1),
    ],
)
def test_goals_count_when_they_end(site: GoalSite, chosen: dict[str, str], closed: int, is_open: int) -> None:
    site.goal("09:00", "10:00", agent="codex", output=1000)
    site.goal("2026-05-18T20:00:00Z", "2026-05-19T02:00:00Z")
    site.goal("2026-05-19T08:00:00Z")
    told = found(site, **chosen)
    assert (told.achieved.closed, told.open) == (closed, is_open)


@pytest.mark.parametrize("chosen", [{"project": "elsewhere"}, {"until": "2026-05-01"}, {"agent": "claude_code"}])
def test_without_goals_there_is_nothing(site: GoalSite, chosen: dict[str, str]) -> None:
    site.goal("09:00", "10:00", output=1000)
    assert look(site.ingest(), **chosen) is None


def test_several_ledgers_and_that_of_the_folder_one_stands_in(site: GoalSite) -> None:
    site.goal("09:00", "10:00", output=1000)
    other = GoalSite(site.home, "other")
    other.goal("09:00", "10:00", "fail", reason="other")
    (other.root / "src").mkdir()
    workspace = site.ingest()
    told = look(workspace, str(other.root / "src"))
    assert told is not None
    assert (told.ledgers, told.achieved.closed, told.achieved.succeeded, told.matched) == (2, 2, 1, 1)
    alone = look(workspace)
    assert alone is not None
    assert (alone.ledgers, alone.achieved.closed) == (1, 1)


def test_a_session_in_a_folder_of_the_repository_leads_to_its_ledger(site: GoalSite) -> None:
    site.goal("09:00", "10:00")
    below = site.root / "web"
    below.mkdir()
    site.claude.project(str(below)).session("2026-05-18T09:10:00Z", model=HOUSE).prompt("Go.").response(output=100_000)
    told = found(site)
    assert (told.matched, told.achieved.usd) == (1, pytest.approx(1.0))


def test_new_events_and_new_history_are_seen_at_once(site: GoalSite) -> None:
    """What was measured is remembered, as long as it is still so."""
    made = site.goal("09:00")
    site.session("07:00", 10)
    before = found(site)
    site.book.finish(made.id, "success")
    site.session("2026-05-18T09:10:00Z", 100_000)
    after = found(site)
    assert (before.open, before.achieved.closed) == (1, 0)
    assert (after.open, after.achieved.closed, after.achieved.usd) == (0, 1, pytest.approx(1.0))


def test_a_ledger_that_cannot_be_read_is_told_of_and_hides_nothing(site: GoalSite) -> None:
    site.goal("09:00", "10:00", output=1000)
    other = GoalSite(site.home, "other", site.claude)
    other.session("09:00", 10)
    other.place.path.parent.mkdir()
    os.mkfifo(other.place.path)  # a reader would wait for ever
    told = found(site)
    assert told.achieved.closed == 1
    assert told.unreadable == [f"The goals' ledger {other.place.path} cannot be read: it is no regular file."]


@pytest.mark.parametrize("way", ["folder", "link", "outside"])
def test_what_is_no_file_or_lies_elsewhere_is_not_read(site: GoalSite, way: str) -> None:
    target = GoalSite(site.home, "target")
    target.goal("09:00", "10:00")
    site.session("09:00", 10)
    if way == "folder":
        site.place.path.mkdir(parents=True)
    elif way == "link":
        site.place.path.parent.mkdir()
        site.place.path.symlink_to(target.place.path)
    else:
        site.place.path.parent.symlink_to(target.place.path.parent)
    told = found(site)
    assert (told.achieved.closed, told.open, len(told.unreadable)) == (0, 0, 1)


def test_lines_without_effect_are_counted(site: GoalSite) -> None:
    site.goal("09:00", "10:00", output=1000)
    with site.place.path.open("ab") as ledger:
        ledger.write(b"no event\n")
    assert found(site).lost_lines == 1


def test_a_demo_has_no_goals(site: GoalSite) -> None:
    site.goal("09:00", "10:00", output=1000)
    workspace = site.ingest()
    (workspace.folder / "demo.json").write_text("{}")
    assert look(workspace, str(site.root)) is None


def test_a_path_on_another_machine_is_not_asked_for(site: GoalSite, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for name in ("isdir", "lexists"):
        real = getattr(os.path, name)
        monkeypatch.setattr(os.path, name, lambda path, real=real: (asked.append(os.fspath(path)), real(path))[1])
    from tachograph.app.goals.roots import find_roots

    site.goal("09:00")
    names = ["//server/share", "\\\\server\\share", "relative", "/with\0nul", str(site.root)]
    assert find_roots(names, "metrics/events.ndjson") == [str(site.root)]
    assert not [path for path in asked if path and not path.startswith(str(site.home))]
