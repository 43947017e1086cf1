"""Sessions as records, for what is computed from them: a second for each step, positions counted by themselves."""

from __future__ import annotations

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
