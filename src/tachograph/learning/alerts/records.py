"""Alerts and incidents. Times are ms UTC."""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal

import msgspec

from tachograph.learning.records import Group

Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
"""From the least to the gravest."""


class Alert(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A session that was worse than its baseline or a rule allows, in one KPI; or many sessions together."""

    id: str
    """By which people name it: the same whenever the same history is judged."""
    session: str
    """Empty: about many."""
    group: Group | None
    kpi: str
    """The KPI; ``incomplete_sessions`` where the data is what is bad."""
    rule: str
    """Id of the row in the table of rules."""
    severity: Severity
    priority: int
    """Of the row; 1 is looked at first."""
    at: int
    """End of the session."""
    value: float
    mean: float | None
    """Of the baseline, so the next two; None where there is none."""
    sd: float | None
    deviations: float | None
    """Distance in standard deviations; above 0 is worse."""
    consecutive: int
    """Sessions in a row, this one included, that lay on the bad side; 0 when this one does not."""
    action: str
    """What to do: the row's own text."""
    limit: float | None = None
    """What was passed: standard deviations, a value in the KPI's unit, a share; by the rule's kind."""


class IncidentRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One of the sessions of an incident."""

    session: str
    at: int
    value: float
    mean: float
    """Of the baseline that it was held against."""
    deviations: float


class Incident(msgspec.Struct, frozen=True):
    """Sessions in a row that lay on the bad side in one KPI."""

    id: str
    group: Group
    kpi: str
    at: int
    """End of the last one."""
    sessions: tuple[IncidentRow, ...]
    """The oldest first."""
    causes: tuple[str, ...]
    """What speaks for which cause: sentences of ours, with numbers."""
    actions: tuple[str, ...]


def name_for(*parts: str) -> str:
    """Sixteen hex digits that stand for these."""
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
