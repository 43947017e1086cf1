"""Trends: what the charts draw is what the reports count."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from tachograph.analysis.kpis import load_kpis
from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.dashboard.pages.trends import PAGE
from tachograph.app.dashboard.time_axis import Axis
from tachograph.app.dashboard.trend_marks import step_of
from tachograph.app.dashboard.trend_sums import usual_range
from tachograph.app.ingest import ingest
from tachograph.app.kpis import report_kpis
from tachograph.app.learn.fold import load_alerts
from tachograph.app.learn.points import load_points
from tachograph.app.rollups.refresh import refresh
from tachograph.app.scope import Scope, parse_scope
from tachograph.app.suggestions import activate
from tachograph.app.token_facts import count_verdicts
from tachograph.errors import NotFound, UsageError
from tachograph.learning.alerts.judge import BEYOND
from tachograph.learning.baselines import Baseline
from tachograph.report.view import Beside, Chart, Empty, Field, Filters, Note, Section, View, find_grid
from tests.builders.claude import ClaudeHome
from tests.builders.looped import HOSTILE, Looped, looped
from tests.builders.pointed import DAY, NOW, Loop, loop, points_of
from tests.builders.wasteful import make_workspace
from tests.dashboard.conftest import NOW_MS
from tests.dashboard.walking import walk

__all__ = ["loop", "looped"]
SCOPES = ({"range": "all"}, {"range": "7d"}, {"range": "90d"}, {"range": "90d", "agent": "claude_code"})


def scope_of(params: dict[str, str], now: int = NOW_MS) -> Scope:
    return parse_scope(params, UTC, "UTC", now)


def view_of(desk: Desk, params: dict[str, str], **own: str) -> View:
    scope = scope_of(params, desk.now_ms)
    view: View = PAGE.show(PAGE.gather(desk, scope, own), scope, own)
    return view


def charts_of(view: View) -> dict[str, Chart]:
    return {block.id: block for block in walk(view.blocks) if isinstance(block, Chart)}


@pytest.mark.parametrize("params", SCOPES)
def test_verdicts_add_up_to_those_of_the_report(desk: Desk, params: dict[str, str]) -> None:
    scope = scope_of(params)
    data = PAGE.gather(desk, scope, {})
    counts: Counter[str] = Counter()
    for task in data.tasks:
        for verdict, sessions in task.verdicts.items():
            counts[verdict] += sum(sessions)
        assert [sum(each) for each in zip(*task.verdicts.values(), strict=True)] == task.sessions
    told = count_verdicts(desk.connection, scope.filter)
    assert {name: number for name, number in told.items() if number} == dict(counts)


@pytest.mark.parametrize("params", SCOPES)
def test_sessions_with_waste_are_those_with_a_finding(desk: Desk, params: dict[str, str]) -> None:
    scope = scope_of(params)
    data = PAGE.gather(desk, scope, {})
    [(number,)] = desk.connection.execute(
        "SELECT count(DISTINCT m.root_id) FROM findings f JOIN segments g USING (segment)"
        " JOIN sessions m ON m.id = g.session JOIN sessions s ON s.id = m.root_id"
        " WHERE s.started_at >= ? AND (? IS NULL OR s.agent = ?)",
        (scope.filter.since or 0, scope.agent, scope.agent),
    )
    assert sum(sum(task.wasteful) for task in data.tasks) == number > 0


@pytest.mark.parametrize(("params", "step"), [({"range": "7d"}, "day"), ({"range": "30d"}, "week"),
                                              ({"from": "2026-10-10", "to": "2026-11-15"}, "week"),
                                              ({"range": "90d"}, "week")])  # fmt: skip
def test_steps_are_days_up_to_two_weeks_of_them_then_weeks(desk: Desk, params: dict[str, str], step: str) -> None:
    data = PAGE.gather(desk, scope_of(params), {})
    assert data.step == step
    days = [date.fromisoformat(label) for label in data.labels]
    assert len({later - earlier for earlier, later in pairwise(days)}) == 1
    assert step == "day" or all(day.weekday() == 0 for day in days)


@pytest.mark.parametrize("params", SCOPES)
def test_kpis_are_the_means_of_the_sessions_that_ended(desk: Desk, params: dict[str, str]) -> None:
    scope = scope_of(params)
    data = PAGE.gather(desk, scope, {"type": "main"})
    points = [
        point
        for point in load_points(desk.connection, "agent_type = 'main'")
        if point.ended_at >= (scope.filter.since or 0) and scope.agent in (None, point.group.agent)
    ]
    assert data.kpis
    for one in data.kpis:
        values = [point.values[one.kpi] for point in points if one.kpi in point.values]
        assert sum(one.sessions) == len(values)
        drawn = sum(n * (mean or 0.0) for n, mean in zip(one.sessions, one.means, strict=True))
        assert drawn == pytest.approx(sum(values), abs=1e-5 * len(values))
        assert [mean is None for mean in one.means] == [n == 0 for n in one.sessions]


def test_the_band_is_the_baseline_of_the_report_on_kpis(desk: Desk, scope: Scope) -> None:
    data = PAGE.gather(desk, msgspec.structs.replace(scope, agent="claude_code"), {"type": "main"})
    [group] = [
        one
        for one in report_kpis(desk.connection, scope.filter, "main").groups
        if one.agent == "claude_code"
    ]  # fmt: skip
    told = {one.kpi: one.baseline for one in group.kpis}
    for one in data.kpis:
        baseline = told[one.kpi]
        if baseline is None or baseline.status == "bootstrap":
            assert one.low is None
        else:
            assert one.baseline_mean == baseline.mean
            assert (one.low, one.high) == usual_range(load_kpis()[one.kpi], baseline)
    assert any(one.low is not None for one in data.kpis)


def baseline(kpi: str, mean: float | None, sd: float, status: str = "settling") -> Baseline:
    return Baseline(kpi, 9, mean, sd, None, None, None, status, False, False, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kpi", "held", "expected"),
    [
        ("error_rate", baseline("error_rate", 0.5, 0.25), (0.25, 0.75)),
        ("error_rate", baseline("error_rate", 0.1, 0.25), (0.0, 0.35)),
        ("context_peak", baseline("context_peak", 1000.0, 0.6931471805599453), (500.0, 2000.0)),
        ("error_rate", baseline("error_rate", 0.1, 0.25, "bootstrap"), (None, None)),
        ("error_rate", baseline("error_rate", None, 0.25), (None, None)),
        ("error_rate", None, (None, None)),
    ],
)
def test_the_usual_range(kpi: str, held: Baseline | None, expected: tuple[float | None, float | None]) -> None:
    assert usual_range(load_kpis()[kpi], held) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("day", "step"), [("2026-11-01", None), ("2026-11-02", 0), ("2026-11-08", 0), ("2026-11-09", 1), ("2027-01-01", 1)]
)
def test_the_step_of_a_moment(day: str, step: int | None) -> None:
    axis = Axis("week", [date(2026, 11, 2), date(2026, 11, 9)])
    at = datetime.fromisoformat(f"{day}T23:59:00+00:00").timestamp() * 1000
    assert step_of(axis, round(at), UTC) == step


def test_grave_alerts_are_marked_where_they_lie(looped: Looped) -> None:
    refresh(looped.workspace)
    with open_desk(looped.workspace, update=False) as desk:
        desk.now_ms = NOW
        dates = {
            "from": f"{datetime.fromtimestamp(NOW / 1000 - 13 * 86400, UTC):%Y-%m-%d}",
            "to": f"{datetime.fromtimestamp(NOW / 1000, UTC):%Y-%m-%d}",
        }
        scope = scope_of(dates, NOW)
        data = PAGE.gather(desk, scope, {"type": "main", "kpi": "error_rate"})
        alerts = [
            one for one in load_alerts(desk.connection, "kpi = 'error_rate' AND severity <> 'info'")
            if one.severity == "critical" or (one.deviations or 0) > BEYOND
        ]  # fmt: skip
        view = view_of(desk, dates, type="main", kpi="error_rate")
    marks = [one for one in data.marks if one.kind == "alert"]
    days = Counter(f"{datetime.fromtimestamp(one.at / 1000, UTC):%Y-%m-%d}" for one in alerts)
    assert [data.labels[one.at] for one in marks] == sorted(days)
    assert {one.session for one in marks} == {one.session for one in alerts}
    chart = charts_of(view)["kpi-error-rate"]
    assert [mark.at for mark in chart.marks] == [one.at for one in marks]
    assert all(mark.href.startswith("/session?id=claude_code%3A") for mark in chart.marks)
    assert {mark.tone for mark in chart.marks} <= {"warn", "bad"}


def test_trials_are_marked_on_their_target(loop: Loop) -> None:
    loop.put(*points_of("tool_overhead_ratio", [3.0] * 12, first=88))
    loop.install(activation="manual")
    loop.learn()
    one = activate(loop.workspace, "batch_tasks", "main")
    loop.learn()
    refresh(loop.workspace)
    with open_desk(loop.workspace, update=False) as desk:
        desk.now_ms = NOW + DAY
        view = view_of(desk, {"range": "all"}, kpi="tool_overhead_ratio")
    marks = charts_of(view)["kpi-tool-overhead-ratio"].marks
    assert [(mark.label, mark.href) for mark in marks if "trial" in mark.label] == [
        (f"trial of {one.suggestion}: began", "/suggestions#trials")
    ]


def test_shares_of_verdicts_make_up_one(desk: Desk) -> None:
    charts = charts_of(view_of(desk, {"range": "90d"}))
    verdicts = [chart for name, chart in charts.items() if name.startswith("verdicts-")]
    assert 1 <= len(verdicts) <= 4
    for chart in verdicts:
        assert [series.name for series in chart.series] == [
            "above the band", "within the band", "below the band", "no verdict",
        ]  # fmt: skip
        for shares in zip(*(series.values for series in chart.series), strict=True):
            told = [share for share in shares if share is not None]
            assert not told or sum(told) == pytest.approx(1.0)


def test_one_kind_of_task_alone(desk: Desk) -> None:
    view = view_of(desk, {"range": "90d"}, task="debug-fix")
    assert [name for name in charts_of(view) if name.startswith("verdicts-")] == ["verdicts-debug-fix"]
    grid = find_grid(view.blocks, "tasks-in-all")
    assert grid is not None
    assert [row[0].value for row in grid.rows] == ["debug-fix"]


def test_few_sessions_are_called_few(desk: Desk) -> None:
    view = view_of(desk, {"range": "90d"}, task="debug-fix")
    notes = [block.text for block in walk(view.blocks) if isinstance(block, Note)]
    assert any("fewer than 3 sessions" in text for text in notes)


def test_at_most_six_kpis_unless_one_is_named(desk: Desk) -> None:
    names = [name for name in charts_of(view_of(desk, {"range": "90d"})) if name.startswith("kpi-")]
    assert len(names) == 6
    named = charts_of(view_of(desk, {"range": "90d"}, kpi="cache_reuse"))
    assert [name for name in named if name.startswith("kpi-")] == ["kpi-cache-reuse"]


def test_the_type_with_most_sessions_comes_first(desk: Desk, scope: Scope) -> None:
    data = PAGE.gather(desk, scope, {})
    numbers = [one.sessions for one in data.agent_types]
    assert numbers == sorted(numbers, reverse=True)
    assert data.agent_type == data.agent_types[0].agent_type == "main"
    other = PAGE.gather(desk, scope, {"type": data.agent_types[1].agent_type})
    assert other.agent_type == data.agent_types[1].agent_type
    assert [one.sessions for one in other.kpis] != [one.sessions for one in data.kpis]


@pytest.mark.parametrize(
    ("own", "error", "slug"),
    [
        ({"type": "nobody"}, NotFound, "no_such_type"),
        ({"kpi": "nothing"}, UsageError, "unknown_kpi"),
        ({"task": "<b>"}, NotFound, "no_such_task"),
    ],
)
def test_what_is_not_there(desk: Desk, scope: Scope, own: dict[str, str], error: type, slug: str) -> None:
    with pytest.raises(error) as caught:
        PAGE.gather(desk, scope, own)
    assert caught.value.slug == slug


def test_a_forms_fields_keep_the_rest(desk: Desk) -> None:
    view = view_of(desk, {"range": "90d", "agent": "claude_code"}, type="main", kpi="error_rate")
    [tasks, kpis] = [block for block in walk(view.blocks) if isinstance(block, Filters)]
    assert tasks.keep == {"range": "90d", "agent": "claude_code", "type": "main", "kpi": "error_rate"}
    assert kpis.keep == {"range": "90d", "agent": "claude_code"}
    assert [isinstance(field, Field) and field.value for field in kpis.fields] == ["main", "error_rate"]


def test_an_empty_history_says_what_to_do(empty_desk: Desk) -> None:
    [block] = view_of(empty_desk, {"range": "all"}).blocks
    assert isinstance(block, Empty)
    assert block.command == "tacho ingest"
    [block] = view_of(empty_desk, {}).blocks
    assert isinstance(block, Empty)
    assert block.href == "/trends?range=all"


def test_sessions_without_kpis_are_told_how_to_get_them(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    claude.project().session("2026-11-20T09:00:00Z").prompt(HOSTILE).response()
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    with open_desk(workspace, update=True) as desk:
        desk.now_ms = NOW_MS
        blocks = list(walk(view_of(desk, {}).blocks))
    assert [block.command for block in blocks if isinstance(block, Empty)] == ["tacho learn"]


def test_three_charts_are_as_wide_as_each_other(desk: Desk) -> None:
    view = view_of(desk, {"range": "30d"})
    [tasks] = [block for block in view.blocks if isinstance(block, Section) and block.id == "tasks"]
    beside = [[len(part) for part in block.parts] for block in tasks.blocks if isinstance(block, Beside)]
    kinds = sum(map(sum, beside))
    assert kinds == len([block for block in walk(view.blocks) if isinstance(block, Chart) and "verdicts-" in block.id])
    assert kinds % 2 == 1
    assert beside == [[1, 1]] * (kinds // 2) + [[1, 0]]
