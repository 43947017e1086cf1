"""Calls of a tool that was given something: ``Skill(commit)``, ``mcp__db__query(DROP TABLE)``."""

from __future__ import annotations

from typing import Self

import msgspec

from tachograph.analysis.expectations._answers import NOT_KNOWN, Answer
from tachograph.analysis.expectations._commands import TextPiece
from tachograph.analysis.expectations._names import ToolPattern, split_use, without_star
from tachograph.analysis.expectations._reading import Misread
from tachograph.analysis.expectations._recording import Call, Recording
from tachograph.analysis.expectations._values import read_text
from tachograph.model import TextKind

_NAMED_IN = {"Skill": ("skill", "command", "name"), "SlashCommand": ("command",)}
"""Tools that call something by its name, and the fields that give it, the newest version's first."""
_STARTS_AGENTS = ("Agent", "Task", "spawn_agent")
"""Tools that call an agent by the name of its kind, which is kept with the call."""


class InputText(msgspec.Struct, frozen=True):
    """A text in what a tool was given: a piece of any text in it, by whole words, capitals do not count.

    Where the tool calls something by its name, and the text is one word, it has to be that name, with or without the
    prefix of a plugin (``commit`` is ``git-tools:commit``, too).
    """

    text: str

    @classmethod
    def read(cls, value: object) -> Self:
        """The text that a file gives. Raises Misread for what is meant as a pattern."""
        text = read_text(value, "a text of the input").strip()
        if text.endswith((":*", " *")) or ("*" in text and _is_word(text)):
            hint = f"Write the text alone: {without_star(text)}."
            files = "Patterns of files are for forbidden_files, expected_files, and {path: …} in a step."
            raise Misread(f"{text!r}: * makes no pattern here", (), files if without_star(text) == text else hint)
        if text.startswith("domain:"):
            hint = f"Write the text alone: {text.removeprefix('domain:')}."
            raise Misread(f"{text!r} is for permissions, no address holds it", (), hint)
        return cls(text)

    def ask(self, recording: Recording, call: Call) -> Answer:
        """Whether ``call`` was given this."""
        name = call.tool.name
        if not _is_word(self.text) or (name not in _NAMED_IN and name not in _STARTS_AGENTS):
            given = recording.given(call)
            return NOT_KNOWN if given is None else TextPiece(self.text).found_in(given)
        called = (call.tool.agent_type or "") if name in _STARTS_AGENTS else _find_name(recording, call)
        return NOT_KNOWN if called is None else _is_called(called, self.text)


class ToolUse(msgspec.Struct, frozen=True):
    """A tool's name or a glob of names; with a text in brackets, only its calls with this text in their input."""

    tool: ToolPattern
    input: InputText | None = None

    @classmethod
    def read(cls, value: object) -> Self:
        """``NAME`` or ``NAME(text)`` as a file gives it. Raises Misread, also for shells: they are given commands."""
        text = read_text(value, "the name of a tool").strip()
        use = split_use(text)
        if use is None:
            return cls(ToolPattern.read(text))
        tool = ToolPattern(use[0])
        if tool.names_a_shell:
            piece = without_star(use[1])
            hint = f"Use banned_commands or required_commands, or {{command: {piece}}} as a step of tool_sequence."
            raise Misread(f"{text!r}: what a shell is given is a command", (), hint)
        return cls(tool, InputText.read(use[1]))

    @property
    def text(self) -> str:
        """As it is written."""
        return self.tool.text if self.input is None else f"{self.tool.text}({self.input.text})"

    @property
    def needs(self) -> frozenset[TextKind]:
        """Nothing, where the name alone decides."""
        return frozenset() if self.input is None else frozenset({"inputs"})

    @property
    def reading(self) -> str:
        """How it is read, in words; ``""`` for a name alone."""
        if self.input is None:
            return ""
        by_name = _is_word(self.input.text) and any(map(self.tool.matches, (*_NAMED_IN, *_STARTS_AGENTS)))
        return "by this name" if by_name else "text in its input"

    def ask(self, recording: Recording, call: Call) -> Answer:
        """Whether ``call`` is meant."""
        if not self.tool.matches(call.tool.name):
            return False
        return self.input is None or self.input.ask(recording, call)


def _is_word(text: str) -> bool:
    return len(text.split()) == 1


def _find_name(recording: Recording, call: Call) -> str | None:
    """What ``call`` calls by its name; ``""``: nothing, None: it is not known."""
    given = recording.fields(call)
    if given is None:
        return None
    named = (given.get(field) for field in _NAMED_IN[call.tool.name])
    text = next((one for one in named if isinstance(one, str) and one.strip()), "")
    return text.split()[0].removeprefix("/") if text else ""  # a command with its arguments: /commit -m


def _is_called(name: str, wanted: str) -> bool:
    """Whether ``name`` is ``wanted``, with or without the prefix of a plugin."""
    name, wanted = name.casefold(), wanted.casefold().removeprefix("/")
    return name == wanted or name.endswith(f":{wanted}")
