"""A KPI's value as people read it."""

from __future__ import annotations

import math
from typing import Protocol

from tachograph.analysis.kpis import Kpi
from tachograph.learning.trials import Effect
from tachograph.report.units import UNKNOWN, seconds, tokens, usd


class InUnit(Protocol):
    """A KPI, or anything else whose values have a unit."""

    @property
    def unit(self) -> str:
        """tokens, USD, ratio …"""


def show_value(kpi: InUnit, value: float | None) -> str:
    """``0.42``, ``$1.20``, ``45.2k``, ``4m 54s``; three digits where they matter; a dash when unknown."""
    if value is None:
        return UNKNOWN
    if kpi.unit.startswith("USD"):
        return usd(value) if value >= 0.0001 or value == 0 else f"${value:.2g}"
    if kpi.unit == "tokens":
        return tokens(round(value))
    if kpi.unit == "seconds":
        return seconds(value)
    if abs(value) < 0.001:
        return f"{value:.4f}".rstrip("0").rstrip(".").replace("-0", "0") if abs(value) < 0.00005 else f"{value:.4f}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def show_deviation(kpi: Kpi, sd: float | None) -> str:
    """A standard deviation: in the KPI's unit, or as a factor where it is measured between logarithms."""
    if sd is None:
        return UNKNOWN
    return f"×{math.exp(min(sd, 50.0)):.2g}" if kpi.scale == "log" else show_value(kpi, sd)


def show_trend(trend: str | None) -> str:
    """An arrow and the word."""
    return {"up": "↗ up", "down": "↘ down", "stable": "→ stable"}.get(trend or "", UNKNOWN)


def show_effect(kpi: Kpi | None, effect: Effect) -> str:
    """The difference with its interval, in the KPI's unit."""
    if kpi is None or effect.difference is None:
        return UNKNOWN
    low, high = show_change(kpi, effect.low), show_change(kpi, effect.high)
    return f"{show_change(kpi, effect.difference)} [{low}, {high}]"


def show_change(kpi: InUnit, value: float | None) -> str:
    """A value with its sign; ``?`` when it is not known."""
    if value is None:
        return "?"
    return f"{'+' if value >= 0 else '-'}{show_value(kpi, abs(value))}"
