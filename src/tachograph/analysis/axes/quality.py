"""Judged quality: what a model is asked for besides its verdict, four scores from 0 to 1, and how its answer is read.

A score is the model's opinion on what the digest shows: prompts, calls, outcomes and sizes. Neither what files contain
nor what the agent said is in it, so that some scores often cannot be told. Those are absent, never 0.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

import msgspec

from tachograph.analysis.axes.answers import read_object

QUALITIES = ("relevance", "faithfulness", "coherence", "hallucination")
"""What is judged: more is better, but for hallucination. The KPIs of these names go by them."""
QUALITY_VERSION = 1
"""Goes up with every change of ``quality_prompt.md``, the schema or the digest's form: older scores no longer count."""


class QualityScores(msgspec.Struct, frozen=True):
    """A judge's answer, checked: each from 0 to 1, None where it could not be told."""

    relevance: float | None = None
    faithfulness: float | None = None
    coherence: float | None = None
    hallucination: float | None = None

    @property
    def told(self) -> dict[str, float]:
        """Those that were told, by name."""
        return {name: score for name in QUALITIES if (score := getattr(self, name)) is not None}


def quality_schema() -> dict[str, Any]:
    """The JSON schema of an answer; the reasoning stands first, so that the scores follow from it.

    The range is left to :func:`read_quality`: not every server's grammar knows it.
    """
    properties: dict[str, Any] = {"reasoning": {"type": "string"}}
    properties |= {name: {"anyOf": [{"type": "number"}, {"type": "null"}]} for name in QUALITIES}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def quality_prompt() -> str:
    """The system message."""
    return resources.files("tachograph.analysis.axes").joinpath("quality_prompt.md").read_text("utf-8")


def read_quality(text: str) -> QualityScores:
    """What a model answered; thoughts and a code fence around it are tolerated. A score that is missing is null.

    Raises ValueError with the reason, a clause such as ``it is no JSON``, for whatever is no answer. That one score is
    no number from 0 to 1 makes all of them worthless: the model has not understood the scale.
    """
    answer = read_object(text)
    if not any(name in answer for name in QUALITIES):
        raise ValueError("it has none of the four scores")
    return QualityScores(**{name: _read_score(name, answer.get(name)) for name in QUALITIES})


def _read_score(name: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"its {name} is no number from 0 to 1")
    return float(value)
