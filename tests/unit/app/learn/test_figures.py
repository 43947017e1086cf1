"""KPIs as people read them."""

from __future__ import annotations

import pytest

from tachograph.analysis.kpis import load_kpis
from tachograph.app.learn.figures import show_deviation, show_trend, show_value


@pytest.mark.parametrize(
    ("kpi", "value", "shown"),
    [
        ("error_rate", 0.0, "0"),
        ("error_rate", 0.12345, "0.123"),
        ("error_rate", 1.0, "1"),
        ("token_efficiency", 0.00049, "0.0005"),
        ("tool_overhead_ratio", 12345.6, "12,346"),
        ("cost_per_turn", 1.2, "$1.20"),
        ("cost_per_turn", 0.0, "$0.00"),
        ("cost_per_turn", 0.0000123, "$1.2e-05"),
        ("error_rate", None, "–"),
    ],
)
def test_a_value(kpi: str, value: float | None, shown: str) -> None:
    assert show_value(load_kpis()[kpi], value) == shown


def test_a_deviation_between_logarithms_is_a_factor() -> None:
    log = next(kpi for kpi in load_kpis().values() if kpi.scale == "log")
    assert show_deviation(log, 0.6931471805599453) == "×2"
    assert show_deviation(log, 1e9).startswith("×")
    assert show_deviation(log, None) == "–"
    assert show_deviation(load_kpis()["error_rate"], 0.02) == "0.02"


@pytest.mark.parametrize(
    ("trend", "shown"), [("up", "↗ up"), ("down", "↘ down"), ("stable", "→ stable"), (None, "–"), ("odd", "–")]
)
def test_a_trend(trend: str | None, shown: str) -> None:
    assert show_trend(trend) == shown
