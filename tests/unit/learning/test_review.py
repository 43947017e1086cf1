from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tachograph.analysis.kpis import load_kpis
from tachograph.learning.alerts import load_rules, read_rules
from tachograph.learning.records import Group, Reset
from tachograph.learning.review import Reviewer
from tests.effort import takes_at_most
from tests.unit.learning.histories import DAY, GROUP, healthy_history, make_kpi, make_point

SPEED = make_kpi("speed", better="up", thresholds=(0.9, 0.8, 0.7))
COST = make_kpi("cost", better="down", scale="log", least_sd=0.1)
KPIS = {"cost": COST, "speed": SPEED}
USUAL = [0.93, 0.97] * 15
"""Speeds of thirty sessions."""


def review(values, *, kpis=KPIS, rules=None, resets=(), feeds=None, group=GROUP):
    """Every session judged: ``values`` are speeds, or values by KPI."""
    reviewer = Reviewer(kpis, rules or load_rules(), resets)
    judged = []
    for number, value in enumerate(values):
        point = make_point(number, value if isinstance(value, dict) else {"speed": value}, group)
        judged.append(reviewer.take(point, unfed=() if feeds is None or feeds(number) else point.values))
    return reviewer, judged


def said(judged):
    return [(alert.kpi, alert.rule, alert.severity) for alert in judged.alerts]


# ------------------------------------------------------------------------------------------------- judging


def test_a_session_is_held_against_the_sessions_before_it():
    _, judged = review([*USUAL, 0.5])
    before = judged[-1].before["speed"]
    assert (before.n, before.status) == (30, "converged")
    assert before.mean == pytest.approx(0.9522, abs=0.0001)
    assert judged[-1].deviations["speed"].deviations == pytest.approx(22.7, abs=0.2)
    assert said(judged[-1]) == [("speed", "much_worse", "critical")]


def test_an_improvement_never_alerts():
    _, judged = review([*[0.5, 0.6] * 15, 0.99, 0.99, 0.99])
    assert [said(one) for one in judged[-3:]] == [[], [], []]
    assert judged[-3].deviations["speed"].deviations < -4


def test_there_is_one_alert_for_each_kpi_the_gravest_first():
    rows = [{"speed": speed, "cost": cost} for speed, cost in zip(USUAL, [1.0, 1.3] * 15, strict=True)]
    _, judged = review([*rows, {"speed": 0.3, "cost": 1.6}])
    assert said(judged[-1]) == [("speed", "much_worse", "critical"), ("cost", "much_worse", "warning")]


def test_three_bad_sessions_in_a_row_are_one_incident():
    _, judged = review([*USUAL, 0.88, 0.88, 0.88, 0.88, 0.88])
    assert [len(one.incidents) for one in judged[-5:]] == [0, 0, 1, 0, 0]
    [incident] = judged[-3].incidents
    assert [row.session for row in incident.sessions] == [one.point.session for one in judged[-5:-2]]
    assert [row.value for row in incident.sessions] == [0.88] * 3
    assert [one.alerts[0].consecutive for one in judged[-5:-2]] == [1, 2, 3]


def test_a_session_without_the_kpi_does_not_break_the_row():
    _, judged = review([*USUAL, 0.88, 0.88, {"cost": 1.0}, 0.88])
    assert len(judged[-1].incidents) == 1


def test_kpis_that_moved_together_are_named_as_causes():
    rows = [{"speed": speed, "cost": cost} for speed, cost in zip(USUAL, [1.0, 1.3] * 15, strict=True)]
    _, judged = review([*rows, *[{"speed": 0.8, "cost": 3.0}] * 3])
    assert {incident.kpi: incident.causes[0] for incident in judged[-1].incidents} == {
        "cost": "Another KPI was worse than usual in the same sessions: speed (3 of 3).",
        "speed": "Another KPI was worse than usual in the same sessions: cost (3 of 3).",
    }


def test_a_model_that_is_new_is_named_as_a_cause():
    reviewer, _ = review(USUAL, group=Group("main", "claude_code", "claude-haiku"))
    speeds = [0.95, 0.96, 0.94, 0.95, 0.96, 0.5, 0.5, 0.5]
    judged = [reviewer.take(make_point(100 + number, {"speed": value})) for number, value in enumerate(speeds)]
    [incident] = judged[-1].incidents
    assert incident.causes == ("Of the 10 sessions of this agent type before, 5 ran with another model family.",)


