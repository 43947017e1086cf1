"""How often tools may be called."""

from __future__ import annotations

from typing import Self

import msgspec

from tachograph.analysis.expectations._names import CategoryPattern, ToolPattern
from tachograph.analysis.expectations._outcome import Outcome
from tachograph.analysis.expectations._recording import Call, Recording
from tachograph.analysis.expectations._registry import expectation
from tachograph.analysis.expectations._tally import Tally
from tachograph.analysis.expectations._values import read_counts


class ToolLimits(msgspec.Struct, frozen=True):
    """How many calls of each tool there may be."""

    limits: tuple[tuple[ToolPattern, int], ...]

    @classmethod
    def read(cls, value: object) -> Self:
        """The limits that a file gives. Raises Misread."""
        return cls(read_counts(value, ToolPattern.read, "tools to numbers"))


class CategoryLimits(msgspec.Struct, frozen=True):
    """How many calls of each category there may be."""

    limits: tuple[tuple[CategoryPattern, int], ...]

    @classmethod
    def read(cls, value: object) -> Self:
        """The limits that a file gives. Raises Misread."""
        return cls(read_counts(value, CategoryPattern.read, "categories to numbers"))


@expectation()
def tool_limits(asked: ToolLimits, recording: Recording) -> Outcome:
    """At most so many calls of each tool (a name or a glob).

    Every call counts, whatever came of it.
    """
    tally = Tally(recording)
    for pattern, limit in asked.limits:
        calls = [call for call in recording.calls if pattern.matches(call.tool.name)]
        _hold(tally, recording.name(pattern.text), limit, calls)
    return tally.outcome()


@expectation()
def category_limits(asked: CategoryLimits, recording: Recording) -> Outcome:
    """At most so many calls of each category of tools.

    Every call counts, whatever came of it.
    """
    tally = Tally(recording)
    for pattern, limit in asked.limits:
        calls = [call for call in recording.calls if pattern.matches(call.tool)]
        _hold(tally, recording.name(pattern.text), limit, calls)
    return tally.outcome()


def _hold(tally: Tally, name: str, limit: int, calls: list[Call]) -> None:
    """Note whether a limit is kept; the calls beyond it prove that it is not."""
    if len(calls) > limit:
        tally.failed(f"{name}: {len(calls):,} > {limit:,}", calls[limit:])
    else:
        tally.passed(f"{name}: {len(calls):,} ≤ {limit:,}")
