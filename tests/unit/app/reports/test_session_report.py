"""The report on one session: what it is held against, what got worse, what may help."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection

import msgspec
import pytest

from tachograph.analysis.kpis import load_kpis, measure_kpis
from tachograph.app.learn.fold import keep_kind
from tachograph.app.reports.kpi_rows import Peers, find_regressions, report_kpis, verdict_on
from tachograph.app.reports.markdown import session_markdown, session_markdowns
from tachograph.app.reports.session import CHART_SESSIONS, find_point, report_session, report_sessions
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound
from tachograph.learning.alerts import Alert
from tachograph.learning.baselines import Baseline, Deviation
from tachograph.learning.review import Judged
from tachograph.learning.trials import Effect, TrialState
from tachograph.warehouse.store import open_writer, transaction
from tests.builders.looped import USUAL, Looped, looped, store_points, translation, translations
from tests.builders.post_mortem import post_mortem
from tests.builders.wasteful import Wasteful, make_workspace, wasteful
from tests.golden import check_golden
from tests.unit.report.test_markdown import assert_harmless

__all__ = ["looped", "wasteful"]
POST_MORTEM = "claude_code:post-mortem"


@pytest.fixture
def translators(home: Path) -> Workspace:
    workspace = make_workspace(home)
    store_points(workspace, translations())
    return workspace


@pytest.fixture
def connection(translators: Workspace) -> Iterator[Connection]:
    with open_writer(translators.folder) as opened:
        yield opened


def judged_post_mortem() -> Judged:
    """The post-mortem session held against the very baselines that the plan gives."""
    point = translation(POST_MORTEM, 0, measure_kpis(post_mortem()).values)
    before, deviations = {}, {}
    for name, (mean, sd) in USUAL.items():
        value, sign = point.values[name], -1 if load_kpis()[name].better == "up" else 1
        before[name] = Baseline(name, 12, mean, sd, mean, mean, mean, "converged", False, False, 0)
        deviations[name] = Deviation(name, value, mean, sd, sign * (value - mean) / sd, 0.0)
    return Judged(point, before, deviations, (), (), {"tool_overhead_ratio": "up"})


def alert(kpi: str, severity: str = "warning", **fields: object) -> Alert:
    told = {"id": kpi, "session": POST_MORTEM, "group": None, "rule": "worse", "priority": 9, "at": 0, "value": 0.0,
            "mean": None, "sd": None, "deviations": None, "consecutive": 0, "action": "Look."}  # fmt: skip
    return Alert(kpi=kpi, severity=severity, **{**told, **fields})  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------- the post-mortem


def test_the_post_mortem_session_has_its_four_regressions_in_their_order() -> None:
    found = find_regressions(judged_post_mortem())
    assert [(one.kpi, round(one.deviations or 0.0, 1)) for one in found] == [
        ("tool_overhead_ratio", 11.9),
        ("active_time_ratio", 5.8),
        ("task_completion_rate", 4.2),
        ("token_efficiency", 3.8),
    ]
    assert found[0].evidence == "1.73 against 0.42 ± 0.11, baseline of 12 sessions; past the warning threshold of 1"


def test_its_table_has_the_differences_and_what_they_mean() -> None:
    rows = {one.kpi: one for one in report_kpis(judged_post_mortem(), Peers([]))}
    overhead, cache = rows["tool_overhead_ratio"], rows["cache_efficiency"]
    assert overhead.delta == pytest.approx(26 / 15 - 0.42)
    assert overhead.delta_share == pytest.approx((26 / 15 - 0.42) / 0.42)
    assert (overhead.verdict, overhead.level, overhead.trend, overhead.percentile) == ("PASS", "warning", "up", None)
    assert (cache.level, cache.trend) == ("good", None)
    assert cache.deviations == pytest.approx(-1.0749, abs=1e-4)
    unheard = rows["cost_per_turn"]
    assert (unheard.baseline_mean, unheard.delta, unheard.delta_share, unheard.deviations) == (None,) * 4


def test_all_five_suggestions_fit_it_the_most_pressing_first(connection: Connection) -> None:
    report = report_session(connection, POST_MORTEM)
    assert [(one.priority, one.id) for one in report.suggestions] == [
        ("CRITICAL", "background_agents"),
        ("HIGH", "batch_tasks"),
        ("HIGH", "preload_documents"),
        ("MEDIUM", "close_tasks"),
        ("MEDIUM", "idle_timeout"),
    ]
    assert report.suggestions[1].evidence == ["Management calls per productive call 1.73, bound 1"]


def test_it_is_critical_and_worse_than_all_others(connection: Connection) -> None:
    report = report_session(connection, POST_MORTEM)
    assert (report.verdict, report.agent_type, report.model_family) == ("CRITICAL", "translation", "claude-opus")
    assert [one.kpi for one in report.regressions][:2] == ["tool_overhead_ratio", "active_time_ratio"]
    rows = {one.kpi: one for one in report.kpis}
    assert {rows[one.kpi].verdict for one in report.regressions} == {"CRITICAL"}
    assert {rows[one.kpi].percentile for one in report.regressions} == {0.0}
    assert rows["cache_efficiency"].percentile == 1.0
    assert rows["tool_overhead_ratio"].baseline_sessions == 30
    assert report.usd == 5.0


def test_charts_show_the_last_sessions_of_what_got_worse(connection: Connection) -> None:
    report = report_session(connection, POST_MORTEM)
    assert [one.kpi for one in report.history] == [one.kpi for one in report.regressions]
    assert {len(one.values) for one in report.history} == {CHART_SESSIONS}
    assert report.history[0].values[-2:] == [pytest.approx(0.53), pytest.approx(26 / 15)]


def test_later_sessions_are_not_in_the_charts_of_an_earlier_one(connection: Connection) -> None:
    for one in report_session(connection, "claude_code:t005").history:
        assert len(one.values) == 6
        assert one.ended_at[-1] == datetime(2026, 10, 6, 10, tzinfo=UTC)


def test_the_first_sessions_are_held_against_defaults(connection: Connection) -> None:
    rows = {one.kpi: one for one in report_session(connection, "claude_code:t002").kpis}
    default = load_kpis()["token_efficiency"].default
    assert default is not None
    assert (rows["token_efficiency"].baseline_mean, rows["token_efficiency"].baseline_sd) == default
    assert (rows["token_efficiency"].baseline_sessions, rows["tool_overhead_ratio"].baseline_mean) == (2, None)


def test_as_markdown(connection: Connection, translators: Workspace) -> None:
    text = session_markdown(connection, translators, POST_MORTEM)
    check_golden("reports/session.md", text)
    assert_harmless(text)


# -------------------------------------------------------------------------------------------------- its verdict


@pytest.mark.parametrize(
    ("severities", "verdict"),
    [([], "PASS"), (["info"], "PASS"), (["info", "warning"], "WARNING"), (["critical", "warning"], "CRITICAL")],
)
def test_the_gravest_alert_is_the_verdict(severities: list[str], verdict: str) -> None:
    assert verdict_on([alert(f"kpi{n}", severity) for n, severity in enumerate(severities)]) == verdict


def test_a_bound_that_was_passed_is_a_regression_without_a_baseline() -> None:
    judged = judged_post_mortem()
    point = msgspec.structs.replace(judged.point, values={"error_rate": 0.4})
    bad = msgspec.structs.replace(
        judged, point=point, before={}, deviations={}, alerts=(alert("error_rate", "critical", consecutive=3),)
    )
    [one] = find_regressions(bad)
    assert (one.kpi, one.deviations, one.consecutive) == ("error_rate", None, 3)
    assert one.evidence == "0.4; past the critical threshold of 0.1; session 3 in a row on the bad side"


def test_a_little_worse_is_no_regression() -> None:
    judged = judged_post_mortem()
    mild = {name: msgspec.structs.replace(one, deviations=0.99) for name, one in judged.deviations.items()}
    assert find_regressions(msgspec.structs.replace(judged, deviations=mild)) == []


@pytest.mark.parametrize(
    ("kpi", "value", "share"),
    [("token_efficiency", 0.03, 2 / 3), ("token_efficiency", 0.01, 0.0), ("error_rate", 0.2, 1 / 3),
     ("error_rate", 0.1, 1.0), ("cost_per_turn", 1.0, None)],
)  # fmt: skip
def test_the_percentile_is_of_the_others_and_by_what_is_better(kpi: str, value: float, share: float | None) -> None:
    values = [(0.01, 0.1), (0.02, 0.1), (0.03, 0.2), (0.04, 0.3)]
    points = [
        translation(f"claude_code:{n}", n, {"token_efficiency": efficiency, "error_rate": errors})
        for n, (efficiency, errors) in enumerate(values)
    ]
    assert Peers(points).share_no_better(load_kpis()[kpi], value) == (pytest.approx(share) if share else share)


# ------------------------------------------------------------------------------------------------- all the rest


def test_waste_that_it_has_brings_the_suggestion_about_it(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    store_points(workspace, [translation(f"claude_code:{wasteful.loops.session_id}", 0, {"error_rate": 0.0})])
    with open_writer(workspace.folder) as connection:
        report = report_session(connection, f"claude_code:{wasteful.loops.session_id}")
    told = {one.evidence[0].partition(":")[0]: one for one in report.suggestions}
    assert {"redundant_read", "repeated_failed_retry"} <= set(told)
    assert "1 finding" in told["redundant_read"].evidence[0]
    assert "tacho waste --explain shows the proof of" in told["redundant_read"].evidence[0]


def test_trials_that_it_took_part_in_are_told(connection: Connection) -> None:
    row = ("batch_tasks:translation:1", POST_MORTEM, "batch_tasks", "translation", "treatment", 0.5, 1)
    state = TrialState(
        trial=row[0], suggestion=row[2], agent_type=row[3], state="no_effect", reason="", target=Effect(), guards={},
        where=(),
    )  # fmt: skip
    with transaction(connection):
        connection.execute("INSERT INTO assignments VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        keep_kind(connection, "trial", {row[0]: state})
    [arm] = report_session(connection, POST_MORTEM).trials
    assert (arm.suggestion, arm.arm, arm.share, arm.state) == ("batch_tasks", "treatment", 0.5, "no_effect")


def test_what_is_lacking_is_told_with_its_reason(looped: Looped) -> None:
    with looped.read() as connection:
        [id] = connection.execute("SELECT session FROM points WHERE lacking <> '{}'").fetchone()
        report = report_session(connection, id)
        text = session_markdown(connection, looped.workspace, id)
    assert set(report.lacking) == {"cost_per_output_token", "cost_per_turn", "waste_share"}
    assert (report.usd, report.completeness) == (None, pytest.approx(len(report.kpis) / (len(report.kpis) + 3)))
    assert "- **Cost per turn**: some of its responses have no known price" in text


def test_text_of_a_log_stays_text(looped: Looped) -> None:
    with looped.read() as connection:
        text = session_markdown(connection, looped.workspace, f"claude_code:{looped.bad[3].session_id}")
    assert_harmless(text)
    assert "`b`" not in text.replace("`` ", "").replace(" ``", "")
    assert "\x1b" not in text


def test_many_reports_are_those_that_one_gets_singly(looped: Looped) -> None:
    with looped.read() as connection:
        ids = [id for (id,) in connection.execute("SELECT session FROM points ORDER BY ended_at DESC")]
        many = list(report_sessions(connection, ids))
        assert [one.id for one in many] == ids[::-1]
        assert many == [report_session(connection, id) for id in reversed(ids)]
        assert dict(session_markdowns(connection, looped.workspace, ids[:2])) == {
            id: session_markdown(connection, looped.workspace, id) for id in ids[:2]
        }


def test_a_session_without_kpis_has_no_report(looped: Looped) -> None:
    with looped.read() as connection, pytest.raises(NotFound, match="has no KPIs"):
        report_session(connection, "claude_code:none")


def test_a_session_that_only_telemetry_knows_is_found_by_its_id(connection: Connection) -> None:
    assert find_point(connection, POST_MORTEM) == POST_MORTEM
    with pytest.raises(NotFound):
        find_point(connection, "post-mortem\udcff")