def test_a_table_with_another_row_judges_by_it():
    row = """
        id = "slow"
        kind = "bound"
        kpi = "speed"
        at = 0.96
        severity = "info"
        priority = 1
        action = "Walk faster."
    """
    table = read_rules(f"[[rule]]{row}")
    _, judged = review(USUAL[:4], rules=table)
    assert [said(one) for one in judged] == [[("speed", "slow", "info")], []] * 2


def test_a_kpi_that_is_not_known_is_passed_over():
    reviewer, judged = review([{"speed": 0.9, "forgotten": 1.0}])
    assert set(judged[0].before) == {"speed"}
    assert set(reviewer.baselines(0)[GROUP]) == {"speed"}


def test_the_trend_comes_with_the_baseline():
    _, judged = review([*USUAL, 0.8, 0.8, 0.8])
    assert "speed" not in judged[3].trends
    assert (judged[29].trends["speed"], judged[-1].trends["speed"]) == ("stable", "down")


# ----------------------------------------------------------------------------------------------- bootstrap


def test_below_five_sessions_defaults_give_warnings_at_most():
    kpi = make_kpi("speed", better="up", thresholds=(0.9, 0.8, 0.7), default=(0.9, 0.05))
    _, judged = review([0.1] * 5, kpis={"speed": kpi})
    assert [said(one) for one in judged[:5]] == [[("speed", "much_worse", "warning")]] * 5
    assert [one.before["speed"].mean for one in judged] == [0.9] * 5
    assert not any(one.incidents for one in judged)


def test_without_a_default_nothing_is_said_until_there_is_a_baseline():
    _, judged = review([0.1, 0.2, 0.1, 0.2, 0.1])
    assert [(one.alerts, one.deviations) for one in judged] == [((), {})] * 5


# ------------------------------------------------------------------------------------------------- feeding


def test_sessions_under_treatment_are_judged_but_do_not_feed():
    reviewer, judged = review([*USUAL, *[0.5] * 10], feeds=lambda number: number < 30)
    assert reviewer.baselines(0)[GROUP]["speed"].n == 30
    assert len({one.deviations["speed"].deviations for one in judged[30:]}) == 1
    assert said(judged[-1]) == [("speed", "much_worse", "critical")]


def test_another_model_family_begins_anew_and_the_old_baseline_is_kept():
    reviewer, _ = review(USUAL)
    other = Group("main", "claude_code", "claude-haiku")
    judged = reviewer.take(make_point(30, {"speed": 0.2}, other))
    assert judged.before["speed"].status == "bootstrap"
    shown = reviewer.baselines(0)
    assert (shown[GROUP]["speed"].n, shown[other]["speed"].n) == (30, 1)


def test_pools_are_made_over_families_and_over_agents():
    reviewer = Reviewer(KPIS, load_rules())
    parts = [("main", "claude_code", "claude-opus"), ("main", "claude_code", "claude-haiku"), ("main", "codex", "gpt")]
    groups = [Group(*names) for names in [*parts, ("scout", "codex", "gpt")]]
    for number in range(40):
        reviewer.take(make_point(number, {"speed": 0.1 + number % 4}, groups[number % 4]))
    shown = reviewer.baselines(0)
    counts = {group: baselines["speed"].n for group, baselines in shown.items() if "*" in (group.agent, group.family)}
    assert counts == {
        Group("main", "claude_code", "*"): 20,
        Group("main", "codex", "*"): 10,
        Group("main", "*", "*"): 30,
        Group("scout", "codex", "*"): 10,
        Group("scout", "*", "*"): 10,
    }
    pooled = shown[Group("main", "*", "*")]["speed"]
    assert pooled.p50 == pytest.approx(1.1)
    assert pooled.p99 == pytest.approx(2.1)


def test_a_baseline_is_stale_when_sessions_came_without_feeding_it():
    reviewer, _ = review(USUAL)
    reviewer.take(make_point(24 * 8 + 30, {"cost": 1.0}))
    assert reviewer.baselines(40 * DAY)[GROUP]["speed"].is_stale
    assert not reviewer.baselines(40 * DAY)[GROUP]["cost"].is_stale


def test_sessions_have_to_come_in_their_order_each_once():
    reviewer, _ = review([0.9, 0.9])
    for number in (1, 0):
        with pytest.raises(ValueError, match="in the order in which they ended"):
            reviewer.take(make_point(number, {"speed": 0.9}))


