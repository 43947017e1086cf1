"""Sessions held against their baselines, in the order in which they ended."""

from __future__ import annotations

import pytest

from tachograph.app.baselines import reset_baselines
from tachograph.app.learn.fold import (
    expected_of,
    judge_again,
    load_alerts,
    load_baselines,
    load_incidents,
    load_treated,
)
from tachograph.learning.records import Group
from tests.builders.pointed import DAY, MAIN, Loop, loop, make_point, points_of

__all__ = ["loop"]

USUAL = [0.02, 0.03, 0.02, 0.04, 0.03, 0.02, 0.03, 0.04, 0.02, 0.03]
TRIAL = "change_before_retrying:main:1790000000000"
"""Its target is the error rate."""


def baseline(loop: Loop, kpi: str = "error_rate", group: Group = MAIN):
    with loop.read() as connection:
        return load_baselines(connection)[group][kpi]


def alerts(loop: Loop, severity: str = "critical") -> list[tuple[str, str]]:
    """Session and KPI, the latest first."""
    with loop.read() as connection:
        return [(one.session, one.kpi) for one in load_alerts(connection, "severity = ?", (severity,))]


def test_baselines_do_not_depend_on_the_order_in_which_sessions_became_known(loop: Loop) -> None:
    points = points_of("error_rate", [*USUAL, 0.3, 0.3, 0.3, 0.02])
    for point in (*points[::2], *points[1::2]):
        loop.put(point)
        loop.learn()
    one_by_one = loop.rows("SELECT * FROM loop_records ORDER BY 1, 2"), loop.rows("SELECT * FROM alerts ORDER BY id")
    with loop.write() as connection:
        for table in ("points", "kpis", "alerts", "loop_records"):
            connection.execute(f"DELETE FROM {table}")
    loop.put(*points[::-1])
    loop.learn()
    assert loop.rows("SELECT * FROM loop_records ORDER BY 1, 2") == one_by_one[0]
    assert loop.rows("SELECT * FROM alerts ORDER BY id") == one_by_one[1]
    assert one_by_one[1]


def test_a_late_old_session_changes_what_came_after_it(loop: Loop) -> None:
    loop.put(*points_of("error_rate", USUAL, first=10))
    loop.learn()
    before = baseline(loop)
    loop.put(*points_of("error_rate", [0.5], first=0))
    loop.learn()
    assert (before.n, baseline(loop).n) == (10, 11)
    assert baseline(loop).mean > before.mean


def test_a_treated_session_does_not_feed_the_baseline_but_is_judged(loop: Loop) -> None:
    points = points_of("error_rate", [*USUAL, 0.4, 0.4])
    loop.put(*points)
    loop.assign(TRIAL, points[10].session, "treatment")
    loop.assign(TRIAL, points[11].session, "control")
    loop.learn()
    assert baseline(loop).n == 11
    assert {session for session, _ in alerts(loop)} == {points[10].session, points[11].session}
    with loop.read() as connection:
        assert load_treated(connection) == {points[10].session: frozenset({"error_rate"})}


def test_a_treated_session_feeds_the_baselines_of_all_other_kpis(loop: Loop) -> None:
    points = points_of("waste_share", USUAL)
    loop.put(*points)
    loop.assign(TRIAL, points[4].session, "treatment")
    loop.learn()
    assert baseline(loop, "waste_share").n == len(USUAL)


def test_what_a_suggestion_that_is_gone_has_changed_nobody_knows(loop: Loop) -> None:
    points = points_of("waste_share", USUAL)
    loop.put(*points)
    loop.assign("no_longer_there:main:1790000000000", points[4].session, "treatment")
    loop.learn()
    assert baseline(loop, "waste_share").n == len(USUAL) - 1


def test_an_assignment_that_comes_late_takes_its_session_out_of_the_baseline(loop: Loop) -> None:
    points = points_of("error_rate", USUAL)
    loop.put(*points)
    loop.learn()
    assert baseline(loop).n == 10
    loop.assign(TRIAL, points[4].session, "treatment")
    assert loop.learn().changed
    assert baseline(loop).n == 9


