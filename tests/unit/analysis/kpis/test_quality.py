"""KPIs of what judges said."""

from __future__ import annotations

import pytest

from tachograph.analysis.kpis import Kpi, Seen, measure_kpis
from tachograph.analysis.kpis.quality import (
    quality_coherence,
    quality_faithfulness,
    quality_hallucination,
    quality_relevance,
)
from tachograph.model import Session

EMPTY = Session("claude_code:s1", "claude_code", "main")


@pytest.mark.parametrize(
    ("one", "name", "value"),
    [
        (quality_relevance, "relevance", 0.9),
        (quality_faithfulness, "faithfulness", 0.9),
        (quality_coherence, "coherence", 0.9),
        (quality_hallucination, "hallucination", 0.65),
    ],
)
def test_the_median_of_good_scores_and_the_mean_of_hallucination(one: Kpi, name: str, value: float) -> None:
    assert one(Seen(EMPTY, scores={name: (0.1, 0.95, 0.9), "other": (0.0,)})) == pytest.approx(value)
    assert one(Seen(EMPTY, scores={name: (0.25,)})) == 0.25
    assert one(Seen(EMPTY, scores={name: ()})) is None


def test_a_score_of_zero_is_a_score_and_none_is_none() -> None:
    assert quality_relevance(Seen(EMPTY, scores={"relevance": (0.0,)})) == 0.0
    assert not [name for name in measure_kpis(Seen(EMPTY)).values if name.startswith("quality")]
    assert measure_kpis(Seen(EMPTY)).lacking == {}


@pytest.mark.parametrize(
    ("one", "bounds"),
    [
        (quality_relevance, (0.90, 0.70, 0.50)),
        (quality_faithfulness, (0.90, 0.80, 0.60)),
        (quality_coherence, (0.90, 0.75, 0.60)),
        (quality_hallucination, (0.05, 0.10, 0.20)),
    ],
)
def test_thresholds_of_quality(one: Kpi, bounds: tuple[float, float, float]) -> None:
    assert (one.target, one.warning, one.critical) == bounds
    worse = -0.001 if one.better == "up" else 0.001
    assert [one.status(bound) for bound in bounds] == ["good", "fair", "warning"]
    assert [one.status(bound + worse) for bound in bounds] == ["fair", "warning", "critical"]
