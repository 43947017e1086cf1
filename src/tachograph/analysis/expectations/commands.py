"""Shell commands that have to be run, and commands that must not be."""

from __future__ import annotations

from typing import Self

from msgspec import Struct

from tachograph.analysis.expectations._commands import CommandPattern
from tachograph.analysis.expectations._outcome import Outcome
from tachograph.analysis.expectations._presence import forbid, require
from tachograph.analysis.expectations._recording import Recording
from tachograph.analysis.expectations._registry import expectation
from tachograph.analysis.expectations._tally import Tally
from tachograph.analysis.expectations._values import read_list


class CommandList(Struct, frozen=True):
    """Pieces of commands and regular expressions."""

    patterns: tuple[CommandPattern, ...]

    @classmethod
    def read(cls, value: object) -> Self:
        """The list that a file gives. Raises Misread."""
        return cls(read_list(value, CommandPattern.read, "commands"))


# Codex types into running shells with a tool whose text is among the inputs.
@expectation("commands", "inputs")
def required_commands(asked: CommandList, recording: Recording) -> Outcome:
    """Each of these commands is run at least once (a piece of a command, or /a regular expression/).

    Commands that were denied, cancelled or have no result do not count; one that failed does.
    """
    tally = Tally(recording)
    for pattern in asked.patterns:
        require(tally, recording, pattern.text, pattern.ask)
    return tally.outcome()


@expectation("commands", "inputs")
def banned_commands(asked: CommandList, recording: Recording) -> Outcome:
    """None of these commands is run (a piece of a command, or /a regular expression/).

    An attempt counts, also when it was denied.
    """
    tally = Tally(recording)
    for pattern in asked.patterns:
        forbid(tally, recording, pattern.text, pattern.ask)
    return tally.outcome()