def test_three_in_a_row_are_an_incident(loop: Loop) -> None:
    points = points_of("error_rate", [*USUAL, 0.2, 0.25, 0.3])
    loop.put(*points)
    report = loop.learn()
    with loop.read() as connection:
        (incident,) = load_incidents(connection)
    assert [row.session for row in incident.sessions] == [one.session for one in points[-3:]]
    assert (incident.kpi, incident.group, incident.at) == ("error_rate", MAIN, points[-1].ended_at)
    assert report.incidents == 1
    assert loop.learn(forced=True).incidents == 0


def test_getting_better_is_no_alert(loop: Loop) -> None:
    loop.put(*points_of("error_rate", [0.2, 0.25, 0.2, 0.22, 0.24, 0.2, 0.21], first=0))
    loop.learn()
    known = set(alerts(loop)) | set(alerts(loop, "warning"))
    better = points_of("error_rate", [0.0, 0.0, 0.0], first=20)
    loop.put(*better)
    loop.learn()
    said = set(alerts(loop)) | set(alerts(loop, "warning")) | set(alerts(loop, "info"))
    assert {session for session, _ in said - known}.isdisjoint({one.session for one in better})


def test_judging_again_says_what_was_said(loop: Loop) -> None:
    points = points_of("error_rate", [*USUAL, 0.3, 0.02])
    loop.put(*points)
    loop.learn()
    with loop.read() as connection:
        (judged,) = judge_again(connection, {points[10].session: None})
        held = load_alerts(connection, "session = ?", (points[10].session,))
        assert list(judge_again(connection, {"claude_code:nobody": None})) == []
    assert sorted(one.id for one in judged.alerts) == sorted(one.id for one in held)
    assert judged.before["error_rate"].n == 10


def test_a_reset_begins_anew_and_old_alerts_stay(loop: Loop) -> None:
    loop.put(*points_of("error_rate", [*USUAL, 0.3]))
    loop.learn()
    said = alerts(loop)
    reset_baselines(loop.workspace, "main", None, None, None)
    assert loop.learn().changed
    assert (baseline(loop).n, baseline(loop).status) == (0, "bootstrap")
    assert alerts(loop) == said != []
    loop.now += 2 * DAY
    loop.put(*points_of("error_rate", [0.5, 0.5], first=105))
    loop.learn()
    assert baseline(loop).n == 2


def test_a_reset_of_one_kpi_leaves_the_others(loop: Loop) -> None:
    loop.put(*(make_point(number, {"error_rate": 0.02, "waste_share": 0.1}) for number in range(8)))
    loop.learn()
    reset_baselines(loop.workspace, "main", "claude_code", "claude-opus", "error_rate")
    loop.learn()
    assert (baseline(loop).n, baseline(loop, "waste_share").n) == (0, 8)


def test_each_model_family_has_a_baseline_and_they_are_pooled_too(loop: Loop) -> None:
    other = Group("main", "claude_code", "claude-sonnet")
    loop.put(*points_of("error_rate", USUAL), *points_of("error_rate", [0.5] * 6, first=20, group=other, kind="main"))
    loop.learn()
    assert (baseline(loop).n, baseline(loop, group=other).n) == (10, 6)
    assert baseline(loop, group=Group("main", "claude_code", "*")).n == 16
    assert baseline(loop, group=Group("main", "*", "*")).n == 16
    assert baseline(loop, group=other).mean == pytest.approx(0.5)


def test_what_is_expected_of_a_session_comes_from_its_own_group_else_from_a_wider_one(loop: Loop) -> None:
    loop.put(*points_of("error_rate", USUAL))
    loop.learn()
    with loop.read() as connection:
        table = load_baselines(connection)
    own = make_point(50, {})
    stranger = make_point(51, {}, Group("main", "claude_code", "new-house"))
    elsewhere = make_point(52, {}, Group("main", "codex", "gpt"))
    assert expected_of(own, "error_rate", table) == table[MAIN]["error_rate"]
    assert expected_of(stranger, "error_rate", table) == table[Group("main", "claude_code", "*")]["error_rate"]
    assert expected_of(elsewhere, "error_rate", table) == table[Group("main", "*", "*")]["error_rate"]
    assert expected_of(make_point(53, {}, Group("reader", "codex", "gpt")), "error_rate", table) is None


def test_before_five_sessions_nothing_is_expected(loop: Loop) -> None:
    loop.put(*points_of("error_rate", USUAL[:4]))
    loop.learn()
    with loop.read() as connection:
        assert expected_of(make_point(9, {}), "error_rate", load_baselines(connection)) is None
