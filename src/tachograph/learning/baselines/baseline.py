"""What is shown of a baseline, and of a value that was held against one."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from tachograph.learning.records import Group

Status = Literal["bootstrap", "settling", "converged"]


class Baseline(msgspec.Struct, frozen=True, gc=False):
    """What is usual for one KPI in one group of sessions."""

    kpi: str
    n: int
    """Sessions that it was made from."""
    mean: float | None
    """Moving average, in the KPI's unit; of a KPI on a logarithmic scale the geometric one. In bootstrap the KPI's
    conservative default; None when it has none."""
    sd: float | None
    """Moving standard deviation, in the KPI's unit; of a KPI on a logarithmic scale that of the natural logarithm: the
    usual range is then from ``mean / exp(sd)`` to ``mean * exp(sd)``."""
    p50: float | None
    """Half of the sessions lay below it; None before the first one. So the next two, with 95 and 99 of 100."""
    p95: float | None
    p99: float | None
    status: Status
    is_spread_wide: bool
    """The spread is above half of the mean: one session says little."""
    is_stale: bool
    """Sessions came, but for seven days none that it could be made from."""
    updated_at: int | None
    """End of the last session that it was made from, ms UTC."""


class Deviation(msgspec.Struct, frozen=True, gc=False):
    """How far a session's value lies from the baseline that it was held against."""

    kpi: str
    value: float
    mean: float
    """Of the baseline, in the KPI's unit."""
    sd: float
    """Of the baseline, not smaller than what is believed; logarithmic KPIs: of the natural logarithm."""
    deviations: float
    """Distance in standard deviations; above 0 is worse, whichever direction is the better one."""
    cautious: float
    """The same distance in the spread that the KPI has had on its bad side over a long time, wherever that is the
    larger one: a critical alert goes by it."""


BaselineTable: TypeAlias = dict[Group, dict[str, Baseline]]
"""By group and KPI; ``*`` in a group stands for all model families, or all agents."""
