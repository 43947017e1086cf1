"""How often tools may be called."""

from __future__ import annotations

from functools import partial
from typing import Self

import msgspec

from tachograph.analysis.expectations._answers import TOO_SLOW, Search, search
from tachograph.analysis.expectations._names import CategoryPattern
from tachograph.analysis.expectations._outcome import Outcome
from tachograph.analysis.expectations._recording import Recording
from tachograph.analysis.expectations._registry import expectation
from tachograph.analysis.expectations._tally import Tally
from tachograph.analysis.expectations._uses import ToolUse
from tachograph.analysis.expectations._values import read_counts
from tachograph.model import TextKind


class ToolLimits(msgspec.Struct, frozen=True):
    """How many calls of each tool there may be."""

    limits: tuple[tuple[ToolUse, int], ...]

    @classmethod
    def read(cls, value: object) -> Self:
        """The limits that a file gives. Raises Misread."""
        return cls(read_counts(value, ToolUse.read, "tools to numbers"))

    @property
    def needs(self) -> frozenset[TextKind]:
        """Nothing, where names alone decide."""
        return frozenset(kind for use, _ in self.limits for kind in use.needs)


class CategoryLimits(msgspec.Struct, frozen=True):
    """How many calls of each category there may be."""

    limits: tuple[tuple[CategoryPattern, int], ...]

    @classmethod
    def read(cls, value: object) -> Self:
        """The limits that a file gives. Raises Misread."""
        return cls(read_counts(value, CategoryPattern.read, "categories to numbers"))


@expectation("inputs")
def tool_limits(asked: ToolLimits, recording: Recording) -> Outcome:
    """At most so many calls of each tool (a name or a glob).

    TOOL(text): of its calls with this text in their input. Every call counts, whatever came of it.
    """
    tally = Tally(recording)
    for use, limit in asked.limits:
        found = search(recording.calls, partial(use.ask, recording))
        _hold(tally, recording, use.text, limit, found)
    return tally.outcome()


@expectation()
def category_limits(asked: CategoryLimits, recording: Recording) -> Outcome:
    """At most so many calls of each category of tools.

    Every call counts, whatever came of it.
    """
    tally = Tally(recording)
    for pattern, limit in asked.limits:
        calls = tuple(call for call in recording.calls if pattern.matches(call.tool))
        _hold(tally, recording, pattern.text, limit, Search(calls))
    return tally.outcome()


def _hold(tally: Tally, recording: Recording, text: str, limit: int, found: Search) -> None:
    """Note whether a limit is kept; the calls beyond it prove that it is not."""
    name, count = recording.name(text), len(found.hits)
    if count > limit:
        tally.failed(f"{name}: {count:,} > {limit:,}", found.hits[limit:])
    elif count + len(found.doubts) > limit or any(doubt is TOO_SLOW for _, doubt in found.doubts):
        told = f"{name}: {count:,} ≤ {limit:,}, {found.explain_doubts(recording)}"
        tally.unknown(told, [call for call, _ in found.doubts])
    else:
        tally.passed(f"{name}: {count:,} ≤ {limit:,}")
