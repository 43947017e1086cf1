"""Entries of a list of tools: a name, a glob, ``TOOL(text)``, or a piece of what any tool was given."""

from __future__ import annotations

from typing import Self

import msgspec

from tachograph.analysis.expectations._answers import NOT_KNOWN, Answer, any_of
from tachograph.analysis.expectations._commands import CommandPattern, TextPiece, is_statement
from tachograph.analysis.expectations._names import ToolPattern, is_only_a_tool, split_use
from tachograph.analysis.expectations._reading import Misread
from tachograph.analysis.expectations._recording import Call, Recording
from tachograph.analysis.expectations._uses import ToolUse
from tachograph.analysis.expectations._values import read_text
from tachograph.model import TextKind


class ToolEntry(msgspec.Struct, frozen=True):
    """A tool's name or a glob, ``TOOL(text)``, a program's name, or a piece of a command or of another tool's input."""

    text: str
    use: ToolUse | None = None
    """``TOOL(text)``; None where it is something else."""

    @classmethod
    def read(cls, value: object) -> Self:
        """The entry that a file gives. Raises Misread."""
        entry = cls(read_text(value, "a tool or a piece of a command").strip())
        if entry.text.startswith("/") and entry.text.endswith("/"):
            hint = "Use required_commands or banned_commands."
            raise Misread("a regular expression is for commands alone", (), hint)
        if split_use(entry.text) is not None:
            return cls(entry.text, ToolUse.read(entry.text))
        if entry._runs:
            CommandPattern.read(entry.text)
        return entry

    @property
    def needs(self) -> frozenset[TextKind]:
        """What it has to look at beyond names."""
        if self.use is not None:
            return self.use.needs
        return frozenset({"commands", "inputs"}) if self._runs else frozenset()

    @property
    def reading(self) -> str:
        """How it is read, in words; ``""`` where it is nothing but a tool's name or a glob."""
        if self.use is not None:
            return self.use.reading
        if not self._runs:
            return ""
        if is_statement(self.text):
            return "SQL"
        piece = "a piece of a command, or text in another tool's input"
        return "a program, or a tool of this name" if self._is_one_word else piece

    def ask(self, recording: Recording, call: Call) -> Answer:
        """Whether ``call`` is meant."""
        if self.use is not None:
            return self.use.ask(recording, call)
        if self._is_one_word and ToolPattern(self.text).matches(call.tool.name):
            return True
        if not self._runs:
            return False
        found = CommandPattern(self.text).ask(recording, call)
        if call.tool.category == "shell" or not self._is_text:
            return found
        return any_of((found, self._ask_input(recording, call)))

    def _ask_input(self, recording: Recording, call: Call) -> Answer:
        given = recording.given(call)
        return NOT_KNOWN if given is None else TextPiece(self.text).found_in(given)

    @property
    def _is_one_word(self) -> bool:
        return len(self.text.split()) == 1

    @property
    def _runs(self) -> bool:
        """Whether it may be (a piece of) a command."""
        return not is_only_a_tool(self.text)

    @property
    def _is_text(self) -> bool:
        """Whether it is looked for in what other tools were given: a word alone would be everywhere."""
        return not self._is_one_word or is_statement(self.text)
