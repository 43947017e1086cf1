from __future__ import annotations

import pytest

from tachograph.learning.alerts import Alert, rule_precision


def alert(name, rule="much_worse", deviations=3.0, value=0.5, limit=2.0) -> Alert:
    return Alert(
        id=name, session=f"s{name}", group=None, kpi="speed", rule=rule, severity="critical", priority=1, at=1,
        value=value, mean=1.0, sd=0.1, deviations=deviations, consecutive=0, action="", limit=limit,
    )  # fmt: skip


def judge(alerts, **acks):
    return {row.rule: row for row in rule_precision(alerts, acks)}


def test_precision_is_the_share_of_real_ones_among_those_that_were_judged():
    row = judge([alert("a"), alert("b"), alert("c"), alert("d")], a="real", b="false_alarm", c="seen")["much_worse"]
    assert (row.alerts, row.real, row.false_alarms, row.precision) == (4, 1, 1, 0.5)


def test_without_a_judgement_there_is_none():
    row = judge([alert("a")], a="seen")["much_worse"]
    assert (row.precision, row.proposed_threshold) == (None, None)


def test_each_rule_has_its_row_in_order_of_name():
    rows = rule_precision([alert("a"), alert("b", "worse"), alert("c", "error_rate_high")], {})
    assert [row.rule for row in rows] == ["error_rate_high", "much_worse", "worse"]


@pytest.mark.parametrize(
    ("real", "false", "proposed"),
    [
        (19, [2.1], None),  # one in twenty is allowed
        (18, [2.1], 2.1),
        (18, [2.1, 2.4], 2.4),  # one of nineteen would still be too many
        (19, [2.1, 2.4], 2.1),
        (3, [2.1, 2.4, 2.2], 2.4),
        (0, [2.5], 2.5),
    ],
)
def test_above_one_false_alarm_in_twenty_a_threshold_is_proposed(real, false, proposed):
    alerts = [alert(f"r{number}", deviations=5.0) for number in range(real)]
    alerts += [alert(f"f{number}", deviations=sd) for number, sd in enumerate(false)]
    acks = {one.id: "real" if one.id.startswith("r") else "false_alarm" for one in alerts}
    assert judge(alerts, **acks)["much_worse"].proposed_threshold == proposed


@pytest.mark.parametrize(
    ("rule", "limit", "false", "real", "proposed"),
    [
        ("error_rate_high", 0.10, [0.11, 0.13], 0.4, 0.13),
        ("token_efficiency_low", 0.01, [0.009, 0.007], 0.001, 0.007),  # here less is worse
    ],
)
def test_a_bound_is_proposed_in_the_kpis_own_unit(rule, limit, false, real, proposed):
    alerts = [alert(f"f{number}", rule, value=value, limit=limit) for number, value in enumerate(false)]
    alerts.append(alert("r", rule, value=real, limit=limit))
    row = judge(alerts, f0="false_alarm", f1="false_alarm", r="real")[rule]
    assert row.proposed_threshold == proposed


def test_a_rule_that_is_gone_has_its_precision_but_no_proposal():
    row = judge([alert("a", "retired_rule")], a="false_alarm")["retired_rule"]
    assert (row.precision, row.proposed_threshold) == (0.0, None)
