"""Sessions as detectors see them, with prices in which every cost can be told by heart.

Prices, in picodollars a token: input 10, cache read 1, write for five minutes 12, for an hour 20, output 50. The model
``mystery`` has none, and ``fast`` as speed doubles all of them.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, Self

from tachograph.analysis.detectors import Detector, Scene, WasteOptions
from tachograph.model import Finding, Marker, Pass, Prompt, Response, Session, TokenPrices, ToolCall, Usage
from tachograph.redaction import default_cleaner
from tachograph.sources import LogFile, load_sources
from tests.builders.claude import ClaudeLog
from tests.builders.codex import CodexLog

START = 1_780_000_000_000
HOUSE, OTHER, MYSTERY = "house-model-1", "house-model-2", "mystery"
PRICES = TokenPrices(10, 1, 12, 20, 50)
DOUBLE = TokenPrices(20, 2, 24, 40, 100)


def price_tokens(response: Response) -> TokenPrices | None:
    """The made-up prices."""
    if response.model == MYSTERY:
        return None
    return DOUBLE if response.speed == "fast" else PRICES


def scene_of(session: Session, after: int = -1, prices: Callable[..., Any] = price_tokens, **options: float) -> Scene:
    """The session as a detector gets it."""
    return Scene(session, prices, WasteOptions(**options), after)


def detect(detector: Detector, session: Session, after: int = -1, **options: float) -> list[Finding]:
    """What ``detector`` finds in the session."""
    return detector(scene_of(session, after, **options))


def read_log(log: ClaudeLog | CodexLog) -> Session:
    """The log's own session, as its source reads it."""
    agent = "codex" if isinstance(log, CodexLog) else "claude_code"
    content = log.content()
    file = LogFile(agent, str(log.path), len(content), 1, 1, 1, 0)
    return load_sources()[agent].parse(file, io.BytesIO(content), default_cleaner()).sessions[0]


class Story:
    """Collects records in order; a second passes with every response, none with the rest."""

    def __init__(self, id: str = "s1", agent: str = "claude_code", kind: Any = "main", start: float = 0) -> None:
        self.id, self.agent, self.kind = id, agent, kind
        self.seconds = start
        self.began = self._now()
        self.position = 0
        self.records: dict[type, list[Any]] = {Prompt: [], Response: [], ToolCall: [], Marker: []}
        self.response = ""

    def wait(self, seconds: float) -> Self:
        """Let time pass."""
        self.seconds += seconds
        return self

    def prompt(self, text: str = "Do it.", kind: Any = "human", parent: int | None = None) -> Self:
        """A prompt; ``parent`` names the record it answers to."""
        return self._add(Prompt(self.position, f"p{self.position}", kind, self._now(), text, 9, 0, parent))

    def mark(self, kind: Any, value: int | None = None, detail: str = "") -> Self:
        """A marker."""
        return self._add(Marker(self.position, f"m{self.position}", kind, self._now(), detail, value))

    def answer(
        self,
        read: int = 0,
        write: int = 0,
        *,
        hour: int = 0,
        input: int = 0,
        output: int = 0,
        searches: int = 0,
        model: str = HOUSE,
        speed: str = "standard",
        passes: tuple[Pass, ...] = (),
        took: float = 1,
    ) -> Self:
        """A response: tokens read from the cache, written for five minutes and for an hour."""
        began = self._now()
        self.seconds += took
        usage = Usage(input, read, write, hour, output, 0, searches)
        self.response = f"r{self.position}"
        record = Response(
            self.position, self.response, model, "anthropic", began, self._now(), usage, speed=speed, passes=passes,
        )  # fmt: skip
        return self._add(record)

    def call(
        self,
        name: str = "Bash",
        category: str = "shell",
        *,
        result: int | None = 0,
        given: int | None = 0,
        status: Any = "ok",
        response: str | None = None,
        **fields: Any,
    ) -> Self:
        """A call by the last response (or by the one named): characters of its result and of its input."""
        maker = self.response if response is None else response
        record = ToolCall(
            self.position, f"c{self.position}", maker, name, category, self._now(), self._now(), status,
            result_chars=result, input_chars=given, **fields,
        )  # fmt: skip
        return self._add(record)

    def read(self, content: int, **fields: Any) -> Self:
        """A file read whose content has the hash ``content``."""
        given: dict[str, Any] = {"result": 270, "path": f"/f{content}", "file_op": "read", **fields}
        return self.call("Read", "read", result_hash=content, **given)

    def print(self, content: int, command: str, **fields: Any) -> Self:
        """A command whose output has the hash ``content``."""
        return self.call(command=command, result_hash=content, **{"result": 270, **fields})

    def reads(self, *contents: int) -> Self:
        """Several files read."""
        for content in contents:
            self.read(content)
        return self

    def done(self, **fields: Any) -> Session:
        """The session."""
        given = {"started_at": self.began, "ended_at": self._now(), **fields}
        return Session(
            f"{self.agent}:{self.id}", self.agent, self.kind,
            responses=tuple(self.records[Response]), tool_calls=tuple(self.records[ToolCall]),
            prompts=tuple(self.records[Prompt]), markers=tuple(self.records[Marker]), **given,
        )  # fmt: skip

    def _now(self) -> int:
        return START + round(self.seconds * 1000)

    def _add(self, record: Any) -> Self:
        self.records[type(record)].append(record)
        self.position += 1
        return self
