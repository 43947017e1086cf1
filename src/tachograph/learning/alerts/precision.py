"""How often each rule was right, by what people said of its alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from tachograph.learning.alerts.records import Alert
from tachograph.learning.alerts.rules import Kind, RuleTable, load_rules

Verdict = Literal["seen", "real", "false_alarm"]

MOST_FALSE = 0.05
"""Share of false alarms above which another threshold is proposed (the plan's value)."""


class RulePrecision(msgspec.Struct, frozen=True):
    """One rule's alerts and what people said of them."""

    rule: str
    alerts: int
    real: int
    false_alarms: int
    precision: float | None
    """Real ones among those that were called real or false; None when none was."""
    proposed_threshold: float | None
    """What the rule's limit would have to be for false alarms to stay within 5 %: standard deviations (deviation), a
    value in the KPI's unit (bound) or a share of sessions (incomplete). None: it is right as it is, for all one knows.
    """


def rule_precision(
    alerts: Iterable[Alert], acks: Mapping[str, Verdict], rules: RuleTable | None = None
) -> list[RulePrecision]:
    """One row for each rule that has alerts, by name; ``acks``: what was said, by the alert's id."""
    kinds = {rule.id: rule.kind for rule in (rules or load_rules()).rules}
    by_rule: dict[str, list[Alert]] = {}
    for alert in alerts:
        by_rule.setdefault(alert.rule, []).append(alert)
    return [_row(rule, by_rule[rule], acks, kinds.get(rule)) for rule in sorted(by_rule)]


def _row(rule: str, alerts: list[Alert], acks: Mapping[str, Verdict], kind: Kind | None) -> RulePrecision:
    real = [alert for alert in alerts if acks.get(alert.id) == "real"]
    false = [alert for alert in alerts if acks.get(alert.id) == "false_alarm"]
    judged = len(real) + len(false)
    proposed = _propose(real, false, kind) if kind and len(false) > MOST_FALSE * judged else None
    return RulePrecision(rule, len(alerts), len(real), len(false), len(real) / judged if judged else None, proposed)


def _propose(real: list[Alert], false: list[Alert], kind: Kind) -> float:
    """The mildest limit that leaves at most the allowed share of false alarms: that of the last one it silences."""
    sample = false[0]
    falls = kind == "bound" and sample.limit is not None and sample.value < sample.limit
    sign = -1.0 if falls else 1.0
    kept = sorted(sign * _measure(alert, kind) for alert in real)
    noise = sorted(sign * _measure(alert, kind) for alert in false)
    for index, limit in enumerate(noise):
        left = sum(1 for value in noise[index + 1 :] if value > limit)
        if left <= MOST_FALSE * (left + sum(1 for value in kept if value > limit)):
            return sign * limit
    raise AssertionError("the last limit silences them all")


def _measure(alert: Alert, kind: Kind) -> float:
    """What the rule's limit is about."""
    return (alert.deviations or 0.0) if kind == "deviation" else alert.value