# -------------------------------------------------------------------------------------------------- resets


@pytest.mark.parametrize(
    ("reset", "is_meant"),
    [
        ({}, True),
        ({"agent": "claude_code", "family": "claude-opus", "kpi": "speed"}, True),
        ({"agent_type": "scout"}, False),
        ({"agent": "codex"}, False),
        ({"family": "gpt"}, False),
        ({"kpi": "cost"}, False),
    ],
)
def test_a_reset_is_about_what_it_names(reset, is_meant):
    end = make_point(29, {}).ended_at
    reviewer, judged = review([*USUAL, 0.95], resets=[Reset(**{"at": end, "agent_type": "main", **reset})])
    assert judged[29].before["speed"].n == 29  # what was judged stays judged
    assert judged[30].before["speed"].n == (0 if is_meant else 30)
    assert reviewer.baselines(end + DAY)[GROUP]["speed"].n == (1 if is_meant else 31)


def test_a_reset_shows_at_once_also_in_the_pools():
    end = make_point(29, {}).ended_at
    reviewer, _ = review(USUAL, resets=[Reset(at=end + 5, agent_type="main")])
    assert reviewer.baselines(end)[GROUP]["speed"].n == 30
    shown = reviewer.baselines(end + 5)
    assert [baselines["speed"].n for baselines in shown.values()] == [0, 0, 0]
    assert [baselines["speed"].p50 for baselines in shown.values()] == [None, None, None]


# ---------------------------------------------------------------------------------------------------- dump


def draw_history(seed: int, sessions: int):
    chance = random.Random(seed)
    groups = [Group(kind, agent, "gpt") for kind in ("main", "x\0y") for agent in ("codex", "claude_code")]
    for number in range(sessions):
        values = {"speed": chance.choice([1.0, chance.random()])}
        values["cost"] = chance.choice([0.0, chance.lognormvariate(0, 1)])
        kept = {name: value for name, value in values.items() if chance.random() < 0.8}
        lacking = {"cost": "no price"} if chance.random() < 0.2 else {}
        point = make_point(number, kept, chance.choice(groups), project=chance.choice(["/a", None]), lacking=lacking)
        yield point, chance.choice([(), (), (), ("speed",), ("speed", "cost")])


RESETS = (Reset(at=60 * 3_600_000, agent_type="main"), Reset(at=100 * 3_600_000, agent_type="main", kpi="cost"))


@given(seed=st.integers(0, 10_000), cuts=st.lists(st.integers(0, 150), max_size=3))
@hypothesis_settings(max_examples=25)
def test_going_on_from_a_dump_is_the_same_as_a_fold_from_the_start(seed, cuts):
    straight = Reviewer(KPIS, load_rules(), RESETS)
    resumed = Reviewer(KPIS, load_rules(), RESETS)
    for number, (point, unfed) in enumerate(draw_history(seed, 150)):
        if number in cuts:
            resumed = Reviewer(KPIS, load_rules(), RESETS, state=resumed.dump())
        assert resumed.take(point, unfed=unfed) == straight.take(point, unfed=unfed)
    assert resumed.dump() == straight.dump()
    assert resumed.baselines(DAY) == straight.baselines(DAY)


@pytest.mark.parametrize("state", [b"", b"nonsense", b"\x90", b"\x91\x63"])
def test_a_state_that_is_none_of_ours_is_refused(state):
    with pytest.raises(ValueError, match=r"^The state "):
        Reviewer(KPIS, load_rules(), state=state)


def test_the_state_of_a_hundred_groups_with_every_kpi_is_below_2_mb():
    reviewer = Reviewer(load_kpis(), load_rules())
    for point in healthy_history(seed=1, sessions=6_000, groups=100):
        reviewer.take(point)
    assert len(reviewer.dump()) < 2_000_000


@pytest.mark.soak
def test_100_000_sessions_take_less_than_20_seconds_of_cpu():
    points = list(healthy_history(seed=2, sessions=20_000, groups=100))

    def review() -> Reviewer:
        reviewer = Reviewer(load_kpis(), load_rules())
        for point in points:
            reviewer.take(point)
        return reviewer

    reviewer = takes_at_most(20 / 5, review)
    assert len(reviewer.dump()) < 2_000_000
