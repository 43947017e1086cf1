"""Product goals before and after each retrospective."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest

from tachograph.app.goals.ledgers import open_known
from tachograph.app.goals.retro import RetroMetric, RetroTimeline, retro_timeline
from tachograph.app.goals.retro_events import RetroEvent, RetroFiles, find_events, find_retro_files
from tachograph.cli._goal_retro import describe_timeline
from tachograph.report.text import render
from tachograph.warehouse.store import open_reader
from tests.builders.goal_site import GoalSite, at

NOON = RetroFiles((RetroEvent("docs/retros/may.md", at("12:00"), None, ("docs/retros/may.md",)),))


@pytest.fixture
def site(home: Path) -> GoalSite:
    return GoalSite(home)


def look(site: GoalSite, files: RetroFiles = NOON, window: int = 5) -> RetroTimeline:
    with closing(open_reader(site.ingest().folder)) as connection:
        return retro_timeline(connection, open_known(site.place), files, window)


def fill(site: GoalSite) -> None:
    """Five goals before noon: two reached, at $1 each with the failed ones' cost; six after it, all reached."""
    for hour in range(5):
        reached = hour < 2
        site.goal(
            f"{hour:02}:00", f"{hour:02}:30", "success" if reached else "fail", output=40_000,
            fit="partial_fit" if reached else "miss", reason=None if reached else "other",
            retry=(f"{hour:02}:20", "other") if reached else None,
        )  # fmt: skip
    for hour in range(13, 19):
        site.goal(f"{hour}:00", f"{hour}:30", output=30_000, fit="exact_fit")


def metrics_of(found: RetroTimeline) -> dict[str, RetroMetric]:
    [one] = found.retros
    return {metric.name: metric for metric in one.metrics}


def test_what_changed_and_from_how_many_goals(site: GoalSite) -> None:
    fill(site)
    found = look(site)
    assert (found.window, found.least, found.product_goals, found.problem) == (5, 10, 11, "")
    told = {name: (one.before, one.before_n, one.after, one.after_n) for name, one in metrics_of(found).items()}
    assert told == {
        "success_rate": (0.4, 5, 1.0, 5),
        "exact_fit_rate": (0.0, 5, 1.0, 5),
        "attempts_per_goal": (1.4, 5, 1.0, 5),
        "usd_per_success": (pytest.approx(1.0), 5, pytest.approx(0.3), 5),
        "known_cost_coverage": (1.0, 5, 1.0, 5),
    }


def test_differences_have_intervals_or_say_why_not(site: GoalSite) -> None:
    fill(site)
    told = metrics_of(look(site))
    success = told["success_rate"]
    assert success.difference == pytest.approx(0.6)
    assert success.low is not None
    assert success.high is not None
    assert 0 <= success.low < 0.6 < success.high <= 1
    cost = told["usd_per_success"]
    assert (cost.difference, cost.reason) == (pytest.approx(-0.7), "too few for an interval")
    assert told["exact_fit_rate"].reason == "no spread to tell an interval from"
    assert told["known_cost_coverage"].difference == 0


def test_the_windows_are_the_nearest_goals_that_are_over(site: GoalSite) -> None:
    fill(site)
    site.goal("11:00", "12:30")  # under way at noon
    site.goal("12:30")  # open
    [one] = look(site, window=2).retros
    day = "2026-05-18"
    assert (one.before, one.after) == ([f"{day}-004", f"{day}-005"], [f"{day}-006", f"{day}-007"])
    assert one.straddling == 1


def test_only_product_goals_count_and_those_that_supersede_one_another_are_one(site: GoalSite) -> None:
    first = site.goal("08:00", "09:00", "fail", reason="other")
    last = site.goal("10:00", "11:00", supersedes=first.id)
    site.goal("10:00", "11:00", type="meta")
    [one] = look(site).retros
    assert one.before == [last.id]
    assert [(metric.before, metric.before_n) for metric in one.metrics if metric.name == "attempts_per_goal"] == [
        (2, 1)
    ]


@pytest.mark.parametrize(("each", "is_small"), [(9, True), (10, False)])
def test_the_warning_says_how_many_there_are(site: GoalSite, each: int, is_small: bool) -> None:
    for number in range(each):
        site.goal(f"0{number // 6}:{number % 6}0", f"0{number // 6}:{number % 6}5")
        site.goal(f"1{3 + number // 6}:{number % 6}0", f"1{3 + number // 6}:{number % 6}5")
    [one] = look(site, window=20).retros
    text = (
        f"n is small: {each} before, {each} after. With fewer than 10 goals on either side intervals hold the truth"
        " less often than 95 %, and a difference may well be chance."
    )
    assert one.warning == (text if is_small else "")


# ---------------------------------------------------------------------------------------------- retrospectives


