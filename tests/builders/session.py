"""Sessions as records, for what is computed from them: a second for each step, positions counted by themselves."""

from __future__ import annotations

import re
import zlib
from typing import Any, Self

from tachograph.model import FileTouch, Marker, Pass, Prompt, Response, Session, ToolCall, Usage

START = 1_780_000_000_000


class SessionScript:
    """Collects records; every method returns the script. ``at`` moves the clock, in seconds after the start."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.position = 0
        self.records: dict[type, list[Any]] = {Prompt: [], Response: [], ToolCall: [], Marker: []}

    def at(self, seconds: float) -> Self:
        """Go to a moment."""
        self.seconds = seconds
        return self

    def prompt(self, text: str = "Do it.", kind: Any = "human") -> Self:
        """A prompt."""
        return self._add(Prompt(self.position, f"p{self.position}", kind, self._now(), text, len(text)))

    def response(
        self,
        model: str = "house-model",
        took: float = 0,
        passes: tuple[Pass, ...] = (),
        reliable: bool = True,
        **usage: int,
    ) -> Self:
        """An answer; ``usage`` are fields of Usage."""
        start = self._now()
        self.seconds += took
        record = Response(
            self.position, f"r{self.position}", model, "anthropic", start, self._now(), Usage(**usage),
            output_reliable=reliable, passes=passes,
        )  # fmt: skip
        return self._add(record)

    def call(
        self, name: str = "Bash", category: str = "shell", status: Any = "ok", took: float | None = 0, **fields: Any
    ) -> Self:
        """A tool call; ``took`` None leaves it without an end."""
        start = self._now()
        self.seconds += took or 0
        ended = None if took is None else self._now()
        record = ToolCall(
            self.position, f"c{self.position}", "", name, category, start, ended, status, **fields,
        )  # fmt: skip
        return self._add(record)

    def touch(self, op: Any, path: str, status: Any = "ok", more: tuple[FileTouch, ...] = ()) -> Self:
        """A call that works on a file."""
        return self.call("Edit", "edit", status, path=path, file_op=op, more_files=more)

    def marker(self, kind: Any, detail: str = "", value: int | None = None) -> Self:
        """A marker."""
        return self._add(Marker(self.position, f"m{self.position}", kind, self._now(), detail, value))

    def done(self, **fields: Any) -> Session:
        """The session."""
        given = {"started_at": START, "ended_at": self._now(), **fields}
        return Session(
            "claude_code:s1", "claude_code", "main",
            responses=tuple(self.records[Response]), tool_calls=tuple(self.records[ToolCall]),
            prompts=tuple(self.records[Prompt]), markers=tuple(self.records[Marker]), **given,
        )  # fmt: skip

    def _now(self) -> int:
        return START + round(self.seconds * 1000)

    def _add(self, record: Any) -> Self:
        self.records[type(record)].append(record)
        self.position += 1
        return self


def play(*steps: str, agent: str = "claude_code") -> Session:
    """A session told in short: one step a second, each call with a response of its own, ids are the steps' numbers.

    ``$ make test``          a command that works; ``$ make test !boom`` fails with exit code 1 and the error ``boom``,
                             ``!~boom`` with an error that passes by itself, ``!7 boom`` with another exit code
    ``$ cat a.py =A``        prints the content A (600 characters; ``=A/50``: 50)
    ``read a.py:10 =A``      a reading tool; also ``=unchanged``
    ``edit a.py,b.py``       an editing tool; ``edit a.py !boom`` fails
    ``tool NAME CATEGORY``   any other tool
    ``… ?denied``            another status: denied, cancelled, missing
    ``& …``                  in the same response as the step before, and at the same time
    ``> again``, ``>slash``  a prompt of a person; ``>KIND text`` any other
    ``# compaction``         a marker
    ``+60``                  a pause, seconds; no step of its own
    ``cd /srv``              the folder of what follows; no step of its own
    """
    scene = _Play(agent)
    for step in steps:
        scene.take(step)
    return scene.done()


class _Play:
    def __init__(self, agent: str) -> None:
        self.agent, self.folder = agent, "/home/ada/site"
        self.number, self.now = 0, START
        self.records: dict[type, list[Any]] = {Prompt: [], Response: [], ToolCall: [], Marker: []}

    def take(self, step: str) -> None:
        sign, _, rest = step.partition(" ")
        if sign == "cd":
            self.folder = rest
        elif sign[0] == "+":
            self.now += round(float(sign[1:]) * 1000)
        else:
            self.number += 1
            if sign[0] == ">":
                kind: Any = sign[1:] or "human"
                self.add(Prompt(2 * self.number, f"p{self.number}", kind, self.now, rest, len(rest)))
            elif sign == "#":
                kind = rest.split()[0]
                self.add(Marker(2 * self.number, f"{kind}:{self.number}", kind, self.now, "", _int_of(rest)))
            else:
                self.call(step)

    def add(self, record: Any) -> None:
        self.records[type(record)].append(record)
        self.now += 1000

    def call(self, step: str) -> None:
        parallel = step.startswith("& ")
        tool, _, rest = step.removeprefix("& ").partition(" ")
        rest, fields = _read_outcome(rest)
        if parallel:
            self.now -= 1000
        else:
            usage = Usage(input=10, output=10)
            identity = f"r{self.number}"
            self.records[Response].append(
                Response(2 * self.number - 1, identity, "house-model", "anthropic", self.now, self.now, usage)
            )
        response = self.records[Response][-1].id
        given = {**_TOOLS[tool](rest), "input_chars": len(rest), "cwd": self.folder, **fields}
        if given["status"] != "missing":
            given["ended_at"] = self.now + 500
        self.add(ToolCall(2 * self.number, str(self.number), response, started_at=self.now, **given))

    def done(self) -> Session:
        return Session(
            f"{self.agent}:s1", self.agent, "main", cwds=("/home/ada/site",), started_at=START, ended_at=self.now,
            responses=tuple(self.records[Response]), tool_calls=tuple(self.records[ToolCall]),
            prompts=tuple(self.records[Prompt]), markers=tuple(self.records[Marker]),
        )  # fmt: skip


def _shell(text: str) -> dict[str, Any]:
    return {"name": "Bash", "category": "shell", "command": text or None, "command_hash": _hash(" ".join(text.split()))}


def _read(text: str) -> dict[str, Any]:
    path, _, line = text.partition(":")
    return {
        "name": "Read", "category": "read", "path": path, "offset": int(line) if line else None, "file_op": "read",
    }  # fmt: skip


def _edit(text: str) -> dict[str, Any]:
    path, *more = text.split(",")
    touched = tuple(FileTouch(other, "modify") for other in more)
    return {"name": "Edit", "category": "edit", "path": path, "file_op": "modify", "more_files": touched}


def _other(text: str) -> dict[str, Any]:
    name, category, *path = text.split()
    return {"name": name, "category": category, "path": path[0] if path else None}


_TOOLS = {"$": _shell, "read": _read, "edit": _edit, "tool": _other}
_OUTCOME = re.compile(
    r"(.*?)(?: \?(?P<status>\w+)| !(?P<passing>~)?(?:(?P<code>\d+) )?(?P<error>.+)| =(?P<content>\S+))"
)


def _read_outcome(text: str) -> tuple[str, dict[str, Any]]:
    """The step without its outcome, and the outcome as fields."""
    match = _OUTCOME.fullmatch(text)
    if match is None:
        return text, {"status": "ok", "exit_code": 0, "result_hash": 0, "result_chars": 0}
    status, passing, code, error, content = match.group("status", "passing", "code", "error", "content")
    if status:
        return match[1], {"status": status}
    if error:
        kind = "transient" if passing else ""
        described = {"error_hash": _hash(error), "error_signature": error, "result_kind": kind}
        return match[1], {"status": "error", "exit_code": int(code or 1), "result_chars": len(error), **described}
    name, _, chars = content.partition("/")
    kind = "unchanged" if name == "unchanged" else ""
    return match[1], {
        "status": "ok", "exit_code": 0, "result_hash": _hash(name), "result_chars": int(chars or 600),
        "result_kind": kind,
    }  # fmt: skip


def _int_of(text: str) -> int | None:
    """The number at the end of ``text``, if there is one."""
    last = text.split()[-1]
    return int(last) if last.isdigit() else None


def _hash(text: str) -> int:
    return zlib.crc32(text.encode())
