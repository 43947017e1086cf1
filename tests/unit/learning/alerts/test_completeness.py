from __future__ import annotations

import pytest

from tachograph.learning.alerts import Completeness, load_rules
from tests.unit.learning.histories import make_point

RULE = load_rules().incomplete[0]


def alerts_of(marks: str):
    """Alerts of sessions that lack data (x) or do not (.), with their numbers."""
    record, found = Completeness(), []
    for number, mark in enumerate(marks):
        point = make_point(number, {}, lacking={"cost_per_turn": "no price is known"} if mark == "x" else {})
        alert = record.take(point, RULE)
        if alert is not None:
            found.append((number, alert))
    return found


@pytest.mark.parametrize(
    ("marks", "numbers"),
    [
        ("xxxx", []),  # a share of fewer than five says nothing
        ("....x", []),  # a fifth is not more than a fifth
        ("...xx", [4]),
        ("xxxxxxxxxx", [4]),  # and then it is known
        ("." * 30 + "x" * 7, [36]),
        ("." * 30 + "x" * 6, []),
        ("...xx" + "." * 30 + "xxxxxxx", [4, 41]),  # it had gone back
    ],
)
def test_more_than_a_fifth_of_the_last_thirty_sessions_incomplete_is_one_alert(marks, numbers):
    assert [number for number, _ in alerts_of(marks)] == numbers


def test_it_is_about_many_sessions():
    [(_, alert)] = alerts_of("...xx")
    assert (alert.session, alert.group, alert.kpi, alert.rule) == ("", None, "incomplete_sessions", "incomplete_data")
    assert (alert.value, alert.limit, alert.severity) == (0.4, 0.2, "warning")
