"""What happened between two calls that may have changed the outcome of the second."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable
from functools import cache, cached_property
from importlib import resources

import msgspec

from tachograph.analysis.detectors._files import files_of, tail
from tachograph.analysis.detectors._order import FOREVER, NEVER, any_between
from tachograph.analysis.detectors._rewinds import find_rewinds
from tachograph.analysis.detectors._scene import Scene
from tachograph.analysis.detectors._spans import Spans, UnjudgedSpans
from tachograph.analysis.shell import ShellEffects, examine_command
from tachograph.model import ToolCall

CUT_FROM = 450
"""Commands are stored up to 500 characters, up to 50 less when a redaction lies across the cut: this may be a part."""
_BACKGROUND_MS = 10_000
"""A subagent that answers within this time was sent to the background, where it works on: 4 s at most in the real
histories looked at, where the quickest that was waited for took 14."""
_AMPERSAND = re.compile(r"(?<![&<>|])&(?![&>])")
_NAME = re.compile(r"[\w-]+")
_WAITING = re.compile(r"\b(?:u?sleep|wait|watch|Start-Sleep|Wait-\w+)\b|--wait\b|--watch\b|\btail\b.* -[a-zA-Z]*[fF]\b")


class Changes:
    """All of a session that may have changed files, or the outcome of a command.

    Every question takes logarithmic time, but for commands that are judged for the first time.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def outcome_may_differ(self, first: ToolCall, second: ToolCall, own: Collection[int] = ()) -> bool:
        """Whether anything from ``first`` on may have changed what ``second`` would do; calls at ``own`` do not count.

        Any change, a word of a person, a notification, a wait.
        """
        if any_between(self._words, first.position, second.position):
            return True
        return self._others.any_meanwhile(first, second) or self._commands.any_meanwhile(first, second, own)

    def files_may_differ(self, first: ToolCall, second: ToolCall, files: Iterable[str]) -> bool:
        """Whether anything from ``first`` on may have changed one of ``files`` (paths), or removed ``first`` itself.

        A change of these files or of anything, a person's own command, something that ended in the background, a wait
        for something to happen; a compaction or a rewind, which takes what was read out of the context.
        """
        if any_between(self._breaks, first.position, second.position):
            return True
        edits = filter(None, map(self._edits.get, {"", *map(tail, files)}))
        if any(spans.any_meanwhile(first, second) for spans in edits):
            return True
        return self._commands.any_meanwhile(first, second)  # last: to judge them takes longest

    @cached_property
    def _changing(self) -> list[ToolCall]:
        return [call for call in self._scene.calls if call.category != "shell" and may_change(call)]

    @cached_property
    def _others(self) -> Spans:
        """Whatever changes something and is no command."""
        return Spans(self._changing, self._end)

    @cached_property
    def _edits(self) -> dict[str, Spans]:
        """The same by the tails of the files that it edits; under ``""`` what may change any."""
        found: dict[str, list[ToolCall]] = {}
        for call in self._changing:
            files = files_of(call, self._scene.folder(call)) if call.category == "edit" else ()
            for name in set(map(tail, files)) or {""}:
                found.setdefault(name, []).append(call)
        return {name: Spans(calls, self._end) for name, calls in found.items()}

    @cached_property
    def _commands(self) -> UnjudgedSpans:
        calls = [call for call in self._scene.calls if call.category == "shell"]
        return UnjudgedSpans(calls, self._end, lambda call: self._end_of_command(call) if may_change(call) else NEVER)

    def _end(self, call: ToolCall) -> int:
        """When a call was over; of a command, when it was so at the latest."""
        end = _end_of_answer(call)
        if call.category == "shell":
            background = call.result_kind == "background" or _may_leave_running(call)
        else:
            background = _is_background_agent(call, end - call.started_at)
        return self._end_in_background(call) if background else end

    def _end_of_command(self, call: ToolCall) -> int:
        if call.result_kind != "background" and _may_leave_running(call):
            effects = effects_of(call)
            if effects is not None and not effects.background:
                return _end_of_answer(call)
        return self._end(call)

    def _end_in_background(self, call: ToolCall) -> int:
        """When what works on behind a call reported its end or was ended; never, when nothing tells of it."""
        ends = [self._notified.get(name, FOREVER) for name in (call.id, call.spawned or "")]
        return min(*ends, self._ended.get(call.id, FOREVER))

    @cached_property
    def _ended(self) -> dict[str, int]:
        """When commands in the background were ended by the agent, by their ids."""
        found: dict[str, int] = {}
        running: list[str] = []
        stops = 0
        for call in self._scene.calls:
            if call.category == "shell" and call.result_kind == "background" and call.id not in self._notified:
                running.append(call.id)
            elif call.name in _tools().ending and call.status == "ok":
                stops += 1
                if stops >= len(running):
                    found.update(dict.fromkeys(running, _end_of_answer(call)))
                    running, stops = [], 0
        return found

    @cached_property
    def _notified(self) -> dict[str, int]:
        """When a notification first named something, by every word in it."""
        found: dict[str, int] = {}
        for prompt in self._scene.prompts:
            if prompt.kind == "notification":
                for word in _NAME.findall(prompt.text):
                    found.setdefault(word, prompt.at)
        return found

    @cached_property
    def _words(self) -> list[int]:
        """Positions of what a person or the program said, and of waits."""
        told = [p.position for p in self._scene.prompts if p.kind != "compact_summary"]
        told += [m.position for m in self._scene.markers if m.kind in ("interruption", "rollback")]
        return sorted(told + [call.position for call in self._scene.calls if _is_word(call)])

    @cached_property
    def _breaks(self) -> list[int]:
        """Positions after which a file may be another, or what was read of it be gone."""
        scene = self._scene
        found = [m.position for m in scene.markers if m.kind in ("compaction", "rollback")]
        found += [p.position for p in scene.prompts if p.kind in ("shell", "notification", "compact_summary")]
        found += [call.position for call in scene.calls if waits(call)]
        return sorted(found + [rewind.end for rewind in find_rewinds(scene.prompts, scene.markers)])


