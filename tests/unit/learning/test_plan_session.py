"""The session that the plan was written about, against the baselines that the plan gives for it."""

from __future__ import annotations

import pytest

from tachograph.learning.alerts import load_rules
from tachograph.learning.review import Reviewer
from tests.unit.learning.histories import make_kpi, make_point

# KPI -> better, bounds, baseline, the session's value, distance in standard deviations as the plan has it
PLAN = {
    "token_efficiency": ("up", (0.05, 0.02, 0.01), (0.047, 0.012), 0.001, 3.8),
    "task_completion_rate": ("up", (0.95, 0.85, 0.70), (0.96, 0.03), 0.83, 4.3),
    "active_time_ratio": ("up", (0.60, 0.40, 0.20), (0.68, 0.08), 0.22, 5.8),
    "tool_overhead_ratio": ("down", (0.5, 1.0, 2.0), (0.42, 0.11), 1.73, 11.9),
    "cache_efficiency": ("up", (0.90, 0.80, 0.70), (0.94, 0.04), 0.983, -1.1),
}


@pytest.fixture(scope="module")
def judged():
    kpis = {name: make_kpi(name, better=better, thresholds=bounds) for name, (better, bounds, *_) in PLAN.items()}
    reviewer = Reviewer(kpis, load_rules())
    for number in range(30):
        sign = (1, -1)[number % 2]
        reviewer.take(make_point(number, {name: mean + sign * sd for name, (_, _, (mean, sd), *_) in PLAN.items()}))
    return reviewer.take(make_point(30, {name: value for name, (*_, value, _) in PLAN.items()}))


@pytest.mark.parametrize("name", sorted(PLAN))
def test_it_lies_as_far_off_as_the_plan_says(judged, name):
    mean, sd = PLAN[name][2]
    before = judged.before[name]
    assert (before.mean, before.sd) == (pytest.approx(mean, abs=0.12 * sd), pytest.approx(sd, rel=0.02))
    assert judged.deviations[name].deviations == pytest.approx(PLAN[name][4], abs=0.3)


def test_all_its_regressions_come_out(judged):
    assert {alert.kpi: (alert.rule, alert.severity) for alert in judged.alerts} == {
        "token_efficiency": ("token_efficiency_low", "critical"),
        "task_completion_rate": ("much_worse", "critical"),
        "active_time_ratio": ("much_worse", "critical"),
        "tool_overhead_ratio": ("much_worse", "critical"),
    }
