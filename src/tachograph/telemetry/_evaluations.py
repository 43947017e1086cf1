"""From one record of an evaluation file, or of a log file, to a judge's score."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tachograph.telemetry._attributes import find, find_text, read_attributes, read_moment, read_number, read_resource
from tachograph.telemetry._spans import agent_of, session_of

_MADE_UP = ("seed", "canary", "synthetic", "backfill", "trace-backfill")
"""Kinds of scores that no judge gave: they fill a dashboard or test it."""
_SHARES = ("", "1", "ratio", "ratio_0_1", "score", "fraction", "probability")
"""Units of scores between 0 and 1; a latency in seconds is an evaluation to some, but no score."""
_JUDGED = ("relevance", "faithfulness", "coherence", "hallucination")
"""What takes a judge: the plan reads these from evaluators of the type ``llm`` alone."""


class Score(msgspec.Struct, frozen=True):
    """A score as it is written, texts not cleaned yet: a secret in small letters looks like any other word."""

    session: str
    trace: str
    agent: str
    name: str
    evaluator: str
    at: int
    value: float


def is_evaluation(record: dict[str, Any]) -> bool:
    """Whether a log record is one."""
    return bool(find_text(read_attributes(record.get("attributes")), "gen_ai.evaluation.name"))


def read_evaluation(record: dict[str, Any]) -> Score | Literal["made up"] | None:
    """The score in a record; None where it holds none by right. Raises ValueError with a clause where it should.

    Left out are scores in another unit, and a rule's opinion on what takes a judge.
    """
    attributes = read_attributes(record.get("attributes"))
    name = find_text(attributes, "gen_ai.evaluation.name")
    if not name:
        raise ValueError("an evaluation without its name")
    kind = find_text(attributes, "evaluation.evaluator.kind", "gen_ai.evaluation.evaluator.type")
    cohort = find_text(attributes, "evaluation.cohort")
    if kind in _MADE_UP or cohort not in ("", "normal"):
        return "made up"
    unit = find_text(attributes, "evaluation.score.unit", "gen_ai.evaluation.score.unit")
    if unit not in _SHARES or (kind == "rule" and name.lower() in _JUDGED):
        return None
    value = read_number(find(attributes, "gen_ai.evaluation.score.value", "gen_ai.evaluation.score"))
    if value is None:
        has_reason = bool(find_text(attributes, "gen_ai.evaluation.score.label", "error.type"))
        if has_reason:
            return None
        raise ValueError("an evaluation without its score")
    if not 0 <= value <= 1:
        raise ValueError(f"a score of {value:.6g}, which is not between 0 and 1")
    moments = (record.get(key) for key in ("timestamp", "hrTime", "timeUnixNano", "startTime", "observedTimeUnixNano"))
    at = next((moment for moment in map(read_moment, moments) if moment is not None), None)
    if at is None:
        raise ValueError("an evaluation without its time")
    resource = read_resource(record.get("resource"))
    return Score(
        session_of(attributes) or session_of(resource) or session_of(record) or find_text(record, "sessionId"),
        find_text(record, "traceId") or find_text(attributes, "trace.id"),
        agent_of(resource, attributes),
        name,
        find_text(attributes, "evaluation.judge.model", "gen_ai.evaluation.evaluator", "evaluation.producer") or kind,
        at,
        value,
    )
