from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tachograph.learning.alerts import judge, load_rules, read_rules, streak
from tachograph.learning.budgets import read_budgets

PAGE = (Path(__file__).parents[4] / "docs" / "alerts.md").read_text(encoding="utf-8")


def test_every_rule_is_on_its_page_with_its_severity_in_order_of_priority():
    rows = re.findall(r"^\| `(\w+)` \|.*?\| (\w+)\*? \|", PAGE, re.MULTILINE)
    rules = sorted(load_rules().rules, key=lambda rule: rule.priority)
    assert rows == [(rule.id, "incident" if rule.kind == "streak" else rule.severity) for rule in rules]


def test_the_page_tells_the_limits_that_are_gone_by():
    assert f"cautious distance is above {judge.AT_ONCE}" in PAGE
    assert f"it is above {streak.REPEATED} now" in PAGE
    assert f"1 + {streak.YOUNG:g} / n times" in PAGE
    assert judge.LEAST_SESSIONS == 10
    assert "at least ten sessions" in PAGE


def test_its_examples_are_what_the_settings_and_the_table_of_rules_understand():
    rules, budgets = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert [(rule.id, rule.beyond) for rule in read_rules(rules).rules] == [("dear_turns", 1.5)]
    read = read_budgets(tomllib.loads(budgets)["budget"])
    assert [(budget.scope, budget.usd) for budget in read] == [("day", 20.0), ("project", 300.0)]