def test_retrospectives_are_goals_that_are_over_and_files(site: GoalSite) -> None:
    over = site.goal("10:00", "11:00", type="retro")
    site.goal("14:00", type="retro")
    found = find_events(site.book.state().goals, NOON)
    assert [(one.name, one.at, one.files) for one in found] == [(over.id, at("11:00"), ("docs/retros/may.md",))]


def test_a_file_of_another_day_is_a_retrospective_of_its_own(site: GoalSite) -> None:
    over = site.goal("2026-05-16T10:00:00Z", "2026-05-16T11:00:00Z", type="retro")
    assert [one.name for one in find_events(site.book.state().goals, NOON)] == [over.id, "docs/retros/may.md"]


class Repo:
    """A real repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q")

    def git(self, *words: str, date: str = "2026-05-18T12:00:00Z") -> None:
        env = {**os.environ, "GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z"}
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *words], cwd=self.folder, env=env, check=True, capture_output=True)

    def commit(self, date: str = "2026-05-18T12:00:00Z", **files: str) -> None:
        for name, text in files.items():
            path = self.folder / "docs" / "retros" / name.replace("_md", ".md")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x", date=date)


def told(folder: Path) -> list[tuple[int, tuple[str, ...]]]:
    found = find_retro_files(folder)
    assert found.problem == ""
    return [(one.at, one.files) for one in found.events]


def test_files_are_dated_by_the_commit_that_added_them(home: Path) -> None:
    repo = Repo(home / "repo")
    repo.commit()
    repo.commit("2026-05-18T12:00:00Z", may_md="one\n" * 9, notes_txt="x", README_md="x")
    repo.commit("2026-05-19T12:00:00Z", may_md="two\n" * 9)
    repo.git("mv", "docs/retros/may.md", "docs/retros/Mai 1.md")
    repo.commit("2026-05-20T12:00:00Z", june_md="other words", **{"july ä_md": "third"})
    assert told(repo.folder) == [
        (at("2026-05-20T12:00:00Z"), ("docs/retros/july ä.md", "docs/retros/june.md")),
        (at("12:00"), ("docs/retros/may.md",)),
    ]


def test_without_commits_or_a_repository_there_are_none(home: Path) -> None:
    assert told(Repo(home / "repo").folder) == []
    (home / "bare").mkdir()
    assert told(home / "bare") == []


def test_the_first_commit_of_a_shallow_clone_adds_nothing(home: Path) -> None:
    repo = Repo(home / "repo")
    repo.commit(may_md="one")
    repo.commit("2026-05-19T12:00:00Z", june_md="two")
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.folder}", str(home / "clone"))
    assert told(home / "clone") == []


def test_a_hostile_repository_runs_nothing(home: Path) -> None:
    repo = Repo(home / "repo")
    repo.commit(may_md="one")
    trap = home / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {home / 'sprung'}\n")
    trap.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "diff.external", "gpg.program", "diff.x.textconv"):
        repo.git("config", name, str(trap))
    (home / "sprung").unlink(missing_ok=True)  # our own git above is not a careful one
    assert len(told(repo.folder)) == 1
    assert not (home / "sprung").exists()


# ------------------------------------------------------------------------------------------------- for a person


def test_the_timeline_for_a_person(site: GoalSite) -> None:
    fill(site)
    text = render(describe_timeline(look(site), UTC), width=100)
    assert [" ".join(line.split()) for line in text.splitlines()][:9] == [
        "Retrospectives 5 goals before and after each, 11 product goals over",
        "",
        "docs/retros/may.md 2026-05-18",
        "before n after n difference 95 % interval",
        text_of(text, "success rate"),
        "exact fit rate 0.0 % 5 100.0 % 5 +100.0 points no spread to tell an interval from",
        text_of(text, "attempts per goal"),
        text_of(text, "cost per success"),
        "cost wholly known 100.0 % 5 100.0 % 5 +0.0 points no spread to tell an interval from",
    ]
    assert text_of(text, "success rate").startswith("success rate 40.0 % 5 100.0 % 5 +60.0 points +")
    assert text_of(text, "attempts per goal").startswith("attempts per goal 1.40 5 1.00 5 -0.40 -")
    assert text_of(text, "cost per success").startswith("cost per success $1.00 5 $0.30 5 -$0.70 too few")
    assert "n is small: 5 before, 5 after." in text


def text_of(text: str, name: str) -> str:
    return next(" ".join(line.split()) for line in text.splitlines() if line.startswith(name))


def test_without_retrospectives_it_says_how_to_begin(site: GoalSite) -> None:
    fill(site)
    text = render(describe_timeline(look(site, RetroFiles(problem="No git.")), UTC), width=100)
    assert "No retrospective: no goal of type retro is over, and no commit added a file to docs/retros." in text
    assert "No git." in text
