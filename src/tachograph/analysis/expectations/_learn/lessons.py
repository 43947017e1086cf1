"""From observations to expectations that every one of them meets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Literal

import msgspec

from tachograph.analysis.expectations._learn import habits, limits
from tachograph.analysis.expectations._learn.lesson import LeftOut, Lesson
from tachograph.analysis.expectations._learn.observation import Observation
from tachograph.analysis.expectations._reading import Misread, read_expectations
from tachograph.analysis.expectations._recording import Recording
from tachograph.analysis.expectations._registry import run_checks, wanted_texts
from tachograph.model import TextKind

__all__ = ["Learnt", "LeftOut", "Lesson", "confirm_lessons", "learn_expectations"]

_MUST = (habits.required_tools, habits.tool_sequence, habits.expected_files)
_MAY = (
    limits.tool_limits,
    limits.category_limits,
    limits.token_budget,
    limits.cost_budget,
    limits.duration,
    limits.max_turns,
    limits.max_error_rate,
)
_MUST_NOT = (habits.no_findings, habits.banned_commands)
"""Each gives what can be said of some keys; in the order of the file."""


class Learnt(msgspec.Struct, frozen=True):
    """What some sessions have in common."""

    sessions: int
    margin: Decimal
    """Share that was added to every maximum: 0.2 for 20 %."""
    lessons: tuple[Lesson, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    """Keys that could not be learnt, and why."""

    @property
    def block(self) -> dict[str, Any]:
        """The expectations as plain values by key; suggestions left out."""
        return {one.key: one.value for one in self.lessons if not one.is_suggestion}

    @property
    def wanted(self) -> frozenset[TextKind]:
        """What has to be read at full length to check all of it."""
        return wanted_texts(*(read for one in self.lessons if (read := _read(one.key, one.value)) is not None))


def learn_expectations(observations: Iterable[Observation], margin: Decimal) -> Learnt:
    """What all of ``observations`` have in common; nothing of it depends on their order.

    ``margin`` is the share that is added to every maximum. A session that is given twice counts once. Raises ValueError
    without any observation.
    """
    distinct = {msgspec.json.encode(one, order="sorted"): one for one in observations}
    seen = [distinct[written] for written in sorted(distinct)]
    if not seen:
        raise ValueError("there is no session to learn from")
    found = [one for teach in _MUST for one in teach(seen)]
    found += [one for teach in _MAY for one in teach(seen, margin)]
    found += [one for teach in _MUST_NOT for one in teach(seen)]
    return Learnt(
        len(seen),
        margin,
        tuple(one for one in found if isinstance(one, Lesson)),
        tuple(one for one in found if isinstance(one, LeftOut)),
    )


def confirm_lessons(learnt: Learnt, recordings: Iterable[Recording]) -> Learnt:
    """``learnt`` without what one of ``recordings`` does not pass: the checks have the last word.

    A name may be read otherwise than it was meant (a tool called like a glob), or a log may be gone.
    """
    lessons: Sequence[Lesson] = learnt.lessons
    refused: list[LeftOut] = []
    for recording in recordings:
        kept = [(one, _keep(one, recording)) for one in lessons]
        gone = (one for one, left in kept if left is None and not one.is_suggestion)
        refused += [LeftOut(one.key, "its own check does not pass it") for one in gone]
        lessons = [left for _, left in kept if left]
    return msgspec.structs.replace(learnt, lessons=tuple(lessons), left_out=(*learnt.left_out, *refused))


def _keep(lesson: Lesson, recording: Recording) -> Lesson | None:
    """What of ``lesson`` the recording passes."""
    if _status(lesson.key, lesson.value, recording) == "pass":
        return lesson
    left = [one for one in _entries(lesson) if _status(lesson.key, one, recording) == "pass"]
    if lesson.is_whole or not left:
        return None
    value = [one for part in left for one in part] if isinstance(lesson.value, list) else _merge(left)
    return msgspec.structs.replace(lesson, value=value)


def _entries(lesson: Lesson) -> Iterator[Any]:
    """The value of ``lesson`` entry by entry, each as a value of its own."""
    if isinstance(lesson.value, list):
        yield from ([one] for one in lesson.value)
    elif isinstance(lesson.value, dict):
        yield from ({name: one} for name, one in lesson.value.items())


def _merge(parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


def _status(key: str, value: object, recording: Recording) -> Literal["pass", "other"]:
    read = _read(key, value)
    results = () if read is None else run_checks(read, recording)
    return "pass" if results and all(one.status == "pass" for one in results) else "other"


def _read(key: str, value: object) -> Any:
    """The expectations that ask for this alone; None when no file can say so."""
    try:
        return read_expectations({key: value})
    except Misread:
        return None