def _end_of_answer(call: ToolCall) -> int:
    return call.started_at if call.ended_at is None else call.ended_at


def _is_background_agent(call: ToolCall, took: int) -> bool:
    if call.category != "subagent" or took >= _BACKGROUND_MS:
        return False
    return call.status in ("ok", "missing") and call.name not in _tools().attending


def _may_leave_running(call: ToolCall) -> bool:
    """Whether there is an ``&`` in a command that may send a part of it to the background: a quick look."""
    return call.command is not None and "&" in call.command and _AMPERSAND.search(call.command) is not None


def may_change(call: ToolCall) -> bool:
    """Whether a call may have changed a file, a process or remote state. When in doubt it may."""
    kind = call.category
    if call.status == "cancelled" or kind in ("read", "search", "web", "task"):
        return False
    if kind == "edit":
        return call.status in ("ok", "missing") or (call.status == "error" and _may_have_been_written(call))
    if kind == "shell":
        effects = effects_of(call)
        return effects is None or effects.changes
    if call.status == "denied":
        return False
    if kind.startswith("mcp:"):
        return not _only_reads(call.name)
    return call.name not in _tools().harmless and call.name not in _tools().asking


def _may_have_been_written(call: ToolCall) -> bool:
    """Whether a failed edit leaves doubt about its file.

    Of a patch of several files some may have been written; a tool that wants the file read again has seen somebody
    else's change, or has forgotten what was read.
    """
    error = call.error_signature
    return bool(call.more_files) or error is None or any(phrase in error for phrase in _tools().read_again)


def effects_of(call: ToolCall) -> ShellEffects | None:
    """What the command of a shell call does; None when it is not known whole."""
    if not call.command or len(call.command) >= CUT_FROM:
        return None
    return examine_command(call.command)


def waits(call: ToolCall) -> bool:
    """Whether a command lets time pass on purpose."""
    return call.command is not None and _WAITING.search(call.command) is not None


def grows(path: str) -> bool:
    """Whether a file is one that programs write to while they run."""
    return path.lower().endswith(_tools().growing)


def _is_word(call: ToolCall) -> bool:
    """A refusal is a person's word too, and a wait lets the world go on."""
    return call.status == "denied" or call.name in _tools().asking or waits(call)


class _Tools(msgspec.Struct, frozen=True):
    harmless: frozenset[str]
    asking: frozenset[str]
    attending: frozenset[str]
    ending: frozenset[str]
    read_again: tuple[str, ...]
    growing: tuple[str, ...]
    reading: re.Pattern[str]
    changing: re.Pattern[str]


@cache
def _tools() -> _Tools:
    table = tomllib.loads(
        resources.files("tachograph.analysis.detectors").joinpath("tools.toml").read_text(encoding="utf-8")
    )
    reading, changing = ("|".join(table["mcp"][key]) for key in ("reading", "changing"))
    return _Tools(
        frozenset(table["harmless"]),
        frozenset(table["asking"]),
        frozenset(table["attending"]),
        frozenset(table["ending"]),
        tuple(table["read_again"]),
        tuple(table["growing"]),
        re.compile(rf"(?:{reading})(?![a-z])"),
        re.compile(rf"(?:^|[_-])(?:{changing})(?![a-z])|(?:{changing.title()})(?![a-z])"),
    )


def _only_reads(name: str) -> bool:
    tool = name.rpartition("__")[2].lstrip("_")
    return _tools().reading.match(tool) is not None and _tools().changing.search(tool) is None
