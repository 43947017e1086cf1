"""Tools that have to be used, and tools that must not be."""

from __future__ import annotations

from typing import Self

from msgspec import Struct

from tachograph.analysis.expectations._entries import ToolEntry
from tachograph.analysis.expectations._outcome import Outcome
from tachograph.analysis.expectations._presence import forbid, require
from tachograph.analysis.expectations._recording import Recording
from tachograph.analysis.expectations._registry import expectation
from tachograph.analysis.expectations._tally import Tally
from tachograph.analysis.expectations._values import read_list
from tachograph.model import TextKind


class ToolList(Struct, frozen=True):
    """Tools, globs, ``TOOL(text)``, and pieces of commands or of other tools' inputs."""

    entries: tuple[ToolEntry, ...]

    @classmethod
    def read(cls, value: object) -> Self:
        """The list that a file gives. Raises Misread."""
        return cls(read_list(value, ToolEntry.read, "tools"))

    @property
    def needs(self) -> frozenset[TextKind]:
        """Nothing, where names alone decide."""
        return frozenset(kind for entry in self.entries for kind in entry.needs)

    @property
    def readings(self) -> tuple[str, ...]:
        """How each entry is read, in words; ``""`` for a tool's name."""
        return tuple(entry.reading for entry in self.entries)


@expectation("commands", "inputs")
def required_tools(asked: ToolList, recording: Recording) -> Outcome:
    """Each of these tools and pieces of commands is used at least once.

    TOOL(text) is a call with this text in its input. A piece is looked for in shell commands, word by word, and as text
    in what other tools were given. Calls that were denied, cancelled or have no result do not count.
    """
    tally = Tally(recording)
    for entry in asked.entries:
        require(tally, recording, entry.text, entry.ask)
    return tally.outcome()


@expectation("commands", "inputs")
def banned_tools(asked: ToolList, recording: Recording) -> Outcome:
    """None of these tools and pieces of commands is used.

    TOOL(text) is a call with this text in its input. A piece is looked for in shell commands, word by word, and as text
    in what other tools were given. An attempt counts, also when it was denied.
    """
    tally = Tally(recording)
    for entry in asked.entries:
        forbid(tally, recording, entry.text, entry.ask)
    return tally.outcome()
