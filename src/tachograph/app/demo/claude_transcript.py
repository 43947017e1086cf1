"""The lines of Claude Code's transcripts."""

from __future__ import annotations

import copy
import re
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from tachograph.app.demo.meter import Meter
from tachograph.app.demo.scribe import Record, Scribe, to_lines
from tachograph.app.demo.story import Step, Story

_VERSIONS = ((30, "2.1.181"), (12, "2.1.205"), (0, "2.1.219"))
"""(at least so many days ago, version)"""
_HELPER_MODEL = "claude-haiku-4-5-20251001"


class ClaudeTranscript(Scribe):
    """Writes one main session and its subagents."""

    base = 41_000
    lifetime = 3600.0

    def __init__(
        self, story: Story, day: datetime, days_ago: int, seed: str, parent: ClaudeTranscript | None = None
    ) -> None:
        """``parent`` is set for a subagent, which lives in its parent's session."""
        super().__init__(story, day, seed)
        self.version = next(version for least, version in _VERSIONS if days_ago >= least)
        self.days_ago = days_ago
        self.parent = parent
        self.session_id: str = parent.session_id if parent else self.uuid()
        self.agent_id = f"a{self.rng.getrandbits(64):016x}" if parent else None
        self.model = _HELPER_MODEL if parent and not story.model.startswith("qwen") else story.model
        self.agent_type = ""
        self.tip: str | None = None
        self.before: tuple[str | None, Meter] = None, self.meter
        """The last line before this turn's prompt, and what the context was then."""
        self.call_id = ""
        self.message_id = ""
        self.helpers: list[ClaudeTranscript] = []
        self.editions: dict[str, int] = {}
        self.turn_starts: list[int] = []

    # ------------------------------------------------------------------------------------------------- the files

    def files(self) -> dict[PurePosixPath, bytes]:
        """Every file of the session, by its path within the home."""
        folder = PurePosixPath("projects", re.sub(r"[^A-Za-z0-9]", "-", self.story.cwd))
        found = {folder / f"{self.session_id}.jsonl": to_lines(self.records)}
        for helper in self.helpers:
            path = folder / self.session_id / "subagents" / f"agent-{helper.agent_id}.jsonl"
            found[path] = to_lines(helper.records)
            meta = {"agentType": helper.agent_type, "toolUseId": helper.call_id, "spawnDepth": 1}
            found[path.with_suffix(".meta.json")] = to_lines([meta])
        return found

    def fork(self, origin: ClaudeTranscript) -> None:
        """Begin with a copy of the first turn of ``origin``, as Claude Code's forks do: new line ids, same messages."""
        ids: dict[str, str] = {}
        until = origin.turn_starts[1] if len(origin.turn_starts) > 1 else len(origin.records)
        for record in origin.records[:until]:
            line = copy.deepcopy(record)
            line["sessionId"] = self.session_id
            if "uuid" in line:
                line["forkedFrom"] = {"sessionId": origin.session_id, "messageUuid": line["uuid"]}
                line["uuid"] = ids[line["uuid"]] = self.uuid()
                line["parentUuid"] = ids.get(line["parentUuid"])
                self.tip = line["uuid"]
            self.records.append(line)
        self.meter.add_text(4 * origin.meter.context // 3)

    # ------------------------------------------------------------------------------------------------- the lines

    def line(self, type: str, **fields: Any) -> None:
        """A line of the conversation."""
        record: Record = {
            "parentUuid": self.tip, "isSidechain": self.parent is not None, "userType": "external",
            "cwd": self.story.cwd, "sessionId": self.session_id, "version": self.version,
            "gitBranch": self.story.branch, "entrypoint": "cli",
            **({"agentId": self.agent_id} if self.agent_id else {}),
            "type": type, **fields, "uuid": self.uuid(), "timestamp": self.timestamp,
        }  # fmt: skip
        self.tip = record["uuid"]
        self.records.append(record)

    def prompt(self, text: str) -> None:
        """What a person typed; for a subagent, what its parent asked."""
        self.turn_starts.append(len(self.records))
        self.before = self.tip, copy.copy(self.meter)
        self.meter.add_text(len(text))
        if text.startswith("/"):
            name = text.split()[0]
            tags = (("command-name", name), ("command-message", name[1:]), ("command-args", ""))
            text = "\n".join(f"<{tag}>{value}</{tag}>" for tag, value in tags)
        origin = {} if self.parent else {"origin": {"kind": "human"}}
        self.line("user", message={"role": "user", "content": text}, **origin)
        if len(self.turn_starts) == 1 and self.story.title and not self.parent:
            self.records.append({"type": "ai-title", "aiTitle": self.story.title, "sessionId": self.session_id})

    def respond(self, block: Record, output: int, stop: str) -> None:
        """One API answer; when it calls a tool, a line of thinking comes before the line of the call."""
        self.wait(2.5 + output / 75)
        usage = self.meter.take(self.clock.timestamp(), output)
        self.message_id = self.token("msg_01")
        request = self.token("req_01")
        thinking = {"type": "thinking", "thinking": "", "signature": "c2lnbmF0dXJl"}
        for content in [thinking, block] if stop == "tool_use" else [block]:
            message = {
                "id": self.message_id, "type": "message", "role": "assistant", "model": self.model,
                "content": [content], "stop_reason": stop, "stop_sequence": None,
                "usage": {
                    "input_tokens": usage.input,
                    "cache_creation_input_tokens": usage.cache_write_5m + usage.cache_write_1h,
                    "cache_read_input_tokens": usage.cache_read,
                    "output_tokens": usage.output,
                    "cache_creation": {
                        "ephemeral_5m_input_tokens": usage.cache_write_5m,
                        "ephemeral_1h_input_tokens": usage.cache_write_1h,
                    },
                    "service_tier": "standard", "speed": "standard",
                },
            }  # fmt: skip
            self.line("assistant", message=message, requestId=request)
            self.wait(0.4)

    def call(self, step: Step, name: str, given: Record) -> None:
        """A response that calls a tool."""
        self.call_id = self.token("toolu_01")
        self.respond(
            {"type": "tool_use", "id": self.call_id, "name": name, "input": given}, self.output_of(step), "tool_use"
        )

    def result(
        self, text: str, detail: object, *, error: bool | None = None, seconds: float = 0.2, **fields: Any
    ) -> None:
        """What came of the call."""
        self.wait(seconds)
        block: Record = {"type": "tool_result", "tool_use_id": self.call_id, "content": text}
        if error is not None:
            block["is_error"] = error
        self.meter.add_text(len(text))
        content = {"role": "user", "content": [block]}
        self.line("user", message=content, toolUseResult=detail, sourceToolAssistantUUID=self.tip, **fields)
