"""One round of the loop: when it goes round, what it leaves behind, and what a failure leaves whole."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tachograph.app.learn.decisions import acknowledge
from tachograph.app.learn.weekly import week_of, week_span
from tachograph.app.suggestions import activate
from tachograph.learning.records import Group
from tests.builders.pointed import BAD, DAY, HOUR, NOW, Loop, loop, make_point, points_of

__all__ = ["loop"]

USUAL = [0.02, 0.03, 0.02, 0.04, 0.03, 0.02, 0.03, 0.04, 0.02, 0.03]
BEST = ["background_agents", "batch_tasks", "preload_documents"]


@pytest.fixture
def regressed(loop: Loop) -> Loop:
    """Ten sessions as usual, then two in which calls fail."""
    loop.put(*points_of("error_rate", [*USUAL, 0.2, 0.25], first=89))
    return loop


def told(loop: Loop, agent_type: str = "main") -> dict:
    found: dict = loop.briefing()["types"]["claude_code"][agent_type]
    return found


# ------------------------------------------------------------------------------------------------ when it goes round


def test_without_news_nothing_is_computed_and_nothing_is_written(loop: Loop) -> None:
    loop.bad_days()
    assert loop.learn().changed
    before = (loop.folder / "hooks" / "briefing.json").stat().st_mtime_ns
    report = loop.learn()
    assert (report.changed, report.sessions) == (False, 5)
    assert (loop.folder / "hooks" / "briefing.json").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "news", ["session", "assignment", "decision", "ack", "reset", "score", "setting", "hooks", "rules"]
)
def test_whatever_is_new_makes_it_go_round(regressed: Loop, news: str) -> None:
    regressed.bad_days()
    regressed.learn()
    assert not regressed.learn().changed
    if news == "session":
        regressed.put(make_point(101, BAD))
    elif news == "assignment":
        regressed.assign("batch_tasks:main:1", "claude_code:x", "control")
    elif news == "decision":
        activate(regressed.workspace, "batch_tasks", None)
    elif news == "setting":
        regressed.settings("[learn]\nshare = 0.3\n")
    elif news == "hooks":
        regressed.install(activation="manual")
    elif news == "rules":
        place = regressed.home / ".config" / "tachograph" / "alerts.toml"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(
            '[[rule]]\nid = "mine"\nkind = "bound"\nkpi = "error_rate"\nat = 0.01\nseverity = "info"\npriority = 9\n'
            'action = "Look."\n'
        )
    else:
        with regressed.write() as connection:
            if news == "ack":
                acknowledge(connection, "a1", "real")
            elif news == "reset":
                connection.execute("INSERT INTO baseline_resets (at, agent_type) VALUES (?, 'main')", (NOW,))
            else:
                connection.execute("INSERT INTO evaluations VALUES ('x', 'relevance', 'm', ?, 0.5, 'judge')", (NOW,))
    assert regressed.learn().changed
    assert not regressed.learn().changed


@pytest.mark.parametrize(
    "place", ["fold.fold_history", "run.judge_trials", "run.refresh_offers", "run.fill_places", "run.list_active",
              "run.prepare_briefing"],
)  # fmt: skip
def test_an_interrupted_round_is_made_up_for(loop: Loop, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    loop.install()
    loop.bad_days()

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"tachograph.app.learn.{place.replace('fold.', 'run.')}", interrupted)
        with pytest.raises(KeyboardInterrupt):
            loop.learn()
    loop.learn()
    assert loop.offered() == BEST
    assert len(loop.decided()) == 3
    assert len(json.loads((loop.folder / "active.json").read_bytes())["suggestions"]) == 3
    assert not loop.learn().changed


def test_new_alerts_are_counted_once(regressed: Loop) -> None:
    assert regressed.learn().alerts["critical"] == 2
    regressed.put(*points_of("error_rate", [0.02], first=101))
    regressed.now += DAY
    assert regressed.learn().alerts["critical"] == 0


# ---------------------------------------------------------------------------------------- what sessions are told


def test_the_briefing_tells_the_baseline_and_what_is_out_of_it(regressed: Loop) -> None:
    regressed.learn()
    facts = told(regressed)["facts"]
    head = "Tachograph: measured over up to 12 earlier sessions of this kind (mean ± standard deviation):\n"
    assert facts.startswith(head)
    assert "- Of late (critical): " in facts
    assert len(facts) <= 1100
    assert "(critical) in recent sessions; tacho alerts list shows them." in told(regressed)["notice"]
    assert "\n" not in told(regressed)["notice"]


def test_with_every_kpi_and_alert_there_is_the_facts_stay_short(loop: Loop) -> None:
    from tachograph.analysis.kpis import load_kpis

    worst = {name: (0.0 if kpi.better == "up" else 1.0) for name, kpi in load_kpis().items()}
    best = {name: (1.0 if kpi.better == "up" else 0.001) for name, kpi in load_kpis().items()}
    loop.put(
        *(make_point(number, best) for number in range(88, 98)), *(make_point(number, worst) for number in (98, 99))
    )
    loop.learn()
    assert 500 < len(told(loop)["facts"]) <= 1100


def test_before_five_sessions_there_are_no_facts(loop: Loop) -> None:
    loop.put(*points_of("error_rate", USUAL[:3], first=95))
    loop.learn()
    assert told(loop) == {"facts": "", "notice": "", "suggestions": []}


def test_each_agent_type_is_told_of_its_own_sessions(regressed: Loop) -> None:
    regressed.put(*points_of("error_rate", USUAL, first=80, group=Group("reader", "claude_code", "claude-opus")))
    regressed.learn()
    assert "Of late" in told(regressed)["facts"]
    assert "Of late" not in told(regressed, "reader")["facts"]
    assert "critical" not in told(regressed, "reader")["notice"]


def test_the_model_family_in_use_now_is_the_one_that_is_told_of(regressed: Loop) -> None:
    regressed.put(*points_of("error_rate", [0.5] * 8, first=101, group=Group("main", "claude_code", "new-house"),
                             kind="main"))  # fmt: skip
    regressed.now += 3 * DAY
    regressed.learn()
    assert "measured over up to 8 earlier sessions" in told(regressed)["facts"]


def test_the_gate_is_opt_in_and_open_after_a_day_or_once_the_alert_is_seen(regressed: Loop) -> None:
    regressed.learn()
    assert regressed.briefing()["gate"] is None
    regressed.settings("[hooks]\ngate = true\n")
    regressed.learn()
    gate = regressed.briefing()["gate"]
    assert (gate["phrase"], gate["until"]) == ("!go", NOW + DAY)
    assert f"tacho alerts ack {gate['alert']}" in gate["reason"]
    with regressed.write() as connection:
        for (one,) in regressed.rows("SELECT id FROM alerts"):
            acknowledge(connection, one, "seen")
    regressed.learn()
    assert regressed.briefing()["gate"] is None


def test_the_key_stays_as_long_as_it_is_whole(loop: Loop) -> None:
    loop.learn()
    key = loop.briefing()["key"]
    loop.learn(forced=True)
    assert loop.briefing()["key"] == key
    (loop.folder / "hooks" / "trial.key").write_text("short")
    loop.learn(forced=True)
    assert loop.briefing()["key"] != key
    assert len(loop.briefing()["key"]) == 64


def test_files_for_the_hooks_are_the_users_alone(loop: Loop) -> None:
    loop.bad_days()
    loop.learn()
    for name in ("briefing.json", "trial.key"):
        assert (loop.folder / "hooks" / name).stat().st_mode & 0o077 == 0
    assert [one.name for one in (loop.folder / "hooks").glob("*.part")] == []


# ------------------------------------------------------------------------------------------------ weekly


def test_the_first_round_after_a_weeks_end_writes_its_report_and_says_so_for_two_days(loop: Loop) -> None:
    loop.put(*points_of("error_rate", USUAL, first=60))  # 8 to 10 November: weeks 45 and 46
    report = loop.learn()
    assert report.weekly_report == str(loop.folder / "reports" / "weekly-2026-W46.md")
    assert Path(report.weekly_report).read_text(encoding="utf-8").startswith("# ")
    assert Path(report.weekly_report).stat().st_mode & 0o077 == 0
    assert "tacho report weekly --week 2026-W46" in told(loop)["notice"]
    again = loop.learn(forced=True)
    assert again.weekly_report is None
    loop.now += 2 * DAY + HOUR
    loop.learn()
    assert "report" not in told(loop)["notice"]


def test_a_week_without_sessions_has_no_report(loop: Loop) -> None:
    loop.put(*points_of("error_rate", USUAL, first=10))
    assert loop.learn().weekly_report is None


def test_the_next_week_has_a_report_of_its_own(loop: Loop) -> None:
    loop.put(*points_of("error_rate", USUAL, first=60), *points_of("error_rate", USUAL, first=91))
    loop.learn()
    loop.now += 7 * DAY
    report = loop.learn()
    assert report.weekly_report is not None
    assert report.weekly_report.endswith("weekly-2026-W47.md")


@pytest.mark.parametrize(
    ("moment", "week"),
    [
        ("2026-11-15T23:59:59", "2026-W46"),
        ("2026-11-16", "2026-W47"),
        ("2027-01-01", "2026-W53"),
        ("2024-12-30", "2025-W01"),
    ],
)
def test_weeks_are_iso_weeks(moment: str, week: str) -> None:
    assert week_of(datetime.fromisoformat(moment)) == week


def test_a_week_with_a_change_of_clocks_is_an_hour_longer_or_shorter() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    spans = [week_span(week, berlin) for week in ("2026-W12", "2026-W13", "2026-W43")]
    assert [(until - since) // HOUR for since, until in spans] == [168, 167, 169]


@pytest.mark.parametrize("week", ["2026-W54", "2026W46", "2026-W4", "26-W46", "2026-W00", "", "week"])
def test_what_is_no_week_is_refused(week: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        week_span(week, ZoneInfo("UTC"))


# ------------------------------------------------------------------------------------------------ promotion, sinks


def test_what_is_proven_is_promoted_by_itself_only_where_that_was_chosen(loop: Loop) -> None:
    loop.install("claude_code", "codex")
    (loop.home / ".codex").mkdir(exist_ok=True)
    file = loop.home / ".claude" / "CLAUDE.md"
    loop.bad_days(8)
    loop.learn()
    trial = next(one.trial for one in loop.activations() if one.suggestion == "batch_tasks")
    for number in range(101, 161):
        treated = bool(number % 2)
        point = make_point(number, {"tool_overhead_ratio": (1.0 if treated else 3.0) + (number % 5) / 10})
        loop.put(point)
        loop.assign(trial, point.session, "treatment" if treated else "control", at=point.started_at)
    loop.now += 16 * DAY
    loop.learn()
    assert loop.trials()["batch_tasks"].state == "proven"
    assert not file.exists()
    loop.settings('[learn]\npromotion = "auto"\n')
    report = loop.learn()
    assert report.notes == [f"batch_tasks was promoted: {file}."]
    assert "made 3 task or plan calls" in file.read_text()
    assert ("batch_tasks", "main", "promote", "auto") in loop.decided()
    assert list((loop.home / ".codex").iterdir()) == []  # nothing was proven there
    assert loop.learn(forced=True).notes == []


def test_a_command_hears_of_new_critical_alerts_once(regressed: Loop, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    regressed.settings(f'[alerts]\ncommand = "tee -a {heard}"\n')
    assert regressed.learn().notes == []
    size = heard.stat().st_size
    assert size > 0
    regressed.now += HOUR
    regressed.learn()
    assert heard.stat().st_size == size


def test_old_alerts_that_were_read_late_reach_no_sink(loop: Loop, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    loop.settings(f'[alerts]\ncommand = "tee -a {heard}"\n')
    loop.put(*points_of("error_rate", [*USUAL, 0.4], first=50))
    assert loop.learn().alerts["critical"] == 1
    assert not heard.exists()


def test_a_sink_that_fails_is_a_note(regressed: Loop) -> None:
    regressed.settings('[alerts]\ncommand = "false"\n')
    report = regressed.learn()
    assert len(report.notes) == 1
    assert report.alerts["critical"] == 2
