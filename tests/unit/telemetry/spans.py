"""A telemetry folder as a test wants it: one call for each span, a second between two of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

from tachograph.redaction import default_cleaner
from tachograph.telemetry import Telemetry, TelemetrySession, read_telemetry

START = 1_780_000_000
SESSION = "0a1b2c3d-0000-4000-8000-000000000001"
OTHER = "0a1b2c3d-0000-4000-8000-000000000002"
MODEL = "claude-house-4"


class Folder:
    """Collects lines; :meth:`read` writes and reads them."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.seconds = 0.0
        self.spans = 0
        self.lines: dict[str, list[str]] = {}

    def at(self, seconds: float) -> Self:
        """Go to a moment, in seconds after the start."""
        self.seconds = seconds
        return self

    def span(self, name: str, session: str | None = SESSION, took: float = 0.5, **given: Any) -> Self:
        """A span: ``given`` replaces its fields, ``attributes`` among them."""
        self.spans += 1
        start = START + self.seconds
        attributes = {**({"session.id": session} if session else {}), **given.pop("attributes", {})}
        record = {
            "traceId": f"{self.spans:032x}", "spanId": f"{self.spans:016x}", "name": name, "kind": 0,
            "startTime": hr_time(start), "endTime": hr_time(start + took), "duration": hr_time(took),
            "status": {"code": 0}, "attributes": attributes, "resource": {"attributes": {"service.name": "hooks"}},
            **given,
        }  # fmt: skip
        self.seconds += 1
        return self.line("traces-2026-05-28.jsonl", record)

    def tool(self, name: str, session: str | None = SESSION, *, code: int = 0, **attributes: Any) -> Self:
        """A built-in tool was used; ``attributes`` without their ``builtin.``."""
        told = {"builtin.tool": name, **{f"builtin.{key}": value for key, value in attributes.items()}}
        return self.span("hook:builtin-post-tool", session, status={"code": code}, attributes=told)

    def tokens(
        self, fresh: int, output: int, read: int = 0, written: int = 0, model: str = MODEL,
        session: str | None = SESSION, **given: Any,
    ) -> Self:  # fmt: skip
        """What the session has used so far."""
        counts = {"input": fresh, "output": output, "cache_read": read, "cache_creation": written, "messages": 3}
        told = {"tokens.model": model, **{f"tokens.{key}": value for key, value in counts.items()}}
        return self.span("hook:token-metrics-extraction", session, attributes=told, **given)

    def prompt(self, text: str = "do it", session: str | None = SESSION, **attributes: Any) -> Self:
        """A person typed something."""
        told = {"prompt.preview": text, "prompt.length": len(text), **attributes}
        return self.span("hook:skill-activation-prompt", session, attributes=told)

    def score(self, name: str, value: Any, session: str | None = SESSION, **attributes: Any) -> Self:
        """A judge's score; ``attributes`` with ``__`` for a dot."""
        told = {
            "gen_ai.evaluation.name": name, "gen_ai.evaluation.score.value": value,
            "gen_ai.evaluation.evaluator": "llm-judge", "gen_ai.evaluation.evaluator.type": "llm",
            **({"session.id": session} if session else {}),
            **{key.replace("__", "."): value for key, value in attributes.items()},
        }  # fmt: skip
        record = {"timestamp": "2026-05-28T21:00:00.000Z", "name": "gen_ai.evaluation.result", "attributes": told}
        return self.line("evaluations-2026-05-28.jsonl", record)

    def log(self, **record: Any) -> Self:
        """A log record."""
        return self.line("logs-2026-05-28.jsonl", record)

    def line(self, file: str, record: Any) -> Self:
        """A record, or text as it is."""
        text = record if isinstance(record, str) else json.dumps(record)
        self.lines.setdefault(file, []).append(text)
        return self

    def write(self) -> Path:
        """The folder on disk."""
        self.place.mkdir(exist_ok=True)
        for file, lines in self.lines.items():
            (self.place / file).write_bytes("".join(line + "\n" for line in lines).encode("utf-8", "surrogatepass"))
        return self.place

    def read(self) -> Telemetry:
        """What it tells."""
        return read_telemetry(self.write(), default_cleaner())

    def only(self) -> TelemetrySession:
        """Its one session."""
        (session,) = self.read().sessions
        return session

    def problems(self) -> list[tuple[str, str, int]]:
        """File, slug and line of every problem."""
        return [(found.file, found.problem.slug, found.problem.line) for found in self.read().problems]


def hr_time(seconds: float) -> list[int]:
    """Seconds as the JavaScript SDK writes them."""
    return [int(seconds), round((seconds - int(seconds)) * 1e9)]
