"""The catalogue of suggestions: what each row of ``catalogue.toml`` must be."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from tachograph.learning.suggestions.guidance import check_guidance, fill_guidance

Priority = Literal["CRITICAL", "HIGH", "MEDIUM", "LOW"]
Saving = Literal["calls", "output", "prompts", "findings", "comparison", "unknown"]
Bound = Literal["target", "warning", "critical"]

PRIORITIES: tuple[Priority, ...] = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
"""The most pressing first."""

_ID = re.compile(r"[a-z][a-z0-9_]{1,39}")


class KpiCondition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Holds where the median of a KPI over recent sessions lies on the bad side of a bound."""

    kpi: str
    worse_than: float | Bound
    """A number in the KPI's unit, or one of the KPI's own thresholds."""


class DetectorCondition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Holds where a detector found enough waste."""

    detector: str
    min_findings: Annotated[int, Meta(ge=1)] = 3
    """In the whole period."""
    min_usd_per_week: Annotated[float, Meta(ge=0)] = 0.0
    """Asked for only where the cost of findings is known."""


class ComparisonCondition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Holds where sessions with another model were cheaper and not worse."""

    compare: Literal["model_choice"]
    min_sessions: Annotated[int, Meta(ge=2)] = 8
    """Of each of the two models, within one task type."""


Condition: TypeAlias = KpiCondition | DetectorCondition | ComparisonCondition

_CONDITIONS: dict[str, type[Condition]] = {
    "kpi": KpiCondition, "detector": DetectorCondition, "compare": ComparisonCondition,
}  # fmt: skip
_SLOTS: dict[type[Condition], frozenset[str]] = {
    KpiCondition: frozenset({"sessions", "value", "bound"}),
    DetectorCondition: frozenset({"findings", "sessions", "weeks"}),
    ComparisonCondition: frozenset({"sessions", "other_sessions", "usd", "other_usd"}),
}
"""Numbers that are always there where such a condition holds."""
_SAVINGS: dict[type[Condition], frozenset[Saving]] = {
    KpiCondition: frozenset({"calls", "output", "prompts", "unknown"}),
    DetectorCondition: frozenset({"findings"}),
    ComparisonCondition: frozenset({"comparison"}),
}


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the catalogue."""

    id: str
    title: str
    """For people, a few words; so the next four."""
    priority: Priority
    category: str
    impact: str
    """What to expect."""
    implementation: str
    """What a person can do besides."""
    kpi: str
    """The target: what a trial measures."""
    direction: Literal["increase", "decrease"]
    """Of the target KPI, when it helps."""
    when: Condition
    saving: Saving
    """How USD a week are estimated, see :mod:`tachograph.learning.suggestions.savings`."""
    guidance: str
    """What an agent is told: facts and an offer, never an order; see :func:`check_guidance`."""


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row as it is written."""

    id: str
    title: str
    priority: Priority
    category: str
    impact: str
    implementation: str
    kpi: str
    direction: Literal["increase", "decrease"]
    when: dict[str, Any]
    saving: Saving = "unknown"
    guidance: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    suggestion: list[_Row]


@cache
def load_catalogue(package: str = "tachograph.learning.suggestions") -> Mapping[str, Suggestion]:
    """All suggestions by id, in the order of ``package``'s ``catalogue.toml``. Raises ValueError as parse_catalogue."""
    return parse_catalogue(resources.files(package).joinpath("catalogue.toml").read_text(encoding="utf-8"))


def parse_catalogue(table: str) -> dict[str, Suggestion]:
    """The suggestions of a table by id, in its order.

    Raises ValueError for what is no TOML, a field that is unknown, missing or wrong, an id that two rows share, and
    guidance that may not be told to an agent (see check_guidance); the message names the row.
    """
    found: dict[str, Suggestion] = {}
    for row in msgspec.convert(tomllib.loads(table), _Table).suggestion:
        if not _ID.fullmatch(row.id):
            raise ValueError(f"{row.id!r} is no id: small letters, digits and _, at most 40")
        if row.id in found:
            raise ValueError(f"there are two suggestions {row.id!r}")
        try:
            found[row.id] = _read_row(row)
        except ValueError as error:
            raise ValueError(f"suggestion {row.id!r}: {error}") from error
    return found


def _read_row(row: _Row) -> Suggestion:
    kinds = [kind for key, kind in _CONDITIONS.items() if key in row.when]
    if len(kinds) != 1:
        raise ValueError(f"its condition has one of {', '.join(_CONDITIONS)}")
    if any(isinstance(value, float) and not math.isfinite(value) for value in row.when.values()):
        raise ValueError("the numbers of its condition are finite")
    when = msgspec.convert(row.when, kinds[0])
    if row.saving not in _SAVINGS[kinds[0]]:
        raise ValueError(f"the saving {row.saving!r} cannot be told from such a condition")
    check_guidance(row.guidance, _SLOTS[kinds[0]])
    return Suggestion(**{**msgspec.structs.asdict(row), "when": when})


def render(suggestion: Suggestion, numbers: Mapping[str, float]) -> str:
    """What an agent is told, at most 300 characters. Raises ValueError for a number that is missing or is none."""
    return fill_guidance(suggestion.guidance, numbers)
