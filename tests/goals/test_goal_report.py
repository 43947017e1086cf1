"""All goals as Markdown: as agreed, the same each time, harmless, and never in place of another file."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest

from tests.builders.goal_site import GoalSite
from tests.builders.small import MYSTERY, write_config
from tests.golden import check_golden
from tests.unit.cli.running import Tacho

NOTE = "a | b\n# no heading <img src=x> [link](http://example.org) @ada `x` \x1b[31m\u202e"


@pytest.fixture
def tacho(capsys: pytest.CaptureFixture[str]) -> Tacho:
    return Tacho(capsys)


@pytest.fixture
def site(home: Path, monkeypatch: pytest.MonkeyPatch) -> GoalSite:
    """A ledger with a goal of every kind, in whose repository the test stands."""
    write_config(home)
    site = GoalSite(home)
    site.goal("09:00", "10:00", title="Repair the login", output=100_000, fit="exact_fit", noted="house-model")
    first = site.goal("10:00", "11:00", "fail", title="Export as CSV", reason="missing_context", output=50_000)
    site.goal("11:00", "12:00", title="Export as CSV, with the format", supersedes=first.id, output=50_000,
              retry=("11:30", "validation_failed"), fit="partial_fit", agent="codex")  # fmt: skip
    site.goal("12:00", "13:00", title="Look back", type="retro")
    site.goal("13:00", "14:00", title=NOTE, output=10_000, model=MYSTERY)
    site.goal("15:00", title="Still at it", type="meta")
    site.claude.write()
    monkeypatch.chdir(site.root)
    return site


def test_the_report_is_as_agreed_and_the_same_each_time(site: GoalSite, tacho: Tacho) -> None:
    assert tacho("goal", "report") == 0
    text = tacho.out
    check_golden("goal-report.md", text)
    assert tacho("goal", "report", "--no-ingest") == 0
    assert tacho.out == text


def test_what_others_wrote_is_harmless(site: GoalSite, tacho: Tacho) -> None:
    assert tacho("goal", "report") == 0
    assert "\x1b" not in tacho.out
    assert "\u202e" not in tacho.out
    outside = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", tacho.out)  # code spans left out
    assert not any(sign in outside for sign in ("<img", "[link]", "@ada", "http://"))
    assert not [line for line in tacho.out.splitlines() if line.startswith("# no")]


def test_without_goals_it_says_so(home: Path, tacho: Tacho, monkeypatch: pytest.MonkeyPatch) -> None:
    site = GoalSite(home)
    monkeypatch.chdir(site.root)
    assert tacho("goal", "report") == 0
    assert "No goals yet." in tacho.out
    assert not site.place.path.exists()


def test_a_file_is_written_privately_and_again(site: GoalSite, tacho: Tacho) -> None:
    path = site.root / "GOALS.md"
    for _ in range(2):
        assert tacho("goal", "report", "--out", str(path)) == 0, tacho.err
        assert (tacho.out, f"Written to {path}." in tacho.err) == ("", True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert tacho("goal", "report") == 0
    assert path.read_text() == tacho.out


def test_another_file_is_not_replaced(site: GoalSite, tacho: Tacho) -> None:
    path = site.root / "notes.md"
    path.write_text("mine\n")
    assert tacho("goal", "report", "--out", str(path)) == 2
    assert "is no report of tacho" in tacho.err
    assert path.read_text() == "mine\n"


def test_a_file_and_json_are_not_asked_for_together(site: GoalSite, tacho: Tacho) -> None:
    assert tacho("goal", "report", "--out", "x.md", "--json") == 2


def test_json_holds_goals_attempts_and_figures(site: GoalSite, tacho: Tacho) -> None:
    assert tacho("goal", "report", "--json") == 0
    told = json.loads(tacho.out)
    assert (told["schema"], told["ledger"]) == ("tachograph.goal_report/1", "metrics/events.ndjson")
    assert [len(one["attempts"]) for one in told["goals"]] == [1, 1, 2, 1, 1, 1]
    figures = told["figures"]
    assert (figures["achieved"]["closed"], figures["open"], figures["matched"]) == (4, 1, 3)
    assert (figures["achieved"]["cost_known"], figures["achieved"]["usd_per_success"]) == (2, pytest.approx(1.0))


def test_the_timeline_as_a_command(site: GoalSite, tacho: Tacho) -> None:
    assert tacho("goal", "retro-timeline", "--window", "3", "--json") == 0, tacho.err
    told = json.loads(tacho.out)
    [retro] = told["retros"]
    assert (told["schema"], told["window"]) == ("tachograph.goal_retro_timeline/1", 3)
    assert (retro["goal_id"], len(retro["before"]), len(retro["after"])) == ("2026-05-18-004", 2, 1)
    assert retro["warning"].startswith("n is small: 2 before, 1 after.")
    assert tacho("goal", "retro-timeline") == 0
    assert "2026-05-18-004" in tacho.out


def test_an_overview_shows_goals(site: GoalSite, tacho: Tacho) -> None:
    assert tacho() == 0
    told = [" ".join(line.split()) for line in tacho.out.partition("\nGoals")[2].splitlines()]
    assert told[1:8] == [
        "closed 4, 4 succeeded (100.0 %), 1 open",
        "attempts 1.50 per goal",
        "cost $1.00 per success (n = 2 goals whose whole cost is known, 2 succeeded)",
        "history 3 of 4 matched, whole cost known of 2",
        "by model house-model 2 of 2 at $1.00, mystery 1 of 1, not noted 1 of 1",
        "failed attempts missing context 1, validation failed 1",
        "",
    ]
    assert tacho("--json") == 0
    assert json.loads(tacho.out)["goals"]["known_cost_coverage"] == 0.5


def test_an_overview_without_goals_says_nothing_of_them(
    home: Path, tacho: Tacho, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(home)
    site = GoalSite(home)
    site.session("09:00", 1000)
    site.claude.write()
    monkeypatch.chdir(site.root)
    assert tacho() == 0
    assert "oals" not in tacho.out
    assert tacho("--json") == 0
    assert json.loads(tacho.out)["goals"] is None


def test_without_a_history_goals_are_shown_all_the_same(
    home: Path, tacho: Tacho, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = GoalSite(home)
    site.goal("09:00", "10:00", "fail", reason="other")
    monkeypatch.chdir(site.root)
    assert tacho() == 0
    assert "There is no history of a coding agent" in tacho.out
    assert "1, 0 succeeded (0.0 %)" in tacho.out


def test_a_ledger_that_cannot_be_read_does_not_break_the_overview(site: GoalSite, tacho: Tacho) -> None:
    site.place.path.unlink()
    site.place.path.mkdir()
    assert tacho() == 0
    assert "cannot be read: it is no regular file." in " ".join(tacho.out.split())
