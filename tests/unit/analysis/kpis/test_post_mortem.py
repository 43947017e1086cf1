"""The session that the published plan was made for: its numbers come out, and which of them are bad."""

from __future__ import annotations

import pytest

from tachograph.analysis.kpis import load_kpis, measure_kpis
from tests.builders.post_mortem import post_mortem

EXPECTED = {
    "token_efficiency": (0.001, "critical"),
    "task_completion_rate": (0.83, "warning"),
    "active_time_ratio": (0.22, "warning"),
    "tool_overhead_ratio": (1.73, "warning"),
    "cache_efficiency": (0.983, "good"),
    "error_rate": (0.0, "good"),
    "document_coverage": (0.333, None),
    "quality_relevance": (0.95, "good"),
    "quality_faithfulness": (0.94, "good"),
    "quality_coherence": (0.93, "good"),
    "quality_hallucination": (0.03, "good"),
}
BASELINE = {
    "token_efficiency": (0.047, 0.012, 3.8),
    "active_time_ratio": (0.68, 0.08, 5.8),
    "tool_overhead_ratio": (0.42, 0.11, 11.9),
    "task_completion_rate": (0.96, 0.03, 4.3),
}
"""Mean and spread of the sessions before it, and by how many standard deviations it was worse, as the plan tells."""


@pytest.mark.parametrize("name", EXPECTED)
def test_its_numbers_come_out(name: str) -> None:
    value, status = EXPECTED[name]
    found = measure_kpis(post_mortem()).values[name]
    assert found == pytest.approx(value, abs=0.005 if value > 0.01 else 5e-6)
    assert load_kpis()[name].status(found) == status


@pytest.mark.parametrize("name", BASELINE)
def test_no_floor_of_spread_hides_how_far_it_was_from_its_baseline(name: str) -> None:
    mean, sd, deviations = BASELINE[name]
    one = load_kpis()[name]
    assert one.scale == "linear"
    assert one.least_sd <= sd
    assert abs(measure_kpis(post_mortem()).values[name] - mean) / sd == pytest.approx(deviations, abs=0.08)


def test_nothing_of_it_is_lacking() -> None:
    assert measure_kpis(post_mortem()).lacking == {}
