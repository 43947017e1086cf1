"""Questions that may have no answer, put to every call."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

import msgspec

from tachograph.analysis.expectations._recording import Call, Recording


class Doubt(msgspec.Struct, frozen=True):
    """It cannot be told."""

    why: str
    """What there is to say of the call, so that it reads on with it."""


NOT_KNOWN = Doubt("not known at full length")
"""Its log is gone, or says nothing of it; what is stored is cut."""
NOT_UNDERSTOOD = Doubt("not understood")
"""The shell's grammar does not know it, or it hides behind a variable."""
TOO_SLOW = Doubt("searched for too long")
"""A regular expression was given up on, or there was too much to search."""

MAX_SECONDS_IN_ALL = 60.0
"""Time for all that is asked of one recording. A large session and fifty entries take a second; what takes longer than
this was made to."""
_deadline: ContextVar[float] = ContextVar("deadline", default=float("inf"))

Answer: TypeAlias = bool | Doubt


class Search(msgspec.Struct, frozen=True):
    """Where something was found."""

    hits: tuple[Call, ...] = ()
    doubts: tuple[tuple[Call, Doubt], ...] = ()
    """Calls of which it cannot be told."""

    def explain_doubts(self, recording: Recording) -> str:
        """``2 calls not understood, first call 7: …``, each kind of doubt with its first call; ``""`` without any."""
        kinds: dict[str, list[Call]] = {}
        for call, doubt in self.doubts:
            kinds.setdefault(doubt.why, []).append(call)
        return ", ".join(f"{count_calls(calls)} {why}, {point(recording, calls)}" for why, calls in kinds.items())


@contextmanager
def limit_time(seconds: float = MAX_SECONDS_IN_ALL) -> Iterator[None]:
    """Let everything that is asked within take so long together; then it is :data:`TOO_SLOW`."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_left() -> float:
    """Before :func:`limit_time` gives up, at least 0."""
    return max(0.0, _deadline.get() - time.monotonic())


def search(calls: Iterable[Call], ask: Callable[[Call], Answer]) -> Search:
    """Put a question to every call; after one that took too long no more of them."""
    hits: list[Call] = []
    doubts: list[tuple[Call, Doubt]] = []
    for call in calls:
        answer = ask(call) if seconds_left() else TOO_SLOW
        if isinstance(answer, Doubt):
            doubts.append((call, answer))
            if answer is TOO_SLOW:
                break
        elif answer:
            hits.append(call)
    return Search(tuple(hits), tuple(doubts))


def any_of(answers: Iterable[Answer]) -> Answer:
    """True as soon as one is, else the first doubt, else False."""
    doubt: Answer = False
    for answer in answers:
        if answer is True:
            return True
        if doubt is False:
            doubt = answer
    return doubt


def all_of(answers: Iterable[Answer]) -> Answer:
    """False as soon as one is, else the first doubt, else True."""
    doubt: Answer = True
    for answer in answers:
        if answer is False:
            return False
        if doubt is True:
            doubt = answer
    return doubt


def count_calls(calls: Sequence[Call]) -> str:
    """``1 call``, ``7 calls``."""
    return f"{len(calls):,} call{'' if len(calls) == 1 else 's'}"


def point(recording: Recording, calls: Sequence[Call]) -> str:
    """``call 7: rm -rf build``, or ``first call 7: …`` of several."""
    return f"{'first ' if len(calls) > 1 else ''}{describe(recording, calls[0])}"


def describe(recording: Recording, call: Call) -> str:
    """``call 7: rm -rf build``."""
    about = recording.prove(call).text
    return f"call {call.number}: {about or recording.name(call.tool.name)}"
