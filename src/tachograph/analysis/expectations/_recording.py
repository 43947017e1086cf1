"""What a check gets to see: a session, its subagents, and what their logs say at full length."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Literal

import msgspec

from tachograph.analysis.summary import HOUSEKEEPING
from tachograph.model import TURN_KINDS, Clean, Evidence, Finding, Session, Texts, ToolCall, Usage, to_datetime

Scope = Literal["tree", "session"]
"""tree: subagents count; session: they are left out."""

_SHOWN_CHARS = 200
_NAME_CHARS = 120
_RUNNING = ("shell", "mcp:")
"""Categories of tools that run commands."""
_TYPING = "write_stdin"
"""Codex's tool that types into a running shell."""


class Part(msgspec.Struct, frozen=True):
    """One session of a recording, with what only a price table and the detectors can say of it."""

    session: Session
    """Its own records: nothing that was copied from another session."""
    cost_pico: int | None = None
    """Picodollars of all its responses that have a known price; None: none has."""
    unpriced: tuple[tuple[str, int], ...] = ()
    """(model, responses) without a known price."""
    findings: tuple[Finding, ...] = ()
    has_texts: bool = True
    """False: a log of it is gone or cannot be read, so texts may be missing."""


class Call(msgspec.Struct, frozen=True):
    """A tool call and the part it was made in."""

    part: Part
    tool: ToolCall
    number: int = 0
    """Its place among the calls of the recording, from 1."""

    @property
    def carried_out(self) -> bool:
        """Whether it was done, well or not: neither denied nor cancelled, and its result is there."""
        return self.tool.status in ("ok", "error")

    @property
    def folder(self) -> str:
        """The folder it ran in, redacted; ``""`` when it is not known."""
        return self.tool.cwd or next(iter(self.part.session.cwds), "")


