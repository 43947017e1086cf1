"""Steps of a sequence: what a call has to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

import msgspec

from tachograph.analysis.expectations._answers import TOO_SLOW, Answer, Doubt, all_of, any_of, seconds_left
from tachograph.analysis.expectations._commands import CommandPattern
from tachograph.analysis.expectations._names import CategoryPattern, ToolPattern, is_category, split_use
from tachograph.analysis.expectations._paths import PathPattern, locate
from tachograph.analysis.expectations._reading import Misread, kind_of, suggest
from tachograph.analysis.expectations._recording import Call, Recording
from tachograph.analysis.expectations._uses import InputText, ToolUse
from tachograph.analysis.expectations._values import read_options, read_text
from tachograph.model import TextKind

STATUSES = ("ok", "error", "denied", "cancelled", "missing")


class Step(msgspec.Struct, frozen=True):
    """A call as it is asked for; what is None may be anything."""

    name: str | None = None
    """A tool's name, a glob, or a category."""
    tool: ToolPattern | None = None
    category: CategoryPattern | None = None
    command: CommandPattern | None = None
    input: InputText | None = None
    path: PathPattern | None = None
    status: str | None = None
    """None: ok or error, that is, it was carried out."""

    @classmethod
    def read(cls, value: object) -> Self:
        """The step that a file gives: a name, ``TOOL(text)``, or a mapping. Raises Misread."""
        if isinstance(value, str) and split_use(value.strip()) is not None:
            use = ToolUse.read(value)
            return cls(tool=use.tool, input=use.input)
        if isinstance(value, str):
            return cls(name=_read_name(value))
        if not isinstance(value, Mapping):
            raise Misread(f"expected a tool, a category or a mapping, got {kind_of(value)}")
        given: dict[str, Any] = read_options(value, _READERS)
        if not given:
            raise Misread(f"a step asks for at least one of {', '.join(_READERS)}")
        if "input" in given:
            _refuse_shells(given)
        return cls(**given)

    @property
    def needs(self) -> frozenset[TextKind]:
        """What it has to look at beyond names."""
        if self.command is not None:
            return frozenset({"commands", "inputs"})
        return frozenset({"inputs"}) if self.input is not None else frozenset()

    def __str__(self) -> str:
        """``Read``, ``Bash(pytest, ok)``, ``*(denied)`` for a call of any tool."""
        about = [one.text for one in (self.command, self.input, self.path) if one is not None]
        about += [self.status] if self.status else []
        known = [self.name, self.tool and self.tool.text, self.category and self.category.text]
        name = next((one for one in known if one), "")
        return f"{name or '*'}({', '.join(about)})" if about else name

    def ask(self, recording: Recording, call: Call) -> Answer:
        """Whether ``call`` is such a call."""
        return all_of(self._ask_each(recording, call))

    def _ask_each(self, recording: Recording, call: Call) -> Iterator[Answer]:
        """What is quick to answer first."""
        tool = call.tool
        yield call.carried_out if self.status is None else tool.status == self.status
        if self.name is not None:
            yield ToolPattern(self.name).matches(tool.name) or CategoryPattern(self.name).matches(tool)
        if self.tool is not None:
            yield self.tool.matches(tool.name)
        if self.category is not None:
            yield self.category.matches(tool)
        if self.path is not None:
            folder = next(iter(recording.main.session.cwds), "")
            yield any_of(self.path.matches(path, folder) for path in _paths_of(call))
        if self.command is not None:
            yield self.command.ask(recording, call)
        if self.input is not None:
            yield self.input.ask(recording, call)


class Asker:
    """Remembers what was asked, and asks nothing more of a step that took too long."""

    def __init__(self, recording: Recording, steps: tuple[Step, ...]) -> None:
        self._recording = recording
        self._steps = steps
        self._known: dict[tuple[int, int], Answer] = {}
        self._slow: set[int] = set()

    def ask(self, step: int, call: Call) -> Answer:
        """Whether ``call`` is the step of this number, from 0."""
        known = self._known.get((step, call.number))
        if known is None:
            is_over = step in self._slow or not seconds_left()
            known = TOO_SLOW if is_over else self._steps[step].ask(self._recording, call)
            self._known[step, call.number] = known
            if known is TOO_SLOW:
                self._slow.add(step)
        return known

    def doubts(self, call: Call) -> Iterator[Doubt]:
        """Why it could not be told of ``call``, by steps."""
        answers = (self._known.get((step, call.number)) for step in range(len(self._steps)))
        return (answer for answer in answers if isinstance(answer, Doubt))


def _read_name(value: str) -> str:
    name = read_text(value, "a tool or a category").strip()
    if len(name.split()) > 1:
        raise Misread(f"{name!r} is no tool", (), "A step with a command is a mapping: {command: …}.")
    return name if is_category(name) else ToolPattern.read(name).text


def _refuse_shells(given: Mapping[str, Any]) -> None:
    """Raises Misread for an input of what may be a shell: it would be looked for as text, ``echo`` and all."""
    tool, category = given.get("tool"), given.get("category")
    if tool is None and category is None:
        raise Misread("an input is looked for in calls of a tool", (), "Name it: {tool: …, input: …}.")
    by_category = category is not None and category.text in ("shell", "bash")
    if by_category or (tool is not None and tool.names_a_shell):
        raise Misread("what a shell is given is a command", ("input",), "Write command in place of input.")


def _read_status(value: object) -> str:
    status = read_text(value, "a status")
    if status not in STATUSES:
        raise Misread(f"unknown status {status!r}", (), suggest(status, STATUSES))
    return status


def _paths_of(call: Call) -> Iterator[str]:
    for path in (call.tool.path, *(touch.path for touch in call.tool.more_files)):
        if path:
            yield locate(path, call.folder)


_READERS = {
    "tool": ToolPattern.read,
    "category": CategoryPattern.read,
    "command": CommandPattern.read,
    "input": InputText.read,
    "path": PathPattern.read,
    "status": _read_status,
}
