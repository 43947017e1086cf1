"""The table of rules: reading it, and which rows speak about which KPI."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Literal

import msgspec

from tachograph.learning.alerts.records import Severity

Kind = Literal["deviation", "bound", "streak", "incomplete"]
Bound = Literal["target", "warning", "critical"]

BAD_SIDE = 1.0
"""Standard deviations beyond which a session lies on the bad side, where no row of kind streak says otherwise."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of the table; ``rules.toml`` says what each field means."""

    id: str
    kind: Kind
    severity: Severity
    priority: int
    action: str
    kpi: str = ""
    beyond: float | None = None
    at: Bound | float | None = None
    sessions: int | None = None


class RuleTable(msgspec.Struct, frozen=True):
    """All rules."""

    rules: tuple[Rule, ...]

    def about(self, kpi: str) -> tuple[Rule, ...]:
        """Rules that judge one value of ``kpi``, by priority."""
        found = [rule for rule in self.rules if rule.kind in ("deviation", "bound") and rule.kpi in ("", kpi)]
        return tuple(sorted(found, key=lambda rule: (rule.priority, rule.id)))

    def streaks(self, kpi: str) -> tuple[Rule, ...]:
        """Rules about values of ``kpi`` in a row, by priority."""
        found = [rule for rule in self.rules if rule.kind == "streak" and rule.kpi in ("", kpi)]
        return tuple(sorted(found, key=lambda rule: (rule.priority, rule.id)))

    @property
    def incomplete(self) -> tuple[Rule, ...]:
        """Rules about missing data."""
        return tuple(rule for rule in self.rules if rule.kind == "incomplete")

    @property
    def bad_side(self) -> float:
        """Standard deviations beyond which a session lies on the bad side."""
        return min((rule.beyond or 0.0 for rule in self.rules if rule.kind == "streak"), default=BAD_SIDE)

    @property
    def longest(self) -> int:
        """Sessions in a row that have to be remembered."""
        return max((rule.sessions or 0 for rule in self.rules if rule.kind == "streak"), default=0)


_NEEDS: dict[Kind, tuple[str, ...]] = {
    "deviation": ("beyond",),
    "bound": ("kpi", "at"),
    "streak": ("beyond", "sessions"),
    "incomplete": ("beyond", "sessions"),
}


def read_rules(text: str) -> RuleTable:
    """The table that a TOML text holds; ValueError with one sentence when a row is wrong."""
    try:
        table = RuleTable(msgspec.convert(tomllib.loads(text).get("rule", []), tuple[Rule, ...]))
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"The table of alert rules cannot be read: {error}.") from error
    seen: set[str] = set()
    for rule in table.rules:
        _check(rule)
        if rule.id in seen:
            raise ValueError(f"There are two alert rules named {rule.id!r}.")
        seen.add(rule.id)
    return table


def _check(rule: Rule) -> None:
    missing = [name for name in _NEEDS[rule.kind] if getattr(rule, name) in (None, "")]
    if missing:
        raise ValueError(f"The alert rule {rule.id!r} is of kind {rule.kind} and needs {' and '.join(missing)}.")
    if rule.beyond is not None and not rule.beyond >= 0:
        raise ValueError(f"The alert rule {rule.id!r} has a `beyond` below 0: an improvement is no alert.")
    if rule.sessions is not None and rule.sessions < 1:
        raise ValueError(f"The alert rule {rule.id!r} has no sessions to look at.")


@cache
def load_rules() -> RuleTable:
    """The table that comes with Tachograph."""
    return read_rules(resources.files(__package__).joinpath("rules.toml").read_text(encoding="utf-8"))
