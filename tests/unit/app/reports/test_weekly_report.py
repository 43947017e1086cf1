"""The report on a week: use, cost with and without a cache, the best, the worst, what to do."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tachograph.app.cost import query_totals
from tachograph.app.filters import Filter
from tachograph.app.ingest import ingest
from tachograph.app.learn.decisions import acknowledge, decide
from tachograph.app.learn.fold import keep_kind
from tachograph.app.reports.markdown import weekly_markdown, write_weekly
from tachograph.app.reports.weekly import WeeklyReport, check_week, last_week, report_week
from tachograph.app.reports.weekly_page import describe_week
from tachograph.app.workspace import Workspace
from tachograph.errors import UsageError
from tachograph.learning.trials import Effect, TrialState
from tachograph.report.markdown import to_markdown
from tachograph.report.text import render
from tachograph.settings import Settings
from tachograph.warehouse.query_files import read_query
from tachograph.warehouse.store import open_writer, transaction
from tests.builders.history import write_hard_history
from tests.builders.log import milliseconds
from tests.builders.looped import NOW, WEEK, WEEK_BEFORE, Looped, looped, store_points, translation
from tests.builders.wasteful import HOUSE, RATES
from tests.golden import check_golden
from tests.unit.report.test_markdown import assert_harmless

__all__ = ["looped"]
HOSTILE_TYPE = "x|<b>@ada`"


def report(looped: Looped, week: str = WEEK, now: int = NOW, **settings: Any) -> WeeklyReport:
    workspace = Workspace(looped.workspace.folder, Settings(prices={HOUSE: RATES}, **settings))
    with looped.read() as connection:
        return report_week(connection, workspace, week, UTC, "UTC", now)


# ------------------------------------------------------------------------------------------------- the overview


def test_use_and_cost_of_the_week(looped: Looped) -> None:
    totals = report(looped).totals
    assert (totals.sessions, totals.main_sessions, totals.incomplete_sessions, totals.responses) == (6, 6, 1, 51)
    assert totals.tokens == 4 * 635_300 + 637_500 + 110
    assert totals.output == 4 * 300 + 2_500 + 100
    assert totals.cached_share == pytest.approx(3_000_000 / 3_175_010)
    assert totals.usd == pytest.approx(4 * 1.015 + 1.125)
    assert totals.unpriced_responses == 1


def test_without_a_cache_all_that_was_read_is_plain_input(looped: Looped) -> None:
    assert report(looped).totals.usd_without_cache == pytest.approx(4 * 6.365 + 6.475)
    before = report(looped, WEEK_BEFORE).totals
    assert (before.usd, before.usd_without_cache) == (pytest.approx(6 * 1.05), pytest.approx(6 * 6.40))


def test_what_is_priced_anew_is_what_counts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forks, copies with more output, several passes: each response once, as in every other report."""
    write_hard_history(home)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(home / "claude"))
    monkeypatch.setenv("CODEX_HOME", str(home / "codex"))
    workspace = Workspace(home / "tachograph", Settings())
    ingest(workspace)
    with open_writer(workspace.folder) as connection:
        span = check_week("2026-W10", UTC)
        rows = connection.execute(read_query("counted_between"), {"since": span[0], "until": span[1]}).fetchall()
        totals = query_totals(connection, Filter(*span))
    assert totals.responses > 10
    assert [sum(row[n] for row in rows) for n in range(4, 9)] == [
        totals.input, totals.cache_read, totals.cache_write_5m, totals.cache_write_1h, totals.output,
    ]  # fmt: skip
    assert sum(row[11] or 0 for row in rows) / 1e12 == pytest.approx(totals.usd)


def test_the_week_before_stands_beside_it(looped: Looped) -> None:
    found = report(looped)
    assert found.before == report(looped, WEEK_BEFORE).totals
    assert [(one.agent_type, one.agent, one.sessions) for one in found.agent_types] == [("main", "claude_code", 6)]
    assert found.agent_types[0].usd == pytest.approx(found.totals.usd)


def test_cost_by_day_and_by_week(looped: Looped) -> None:
    found = report(looped)
    assert [(one.key, one.usd) for one in found.days] == [
        *((f"2026-11-{day:02d}", pytest.approx(1.015)) for day in (9, 10, 11, 12)),
        ("2026-11-14", pytest.approx(1.125)),
    ]
    assert [one.key for one in found.weeks] == ["2026-11-02", "2026-11-09"]


def test_the_week_is_that_of_the_zone(looped: Looped) -> None:
    """At nine in the morning of Monday in UTC it is still Sunday in Honolulu."""
    with looped.read() as connection:
        zone = ZoneInfo("Pacific/Honolulu")
        found = report_week(connection, looped.workspace, WEEK, zone, "Pacific/Honolulu", NOW)
    assert (found.totals.sessions, found.before.sessions) == (5, 6)
    assert found.since == datetime(2026, 11, 9, 10, tzinfo=UTC)


