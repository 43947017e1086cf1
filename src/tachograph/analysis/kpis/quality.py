"""KPIs of what judges and evaluators said: scores from 0 to 1."""

from __future__ import annotations

from statistics import fmean, median

from tachograph.analysis.kpis._registry import Seen, Value, kpi

_PLAN = (
    "Formula and thresholds: the published plan for a self-optimising loop of agents; there no score was a score of 0,"
    " here the KPI is absent."
)
_SD = 0.03


@kpi(
    "quality_relevance", "score", "Judged relevance", better="up", source=_PLAN, thresholds=(0.90, 0.70, 0.50),
    least_sd=_SD,
)  # fmt: skip
def quality_relevance(seen: Seen) -> Value:
    """Median of the scores for relevance: whether answers are about what was asked.

    Scores of different judges are not told apart: change the judge, and set the baseline back. Does not apply to a
    session that nobody judged.
    """
    return _median(seen, "relevance")


@kpi(
    "quality_faithfulness", "score", "Judged faithfulness", better="up", source=_PLAN, thresholds=(0.90, 0.80, 0.60),
    least_sd=_SD,
)  # fmt: skip
def quality_faithfulness(seen: Seen) -> Value:
    """Median of the scores for faithfulness: whether answers hold to what was read.

    Scores of different judges are not told apart: change the judge, and set the baseline back. Does not apply to a
    session that nobody judged.
    """
    return _median(seen, "faithfulness")


@kpi(
    "quality_coherence", "score", "Judged coherence", better="up", source=_PLAN, thresholds=(0.90, 0.75, 0.60),
    least_sd=_SD,
)  # fmt: skip
def quality_coherence(seen: Seen) -> Value:
    """Median of the scores for coherence: whether answers hang together.

    Scores of different judges are not told apart: change the judge, and set the baseline back. Does not apply to a
    session that nobody judged.
    """
    return _median(seen, "coherence")


@kpi(
    "quality_hallucination", "score", "Judged hallucination", better="down", source=_PLAN,
    thresholds=(0.05, 0.10, 0.20), least_sd=_SD,
)  # fmt: skip
def quality_hallucination(seen: Seen) -> Value:
    """Mean of the scores for hallucination: the share of answers, or how much of them, that nothing supports.

    A mean, because one bad answer among many must show. Scores of different judges are not told apart: change the
    judge, and set the baseline back. Does not apply to a session that nobody judged.
    """
    scores = seen.scores.get("hallucination")
    return fmean(scores) if scores else None


def _median(seen: Seen, name: str) -> float | None:
    scores = seen.scores.get(name)
    return median(scores) if scores else None