class Recording:
    """A main session or a subagent, with the subagents below it. Everything else is made when first asked for."""

    def __init__(self, parts: Sequence[Part], texts: Texts, clean: Clean, scope: Scope = "tree") -> None:
        """``parts``: the session that is checked first, then all subagents below it. ``clean`` redacts what is shown.

        Raises ValueError without any part.
        """
        if not parts:
            raise ValueError("a recording needs a session")
        self.main = parts[0]
        self.parts = tuple(parts) if scope == "tree" else tuple(parts[:1])
        self.scope: Scope = scope
        self._all = tuple(parts)
        self._texts = texts
        self._clean = clean
        self._given: dict[str, str] = {}

    def within(self, scope: Scope) -> Recording:
        """The same recording with or without subagents."""
        return self if scope == self.scope else Recording(self._all, self._texts, self._clean, scope)

    @property
    def scope_words(self) -> str:
        """For rationales: what was counted."""
        left_out = len(self._all) - len(self.parts)
        if left_out:
            return f"session alone, {_count(left_out, 'subagent')} left out"
        return f"session and {_count(len(self.parts) - 1, 'subagent')}" if len(self.parts) > 1 else "session"

    @property
    def has_texts(self) -> bool:
        """Whether every log could be read at full length."""
        return all(part.has_texts for part in self.parts)

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """All tool calls in order of time; those of one session in the order in which they were made."""
        rows = heapq.merge(*(_rows(number, part) for number, part in enumerate(self.parts)), key=lambda row: row[:3])
        return tuple(Call(part, tool, number) for number, (*_, part, tool) in enumerate(rows, start=1))

    @cached_property
    def usage(self) -> Usage:
        """Tokens of all responses, each counted once."""
        return sum((one.usage for part in self.parts for one in part.session.responses), Usage())

    def command(self, call: Call) -> str | None:
        """The whole shell command of ``call``, not redacted; ``""`` when it has none, None when it is not known.

        What is typed into a shell that is running already is a command too; what a tool that runs none (a skill, say)
        calls its command is not.
        """
        if not call.tool.category.startswith(_RUNNING):
            return ""
        if call.tool.name == _TYPING:
            return self._typed(call)
        held = self._texts.commands.get(call.tool.id)
        if held is not None:
            return held
        return "" if call.tool.command is None else None

    def raw_input(self, call: Call) -> bytes | None:
        """What ``call`` was given as its log has it (JSON), not redacted; None when it is not known."""
        return self._texts.inputs.get(call.tool.id)

    def fields(self, call: Call) -> dict[str, object] | None:
        """The named parts of the input of ``call``, not redacted; empty when it has none, None when it is not known."""
        raw = self._texts.inputs.get(call.tool.id)
        if raw is None:
            return None
        given = _decode(raw)
        given = _decode(given.encode("utf-8", "replace")) if isinstance(given, str) else given
        return given if isinstance(given, dict) else {}

    def given(self, call: Call) -> str | None:
        """Every text in the input of ``call``, a line each, not redacted; None when it is not known."""
        known = self._given.get(call.tool.id)
        if known is None:
            raw = self._texts.inputs.get(call.tool.id)
            if raw is None:
                return None
            known = self._given[call.tool.id] = "\n".join(_strings(raw))
        return known

    @property
    def asked(self) -> str | None:
        """What the main session was first asked to do, not redacted; ``""``: nothing, None: it is not known."""
        prompts = (one for one in self.main.session.prompts if one.kind in TURN_KINDS)
        first = next((one for one in prompts if one.text.partition(" ")[0] not in HOUSEKEEPING), None)
        return "" if first is None else self._texts.prompts.get(first.id)

    @property
    def said(self) -> str | None:
        """The assistant's last message in the main session, not redacted; ``""``: there is none, None: not known."""
        held = self._texts.said.get(self.main.session.id)
        if held is not None:
            return held.text
        return "" if self.main.has_texts and "said" in self._texts.wanted else None

    def name(self, text: str) -> str:
        """A name, a path or a pattern as it may be shown: redacted, on one line, cut; also where no text is stored."""
        return _fit(self._clean.name(text), _NAME_CHARS)

    def show(self, text: str, limit: int = _SHOWN_CHARS) -> str:
        """A piece of a log as it may be shown: redacted, on one line, cut."""
        return _fit(self._clean.text(text, 4 * limit), limit)

    def prove(self, call: Call, text: str | None = None) -> Evidence:
        """``call`` as evidence; ``text`` says what it was about: its command or path when left out."""
        tool = call.tool
        about = text if text is not None else self.command(call) or tool.command or ""
        shown = self.show(about) if about else self.name(tool.path or "")
        return Evidence(call.part.session.id, tool.id, tool.name, to_datetime(tool.started_at), shown)

    def _typed(self, call: Call) -> str | None:
        given = self.fields(call)
        if given is None:
            return None
        typed = given.get("chars")
        return typed if isinstance(typed, str) else ""


def _fit(text: str, limit: int) -> str:
    """``text`` on one line, a sign where its lines ended (two commands are not to look like one), cut."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    whole = " ⏎ ".join(line for line in lines if line)
    return whole if len(whole) <= limit else whole[: limit - 1] + "…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _rows(number: int, part: Part) -> Iterator[tuple[int, int, int, Part, ToolCall]]:
    """The calls of a part as rows that sort; a clock that went back does not change their order."""
    latest = 0
    for tool in sorted(part.session.tool_calls, key=lambda call: call.position):
        latest = max(latest, tool.started_at)
        yield latest, number, tool.position, part, tool


def _strings(raw: bytes) -> Iterator[str]:
    """Every string in JSON, the keys of objects left out; what is no JSON is text by itself."""
    pending: list[object] = [_decode(raw)]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            inner = _decode(value.encode("utf-8", "replace")) if value[:1] in ("{", "[") else value
            if isinstance(inner, str):
                yield inner
            else:
                pending.append(inner)
        elif isinstance(value, dict):
            pending.extend(reversed(list(value.values())))
        elif isinstance(value, list):
            pending.extend(reversed(value))


def _decode(raw: bytes) -> object:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return raw.decode("utf-8", "replace")
