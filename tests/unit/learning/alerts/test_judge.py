from __future__ import annotations

import pytest

from tachograph.learning.alerts import Case, find_alert, load_rules
from tachograph.learning.alerts.judge import is_critical
from tachograph.learning.baselines import Deviation
from tests.unit.learning.histories import make_kpi, make_point

BOUNDED = make_kpi("speed", better="up", thresholds=(0.9, 0.8, 0.7))
UNBOUNDED = make_kpi("cost", better="down")
ERRORS = make_kpi("error_rate", better="down", thresholds=(0.0, 0.05, 0.10))


def case(kpi, value, deviations, *, cautious=None, n=1_000, is_repeated=False, consecutive=0) -> Case:
    deviation = None
    if deviations is not None:
        deviation = Deviation(kpi.name, value, 0.5, 0.1, deviations, deviations if cautious is None else cautious)
    return Case(kpi, make_point(1, {kpi.name: value}), value, deviation, n, is_repeated, consecutive)


def judge(kpi, value, deviations, **more):
    alert = find_alert(load_rules().about(kpi.name), case(kpi, value, deviations, **more))
    return None if alert is None else (alert.rule, alert.severity)


@pytest.mark.parametrize(
    ("value", "deviations", "more", "expected"),
    [
        # the plan's steps
        (0.75, -0.5, {}, None),
        (0.75, -9.0, {}, None),
        (0.75, 0.0, {}, None),
        (0.75, 0.1, {}, ("slightly_worse", "info")),
        (0.75, 1.0, {}, ("slightly_worse", "info")),
        (0.75, 1.1, {}, ("worse", "warning")),
        (0.75, 2.0, {}, ("worse", "warning")),
        (0.75, 3.3, {}, ("much_worse", "critical")),
        # critical needs its own warning bound too
        (0.80, 9.0, {}, ("much_worse", "warning")),
        (0.79, 9.0, {}, ("much_worse", "critical")),
        # beyond 2 sd, but chance would do: a warning; for the second time in three sessions it would not
        (0.75, 2.5, {}, ("much_worse", "warning")),
        (0.75, 2.5, {"is_repeated": True}, ("much_worse", "critical")),
        (0.75, 2.1, {"is_repeated": True}, ("much_worse", "warning")),
        (0.75, 9.0, {"cautious": 2.0}, ("much_worse", "warning")),
        # young baselines
        (0.75, 9.0, {"n": 9}, ("much_worse", "warning")),
        (0.75, 9.0, {"n": 10}, ("much_worse", "critical")),
        (0.75, 4.5, {"n": 10}, ("much_worse", "warning")),
        (0.75, 4.6, {"n": 10}, ("much_worse", "critical")),
    ],
)
def test_steps_of_a_kpi_with_bounds(value, deviations, more, expected):
    assert judge(BOUNDED, value, deviations, **more) == expected


@pytest.mark.parametrize(
    ("deviations", "is_repeated", "expected"),
    [
        (9.0, False, ("much_worse", "warning")),
        (9.0, True, ("much_worse", "critical")),
        (2.3, True, ("much_worse", "critical")),
        (1.9, True, ("worse", "warning")),
    ],
)
def test_a_kpi_without_bounds_is_critical_in_two_of_three_sessions(deviations, is_repeated, expected):
    assert judge(UNBOUNDED, 7.0, deviations, is_repeated=is_repeated) == expected


@pytest.mark.parametrize(
    ("kpi", "better", "thresholds", "value", "near", "rule", "word"),
    [
        ("token_efficiency", "up", (0.05, 0.02, 0.01), 0.009, 0.010, "token_efficiency_low", "Restructure"),
        ("task_completion_rate", "up", (0.95, 0.85, 0.70), 0.69, 0.70, "task_completion_low", "compaction"),
        ("error_rate", "down", (0.0, 0.05, 0.10), 0.11, 0.10, "error_rate_high", "failed calls"),
        ("active_time_ratio", "up", (0.60, 0.40, 0.20), 0.19, 0.20, "active_time_low", "timeout"),
        ("tool_overhead_ratio", "down", (0.5, 1.0, 2.0), 2.1, 2.0, "tool_overhead_high", "another workflow"),
    ],
)
def test_the_five_bounds(kpi, better, thresholds, value, near, rule, word):
    one = make_kpi(kpi, better=better, thresholds=thresholds)
    alert = find_alert(load_rules().about(kpi), case(one, value, None))
    assert (alert.rule, alert.severity, alert.limit) == (rule, "warning", thresholds[2])
    assert word in alert.action
    assert judge(one, near, None) is None
    assert judge(one, value, 1.5) == (rule, "warning")  # a warning like the deviation's, and it says more
    assert judge(one, value, 5.0) == (rule, "critical")


def test_an_error_rate_above_a_tenth_is_critical_when_it_is_unusual_too():
    assert judge(ERRORS, 0.30, 4.0) == ("error_rate_high", "critical")
    assert judge(ERRORS, 0.30, 1.5) == ("error_rate_high", "warning")  # it is always like that
    assert judge(ERRORS, 0.09, 4.0) == ("much_worse", "critical")


def test_nothing_is_critical_before_there_is_a_baseline():
    assert judge(BOUNDED, 0.1, 9.0, n=4) == ("much_worse", "warning")
    assert not is_critical(case(BOUNDED, 0.1, None))


def test_an_alert_carries_its_evidence():
    alert = find_alert(load_rules().about("speed"), case(BOUNDED, 0.75, 3.5, consecutive=2))
    assert (alert.session, alert.kpi, alert.at) == ("claude_code:000001", "speed", 7_200_000)
    assert (alert.value, alert.mean, alert.sd, alert.deviations, alert.limit) == (0.75, 0.5, 0.1, 3.5, 2.0)
    assert (alert.consecutive, alert.priority) == (2, 6)


def test_an_id_stands_for_a_session_and_a_kpi():
    rules = load_rules()
    first, again = (find_alert(rules.about("speed"), case(BOUNDED, 0.75, sd)) for sd in (1.5, 3.5))
    other = find_alert(rules.about("cost"), case(UNBOUNDED, 0.75, 1.5))
    assert first.id == again.id != other.id
    assert len(first.id) == 16
