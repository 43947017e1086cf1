"""KPIs of one session: one decorated function each, found by themselves."""

from tachograph.analysis.kpis._registry import (
    Direction,
    Kpi,
    Lacking,
    Measured,
    Seen,
    Status,
    Value,
    kpi,
    load_kpis,
    measure_kpis,
)

__all__ = [
    "Direction",
    "Kpi",
    "Lacking",
    "Measured",
    "Seen",
    "Status",
    "Value",
    "kpi",
    "load_kpis",
    "measure_kpis",
]