# ------------------------------------------------------------------------------------------------ good and bad


def test_the_best_sessions_are_those_better_than_their_baseline(looped: Looped) -> None:
    [best] = report(looped).performers
    assert best.session == f"claude_code:{looped.good.session_id}"
    assert [one.kpi for one in best.kpis] == ["token_efficiency", "cost_per_output_token"]
    assert all(one.deviations <= -1 for one in best.kpis)


def test_what_got_worse_says_how_many_in_a_row(looped: Looped) -> None:
    found = {one.kpi: one for one in report(looped).regressions}
    assert set(found) == {"error_rate", "cost_per_output_token", "token_efficiency"}
    errors = found["error_rate"]
    assert (errors.consecutive, errors.critical + errors.warnings, errors.sessions) == (4, 4, 5)
    assert errors.median == 0.7
    assert errors.worst is not None
    assert errors.worst > 2
    assert report(looped, WEEK_BEFORE).regressions == []


def test_a_single_warning_is_no_regression_of_the_week(looped: Looped) -> None:
    """One such session in six is chance."""
    usual = [translation(f"claude_code:u{day}", _day(day), {"error_rate": 0.03 * (day % 2)}) for day in range(1, 9)]
    store_points(looped.workspace, [*usual, translation("claude_code:odd", _day(10), {"error_rate": 0.045})])
    found = report(looped)
    assert [one.kpi for one in found.regressions if one.agent_type == "translation"] == []


def test_kpis_stand_beside_the_week_before_and_have_a_trend(looped: Looped) -> None:
    [group] = report(looped).groups
    assert (group.agent_type, group.sessions) == ("main", 6)
    kpis = {one.kpi: one for one in group.kpis}
    assert (kpis["error_rate"].median, kpis["error_rate"].median_before) == (0.7, 0.05)
    assert (kpis["error_rate"].level, kpis["error_rate"].sessions) == ("critical", 5)
    assert {one.trend for one in group.kpis} <= {"up", "down", "stable"}


def test_alerts_and_incidents_of_the_week(looped: Looped) -> None:
    found = report(looped)
    assert found.alerts.critical + found.alerts.warning == 12
    assert {one.kpi for one in found.incidents} == {"error_rate", "cost_per_output_token", "token_efficiency"}
    assert [row.session for row in found.incidents[0].sessions] == [
        f"claude_code:{one.session_id}" for one in looped.bad[:3]
    ]


def test_false_alarms_are_counted(looped: Looped) -> None:
    with open_writer(looped.workspace.folder) as connection, transaction(connection):
        [alert] = connection.execute(
            "SELECT id FROM alerts WHERE kpi = 'error_rate' ORDER BY at DESC LIMIT 1"
        ).fetchone()
        acknowledge(connection, alert, "false_alarm")
    assert report(looped).alerts.false_alarms == 1


# ------------------------------------------------------------------------------------------------ trials, budgets


def test_trials_that_ran_in_the_week_are_told_as_they_stand(looped: Looped) -> None:
    at = milliseconds("2026-11-03T00:00:00Z")
    with open_writer(looped.workspace.folder) as connection, transaction(connection):
        decide(connection, "batch_tasks", "main", "activate", "user", at=at)
        decide(connection, "close_tasks", "main", "activate", "user", at=at)
        decide(connection, "idle_timeout", "main", "activate", "user", at=NOW)
        keep_kind(
            connection, "trial",
            {
                f"batch_tasks:main:{at}": _state("batch_tasks", "active"),
                f"close_tasks:main:{at}": _state("close_tasks", "proven", decided_at=at + 1),
                f"idle_timeout:main:{NOW}": _state("idle_timeout", "active"),
            },
        )  # fmt: skip
    found = report(looped)
    assert [(one.suggestion, one.state) for one in found.trials] == [("batch_tasks", "active")]
    assert [one.suggestion for one in report(looped, WEEK_BEFORE).trials] == ["batch_tasks", "close_tasks"]
    text = to_markdown(describe_week(found, UTC))
    assert "| 7 + 6 | Management calls per productive call | -0.25 (-0.5 to unbounded) |" in text


def _state(suggestion: str, state: Any, decided_at: int | None = None) -> TrialState:
    effect = Effect(n_treatment=7, n_control=6, difference=-0.25, low=-0.5)
    return TrialState(
        trial="", suggestion=suggestion, agent_type="main", state=state, reason="Too early to tell.", target=effect,
        guards={}, where=(), decided_at=decided_at,
    )  # fmt: skip


