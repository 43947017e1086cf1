"""How often the rules cry wolf, and how soon they find what is planted. The numbers are those of docs/alerts.md."""

from __future__ import annotations

import random

import pytest

from tachograph.analysis.kpis import load_kpis
from tachograph.learning.alerts import load_rules
from tachograph.learning.review import Reviewer
from tests.unit.learning.histories import healthy_history, healthy_of, make_point, regressed

KPIS = load_kpis()


def false_alarms(seed: int, sessions: int = 1_000, groups: int = 1) -> tuple[int, int]:
    """Sessions with a critical alert, and incidents, of a healthy history."""
    reviewer = Reviewer(KPIS, load_rules())
    critical = incidents = 0
    for point in healthy_history(seed, sessions, groups):
        judged = reviewer.take(point)
        critical += any(alert.severity == "critical" for alert in judged.alerts)
        incidents += len(judged.incidents)
    return critical, incidents


def sessions_until_found(name: str, before: int, seed: int, *, noise: bool, at_most: int = 3) -> int | None:
    """Sessions from the start of a lasting regression of 3 sd up to a critical alert or an incident."""
    kpi = KPIS[name]
    _, draw = healthy_of(kpi)
    chance = random.Random(f"{name} {seed}")
    reviewer = Reviewer({name: kpi}, load_rules())
    for number in range(before):
        reviewer.take(make_point(number, {name: draw(chance)}))
    for count in range(1, at_most + 1):
        value = regressed(kpi, draw, chance, 3.0, noise=noise)
        judged = reviewer.take(make_point(before + count, {name: value}))
        if judged.incidents or any(alert.severity == "critical" for alert in judged.alerts):
            return count
    return None


@pytest.mark.parametrize("seed", range(3))
def test_of_1000_healthy_sessions_at_most_2_percent_have_a_critical_alert_in_any_kpi(seed):
    critical, _ = false_alarms(seed)
    assert critical <= 20


def test_incidents_are_rare_in_a_healthy_history():
    _, incidents = false_alarms(seed=3)
    assert incidents <= 70  # in twenty KPIs over 1,000 sessions


@pytest.mark.parametrize("name", sorted(KPIS))
def test_a_lasting_regression_of_3_sd_is_found_within_3_sessions(name):
    assert [sessions_until_found(name, 100, seed, noise=False) is not None for seed in range(4)] == [True] * 4


def test_nine_of_ten_regressions_of_3_sd_are_found_within_3_sessions_through_noise_as_large_as_ever():
    found = [sessions_until_found(name, 150, seed, noise=True) for name in sorted(KPIS) for seed in range(5)]
    assert len([count for count in found if count is not None]) >= 0.9 * len(found)


@pytest.mark.soak
def test_the_same_over_20_histories():
    alarms = [false_alarms(seed) for seed in range(20)]
    assert sum(critical for critical, _ in alarms) <= 0.012 * 20_000
    assert max(critical for critical, _ in alarms) <= 20


@pytest.mark.soak
def test_many_young_groups_do_not_cry_wolf_either():
    alarms = [false_alarms(seed, groups=20) for seed in range(20)]
    assert sum(critical for critical, _ in alarms) <= 0.02 * 20_000


@pytest.mark.soak
@pytest.mark.parametrize(("before", "least"), [(20, 0.97), (100, 0.99), (400, 0.995)])
def test_almost_every_regression_is_found_also_after_short_histories(before, least):
    seeds = range(30 if before < 400 else 10)
    found = [sessions_until_found(name, before, seed, noise=False) for name in sorted(KPIS) for seed in seeds]
    assert len([count for count in found if count is not None]) >= least * len(found)
