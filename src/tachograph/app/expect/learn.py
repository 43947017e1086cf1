"""``tacho expect learn``: expectations that sessions known to be good all meet, as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import msgspec

from tachograph.analysis.expectations import Recording
from tachograph.analysis.expectations._learn import (
    Learnt,
    LeftOut,
    Lesson,
    confirm_lessons,
    learn_expectations,
    observe,
)
from tachograph.app.expect.yaml_text import write_comment, write_entry
from tachograph.errors import NotFound, UsageError
from tachograph.model import TextKind

DEFAULT_MARGIN = "20%"
LEARNING_TEXTS: frozenset[TextKind] = frozenset({"commands", "inputs", "prompts"})
"""What has to be read at full length: checks look at commands and inputs, a test case has the prompt."""
_LARGEST_MARGIN = 10


class LearnReport(msgspec.Struct, frozen=True):
    """What some sessions have in common."""

    sessions: int
    margin: float
    """Share that was added to every maximum."""
    expectations: dict[str, Any]
    """Values by key, as a file of expectations has them."""
    observed: dict[str, str]
    """What the sessions did, by key."""
    suggestions: dict[str, Any]
    """Values by key that were not learnt, only suggested."""
    left_out: tuple[LeftOut, ...]
    """Keys that could not be learnt, and why."""


def read_margin(text: str) -> Decimal:
    """``20%`` or ``0.2`` as a share. Raises UsageError."""
    number = text.strip()
    try:
        share = Decimal(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ArithmeticError:
        share = Decimal("nan")
    if not share.is_finite() or not 0 <= share <= _LARGEST_MARGIN:
        raise UsageError(
            f"{text!r} is no margin.", slug="wrong_margin", hint="Give a share such as 20% or 0.2, up to 1000%."
        )
    return share


def learn(load: Callable[[], Iterable[Recording]], margin: Decimal) -> Learnt:
    """What all recordings that ``load`` gives have in common, each key confirmed by its own check on every one of them.

    ``load`` is called twice: not all of them need be in memory. Raises NotFound when there is none.
    """
    observations = [observe(one) for one in load()]
    if not observations:
        raise NotFound("There is no session to learn from.", slug="nothing_to_learn")
    return confirm_lessons(learn_expectations(observations, margin), load())


def report_learnt(learnt: Learnt) -> LearnReport:
    """The same for programs."""
    return LearnReport(
        learnt.sessions,
        float(learnt.margin),
        learnt.block,
        {one.key: one.observed for one in learnt.lessons},
        {one.key: one.value for one in learnt.lessons if one.is_suggestion},
        learnt.left_out,
    )


def write_learnt(learnt: Learnt) -> list[str]:
    """The lines of a file of expectations, with what was observed beside each key."""
    sessions = "1 session" if learnt.sessions == 1 else f"{learnt.sessions} sessions"
    lines = [
        write_comment(
            f"Learnt from {sessions} by tacho expect learn; limits are what was observed and {_tell(learnt.margin)}."
        )
    ]
    for one in learnt.lessons:
        if not one.is_suggestion:
            lines += write_lesson(one)
    if not learnt.block:
        lines.append("# The sessions have nothing in common that could be expected.")
    for one in learnt.lessons:
        if one.is_suggestion:
            lines += ["", write_comment(one.observed), *(f"# {line}" for line in write_entry(one.key, one.value))]
    if learnt.left_out:
        lines += ["", *(write_comment(f"left out: {one.key}: {one.reason}") for one in learnt.left_out)]
    return lines


def write_lesson(lesson: Lesson) -> list[str]:
    """``key: value`` with what was observed."""
    return write_entry(lesson.key, lesson.value, lesson.observed, lesson.notes)


def _tell(margin: Decimal) -> str:
    share = f"{100 * margin:f}"
    return f"{share.rstrip('0').rstrip('.') if '.' in share else share} % more"