def test_budgets_for_a_day_are_counted_over_the_week(looped: Looped) -> None:
    budgets = [{"scope": "day", "usd": 1.1}, {"scope": "week", "usd": 10.0}]
    found = report(looped, budget=budgets)
    assert [one.level for one in found.budgets] == ["ok", "near", "near", "near", "near", "ok", "over", "ok"]
    text = to_markdown(describe_week(found, UTC))
    assert "- $1.10 a day: used up on 1 of 7 days; at most 102 % of it" in text
    assert report(looped).budgets == []


def test_recommendations_are_what_fits_and_is_not_tried_yet(looped: Looped) -> None:
    [one] = report(looped).recommendations
    assert (one.id, one.state) == ("background_agents", "offered")
    with open_writer(looped.workspace.folder) as connection, transaction(connection):
        decide(connection, "background_agents", "main", "activate", "user", at=NOW)
        keep_kind(connection, "trial", {f"background_agents:main:{NOW}": _state("background_agents", "active")})
    assert report(looped).recommendations == []


# ------------------------------------------------------------------------------------------------------ the week


def test_a_week_without_sessions_says_so(looped: Looped) -> None:
    found = report(looped, "2026-W20")
    assert (found.totals.sessions, found.totals.usd, found.totals.usd_without_cache) == (0, None, None)
    text = to_markdown(describe_week(found, UTC))
    assert text.startswith("# Weekly report 2026-W20 – 2026-05-11 to 2026-05-17, UTC\n\nThere was no session in")
    assert "Overview" not in text


@pytest.mark.parametrize(("now", "is_over"), [("2026-11-15T23:59:59Z", False), ("2026-11-16T00:00:00Z", True)])
def test_a_week_that_still_runs_says_so(looped: Looped, now: str, is_over: bool) -> None:
    found = report(looped, now=milliseconds(now))
    assert found.is_over is is_over
    assert ("not over yet" in to_markdown(describe_week(found, UTC))) is not is_over


@pytest.mark.parametrize(
    ("now", "zone", "week"),
    [("2026-11-18T12:00:00Z", "UTC", "2026-W46"), ("2026-11-16T00:30:00Z", "UTC", "2026-W46"),
     ("2026-11-16T00:30:00Z", "America/New_York", "2026-W45"), ("2027-01-06T00:00:00Z", "UTC", "2026-W53")],
)  # fmt: skip
def test_the_last_whole_week(now: str, zone: str, week: str) -> None:
    assert last_week(ZoneInfo(zone), milliseconds(now)) == week


@pytest.mark.parametrize("week", ["", "46", "2026-W54", "2026-W00", "2026-46", "2026-W4x", "../../etc", "0000-W01"])
def test_what_is_no_week_is_refused(looped: Looped, week: str) -> None:
    with pytest.raises(UsageError, match="is no week"):
        report(looped, week)


# ----------------------------------------------------------------------------------------------------- renderings


def test_as_markdown_and_as_text(looped: Looped) -> None:
    found = report(looped)
    text = to_markdown(describe_week(found, UTC))
    check_golden("reports/weekly.md", text)
    check_golden("reports/weekly.txt", render(describe_week(found, UTC), 100))
    assert_harmless(text)


def test_text_of_a_log_stays_text(looped: Looped) -> None:
    points = [
        translation(f"claude_code:<b>{day}", _day(day), {"error_rate": 0.02 * (day % 3) if day < 9 else 0.9})
        for day in range(1, 15)
    ]
    group = msgspec.structs.replace(points[0].group, agent_type=HOSTILE_TYPE, family="**[x](y)")
    store_points(looped.workspace, [msgspec.structs.replace(one, group=group) for one in points])
    found = report(looped)
    assert HOSTILE_TYPE in {one.agent_type for one in found.regressions}
    assert_harmless(to_markdown(describe_week(found, UTC)))


def test_the_report_is_written_privately_and_again(looped: Looped) -> None:
    with looped.read() as connection:
        path = write_weekly(connection, looped.workspace, WEEK)
        text = weekly_markdown(connection, looped.workspace, WEEK)
        path.write_text("x" * 100_000)
        assert write_weekly(connection, looped.workspace, WEEK) == path
    assert path == looped.workspace.folder / "reports" / f"weekly-{WEEK}.md"
    assert path.read_text(encoding="utf-8") == text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def _day(day: int) -> int:
    return milliseconds(f"2026-11-{day:02d}T18:00:00Z")


def test_nothing_is_written_for_what_is_no_week(looped: Looped, tmp_path: Path) -> None:
    with looped.read() as connection, pytest.raises(UsageError):
        write_weekly(connection, looped.workspace, "../x")
    assert list(looped.workspace.folder.glob("reports/*")) == []
