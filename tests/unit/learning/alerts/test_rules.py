from __future__ import annotations

import pytest

from tachograph.learning.alerts import Case, find_alert, load_rules, read_rules
from tests.unit.learning.histories import make_kpi, make_point

ROW = """
[[rule]]
id = "too_slow"
kind = "bound"
kpi = "speed"
at = 0.5
severity = "info"
priority = 1
action = "Walk faster."
"""


def test_a_new_row_is_a_new_rule():
    kpi = make_kpi("speed")
    rules = read_rules(ROW).about("speed")
    alert = find_alert(rules, Case(kpi, make_point(1, {}), 0.4, None, 0, False, 0))
    assert (alert.rule, alert.severity, alert.priority, alert.action) == ("too_slow", "info", 1, "Walk faster.")
    assert find_alert(rules, Case(kpi, make_point(1, {}), 0.5, None, 0, False, 0)) is None


def test_a_row_without_a_kpi_is_about_every_kpi_and_one_with_it_about_that_one():
    rules = read_rules(ROW + ROW.replace("too_slow", "other").replace('kpi = "speed"', 'kpi = "cost"'))
    assert [rule.id for rule in rules.about("speed")] == ["too_slow"]
    general = load_rules()
    assert [rule.id for rule in general.about("anything")] == ["much_worse", "worse", "slightly_worse"]
    assert [rule.id for rule in general.streaks("anything")] == ["three_in_a_row"]
    assert [rule.id for rule in general.incomplete] == ["incomplete_data"]


def test_our_own_table_has_a_text_and_a_priority_of_its_own_for_every_row():
    rules = load_rules().rules
    assert len({rule.priority for rule in rules}) == len(rules) == 10
    assert all(rule.action.endswith(".") and len(rule.action) > 30 for rule in rules)
    assert (load_rules().bad_side, load_rules().longest) == (1.0, 3)


def test_a_table_without_streaks_still_knows_a_bad_side():
    assert (read_rules(ROW).bad_side, read_rules(ROW).longest) == (1.0, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('kind = "bound"', 'kind = "guess"'), "cannot be read"),
        (('kind = "bound"', "kind ="), "cannot be read"),
        (('severity = "info"', 'severity = "fatal"'), "cannot be read"),
        (("at = 0.5", 'at = "worst"'), "cannot be read"),
        (("at = 0.5", "atx = 0.5"), "cannot be read"),
        ((ROW, "rule = 5"), "cannot be read"),
        ((ROW, "rule = 'all'"), "cannot be read"),
        (("at = 0.5", ""), "of kind bound and needs at"),
        (('kpi = "speed"', ""), "of kind bound and needs kpi"),
        (('kind = "bound"', 'kind = "deviation"'), "of kind deviation and needs beyond"),
        (('kind = "bound"', 'kind = "streak"'), "of kind streak and needs beyond and sessions"),
        (("at = 0.5", "at = 0.5\nbeyond = -1.0"), "an improvement is no alert"),
        (("at = 0.5", "at = 0.5\nsessions = 0"), "no sessions to look at"),
        (("Walk faster.", 'Walk faster."\n' + ROW + "#"), "two alert rules named 'too_slow'"),
    ],
)
def test_a_wrong_row_is_refused_with_one_sentence(change, message):
    with pytest.raises(ValueError, match=message):
        read_rules(ROW.replace(*change))
