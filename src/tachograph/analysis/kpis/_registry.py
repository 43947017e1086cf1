"""What a KPI is: a metric with a better direction and, where a bound makes sense for everybody, thresholds."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Literal, TypeAlias

import msgspec

from tachograph.analysis.registries import find_named
from tachograph.model import Finding, Session

Direction = Literal["up", "down"]
Status = Literal["good", "fair", "warning", "critical"]


class Seen(msgspec.Struct, frozen=True):
    """All that a KPI may look at: one session, without its subagents and without what it copied from others."""

    session: Session
    cost_pico: int | None = None
    """Sum of its priced responses, picodollars; None: nothing is priced."""
    unpriced: int = 0
    """Responses without a known price: above 0, ``cost_pico`` is a lower bound."""
    findings: tuple[Finding, ...] = ()
    """Proven waste."""
    scores: dict[str, tuple[float, ...]] = {}
    """What judges and evaluators said, 0 to 1 each, by the name of what they judged."""
    context_utilization: float | None = None
    """Largest share of the context in use that telemetry told, 0 to 1; None: it told none."""
    is_summed: bool = False
    """Its responses stand for many answers each (telemetry that adds up): nothing can be said of a single one."""


class Lacking(msgspec.Struct, frozen=True):
    """A KPI that the session has, but whose data is missing or not to be relied on."""

    reason: str
    """A clause such as ``the log has placeholders for output counts``."""


Value: TypeAlias = float | Lacking | None
"""None: the KPI does not apply to this session (a completion rate without tasks). Never 0 for what is not known."""


class Kpi(msgspec.Struct, frozen=True, kw_only=True):
    """A KPI and all that is known about it; calling it computes its value for a session."""

    name: str
    unit: str
    """ratio, USD, tokens …"""
    title: str
    """For people, a few words."""
    better: Direction
    source: str
    """Where the formula and the thresholds come from."""
    target: float | None = None
    """At least as good as this is good. None, so the next two: there is no bound for everybody, only the baseline."""
    warning: float | None = None
    critical: float | None = None
    scale: Literal["linear", "log"] = "linear"
    """log: values are above 0 and spread over orders of magnitude; deviations are measured between logarithms."""
    least_sd: float = 0.01
    """A smaller spread than this is not believed (log: of the natural logarithm)."""
    default: tuple[float, float] | None = None
    """Mean and standard deviation to go by before there is a baseline; None: none is assumed."""
    compute: Callable[[Seen], Value]

    def __call__(self, seen: Seen) -> Value:
        """The value for one session; not finite is lacking."""
        value = self.compute(seen)
        if isinstance(value, float | int) and not math.isfinite(value):
            return Lacking("it cannot be computed from such numbers")
        return value

    @property
    def doc(self) -> str:
        """Formula and domain of validity: the function's docstring."""
        from inspect import cleandoc  # slow to import, and seldom needed

        return cleandoc(self.compute.__doc__ or "")

    @property
    def formula(self) -> str:
        """What is computed: the docstring's first paragraph, on one line."""
        return " ".join(self.doc.partition("\n\n")[0].split())

    @property
    def domain_of_validity(self) -> str:
        """What it says and does not say, and when it is absent: the docstring's other paragraphs, on one line."""
        return " ".join(self.doc.partition("\n\n")[2].split())

    def is_worse(self, value: float, than: float) -> bool:
        """Whether ``value`` lies on the bad side of ``than``."""
        return value < than if self.better == "up" else value > than

    def status(self, value: float) -> Status | None:
        """Against the thresholds; None without any."""
        if self.target is None or self.warning is None or self.critical is None:
            return None
        if not self.is_worse(value, self.target):
            return "good"
        if self.is_worse(value, self.critical):
            return "critical"
        return "warning" if self.is_worse(value, self.warning) else "fair"


def kpi(
    name: str,
    unit: str,
    title: str,
    *,
    better: Direction,
    source: str,
    thresholds: tuple[float, float, float] | None = None,
    scale: Literal["linear", "log"] = "linear",
    least_sd: float = 0.01,
    default: tuple[float, float] | None = None,
) -> Callable[[Callable[[Seen], Value]], Kpi]:
    """Make a pure function of a session a KPI; ``thresholds`` are target, warning, critical."""
    target, warning, critical = thresholds or (None, None, None)

    def make(compute: Callable[[Seen], Value]) -> Kpi:
        return Kpi(
            name=name, unit=unit, title=title, better=better, source=source, target=target, warning=warning,
            critical=critical, scale=scale, least_sd=least_sd, default=default, compute=compute,
        )  # fmt: skip

    return make


@cache
def load_kpis(package: str = "tachograph.analysis.kpis") -> dict[str, Kpi]:
    """All KPIs by name, in order of name: those in every module of ``package`` without a leading underscore.

    Raises ValueError when two have the same name.
    """
    return find_named(package, Kpi, "KPIs")


class Measured(msgspec.Struct, frozen=True):
    """The KPIs of one session."""

    values: dict[str, float]
    """By name; what does not apply or is lacking is not there."""
    lacking: dict[str, str]
    """By name, why."""

    @property
    def completeness(self) -> float | None:
        """Share of the KPIs that apply whose data is there; None when none applies."""
        applying = len(self.values) + len(self.lacking)
        return len(self.values) / applying if applying else None


def measure_kpis(seen: Seen) -> Measured:
    """Every KPI of one session."""
    values: dict[str, float] = {}
    lacking: dict[str, str] = {}
    for name, one in load_kpis().items():
        value = one(seen)
        if isinstance(value, Lacking):
            lacking[name] = value.reason
        elif value is not None:
            values[name] = float(value)
    return Measured(values, lacking)
