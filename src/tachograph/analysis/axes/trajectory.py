"""Trajectory quality: what a judge model is asked, what its answer may be, and what is made of it.

The verdict is a model's opinion, never a fact: it is shown with the model's name and with how well that model agreed
with a person's labels, or with the word "none" where nobody has measured it.
"""

from __future__ import annotations

from datetime import datetime
from importlib import resources
from typing import Any, Literal, cast, get_args

import msgspec

from tachograph.analysis.axes.answers import read_object

Verdict = Literal["MUCH_BETTER", "BETTER", "SIMILAR", "WORSE", "MUCH_WORSE"]
State = Literal["UNAVAILABLE", "CURRENT", "STALE"]

VALUES: dict[Verdict, float] = {"MUCH_BETTER": 1.0, "BETTER": 0.75, "SIMILAR": 0.5, "WORSE": 0.25, "MUCH_WORSE": 0.0}
"""Each verdict as a number, the best first: ranks with even steps, no measurement."""
REVIEWED: frozenset[Verdict] = frozenset({"WORSE", "MUCH_WORSE"})
"""Verdicts that ask a person to look."""
CATEGORIES = ("redundant_read", "failed_retry", "context_bloat", "trajectory_drift", "duplicate_output")
"""Kinds of waste that the judge may name."""
PROMPT_VERSION = 1
"""Goes up with every change of ``judge_prompt.md``, the schema or the digest's form: older answers no longer count."""

_REASONING_CHARS = 2000


class Judgement(msgspec.Struct, frozen=True):
    """A judge's answer, checked."""

    verdict: Verdict
    confidence: float | None
    """As the model states it, 0 to 1; None: it gave none, or one out of range."""
    reasoning: str
    """The model's own words, at most 2,000 characters."""
    waste_categories: tuple[str, ...]
    """Those of CATEGORIES that it named, each once."""


class Agreement(msgspec.Struct, frozen=True):
    """How well a model's verdicts agreed with labels when it was last calibrated."""

    labels: int
    """Sessions that were labelled and judged."""
    spearman: float | None
    """Rank correlation; None where it could not be computed, so the next three."""
    spearman_low: float | None
    """Lower end of its bootstrap interval."""
    spearman_high: float | None
    """Upper end of its bootstrap interval."""
    kappa: float | None
    """Weighted kappa."""


class TrajectoryScore(msgspec.Struct, frozen=True, kw_only=True):
    """The axis for one session: an opinion with its origin, or why there is none."""

    state: State
    """CURRENT: judged as it is now. STALE: it has changed since. UNAVAILABLE: there is no verdict."""
    verdict: Verdict | None = None
    value: float | None = None
    """The verdict as a number, see VALUES."""
    confidence: float | None = None
    reasoning: str | None = None
    waste_categories: tuple[str, ...] = ()
    review: bool = False
    """True for WORSE and MUCH_WORSE: a person should look. It is no finding."""
    model: str | None = None
    judged_at: datetime | None = None
    turns_shown: int | None = None
    """Turns that the judge was shown, of which some may be folded."""
    turns_left_out: int | None = None
    """Turns for which its context had no room."""
    reason: str | None = None
    """Why there is no verdict: a slug, see docs/judge.md."""
    hint: str | None = None
    """The reason in a sentence, and what would help; also beside STALE."""
    domain_of_validity: str
    """What the verdict says and does not say; never empty."""

    @property
    def evidence(self) -> tuple[str, ...]:
        """What the opinion rests on; empty where there is none."""
        if self.judged_at is None or self.turns_shown is None:
            return ()
        of = self.turns_shown + (self.turns_left_out or 0)
        return (f"{self.turns_shown} of {of} turns, shown to {self.model} at {self.judged_at:%Y-%m-%dT%H:%M:%SZ}",)


def judge_schema() -> dict[str, Any]:
    """The JSON schema of an answer; the reasoning stands first, so that the verdict follows from it.

    Ranges and lengths are left to :func:`read_judgement`: not every server's grammar knows them.
    """
    properties = {
        "reasoning": {"type": "string"},
        "waste_categories": {"type": "array", "items": {"type": "string", "enum": list(CATEGORIES)}},
        "verdict": {"type": "string", "enum": list(VALUES)},
        "confidence": {"type": "number"},
    }
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def judge_prompt() -> str:
    """The system message."""
    return resources.files("tachograph.analysis.axes").joinpath("judge_prompt.md").read_text("utf-8")


def read_judgement(text: str) -> Judgement:
    """What a model answered. A block of thoughts before it and a code fence around it are tolerated.

    Categories that are not ours are dropped; a confidence out of range is None. Raises ValueError with the reason, a
    clause such as ``it is no JSON``, for whatever is no answer.
    """
    answer = read_object(text)
    verdict = answer.get("verdict")
    if not isinstance(verdict, str) or verdict not in get_args(Verdict):
        raise ValueError("it has no verdict" if verdict is None else "its verdict is none of the five")
    reasoning = answer.get("reasoning")
    named = answer.get("waste_categories")
    return Judgement(
        cast(Verdict, verdict),
        _read_confidence(answer.get("confidence")),
        reasoning.strip()[:_REASONING_CHARS] if isinstance(reasoning, str) else "",
        tuple(category for category in CATEGORIES if isinstance(named, list) and category in named),
    )


def _read_confidence(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None


def domain_of_validity(model: str, agreement: Agreement | None, *, is_given: bool = True) -> str:
    """What a verdict of ``model`` is worth, or would be where none is given.

    ``agreement`` is that of the model's last calibration.
    """
    opinion = f"pinion of the model {model} (prompt version {PROMPT_VERSION}) on prompts, tool calls and token counts"
    if is_given:
        told = f"O{opinion}; it saw neither file contents nor results. Never a fact."
    else:
        told = f"No verdict was given. One would be the o{opinion}, without file contents and results: never a fact."
    return f"{told} Calibration: {_quote(agreement)}."


def _quote(agreement: Agreement | None) -> str:
    if agreement is None:
        return "none"
    low, high = _number(agreement.spearman_low), _number(agreement.spearman_high)
    return (
        f"{agreement.labels} labels, Spearman {_number(agreement.spearman)} ({low} to {high}),"
        f" weighted kappa {_number(agreement.kappa)}"
    )


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"
