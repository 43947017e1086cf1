"""A story as Claude Code's transcripts."""

from __future__ import annotations

import copy
import re
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from tachograph.app.demo.scribe import Record, Scribe, make_file, make_line, to_lines
from tachograph.app.demo.story import Step, Story

_VERSIONS = ((30, "2.1.181"), (12, "2.1.205"), (0, "2.1.219"))
"""(at least so many days ago, version)"""
_HELPER_MODEL = "claude-haiku-4-5-20251001"
_REFUSAL = (
    "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file edit, the"
    " new_string was NOT written to the file). STOP what you are doing and wait for the user to tell you what to do."
)


class ClaudeScribe(Scribe):
    """Writes one main session and its subagents."""

    base = 41_000
    lifetime = 3600.0

    def __init__(
        self, story: Story, day: datetime, days_ago: int, seed: str, parent: ClaudeScribe | None = None
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
        self.call_id = ""
        self.message_id = ""
        self.helpers: list[ClaudeScribe] = []
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

    def fork(self, origin: ClaudeScribe) -> None:
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

    # ------------------------------------------------------------------------------------------------- the steps

    def do_read(self, step: Step) -> None:
        """A file is read whole."""
        path = f"{self.story.cwd}/{step.what}"
        content = make_file(path, step.added, self.editions.get(path, 0))
        self.call(step, "Read", {"file_path": path})
        text = "\n".join(f"{number}\t{line}" for number, line in enumerate(content.splitlines(), 1))
        file = {"filePath": path, "content": content, "numLines": step.added, "startLine": 1, "totalLines": step.added}
        self.result(text, {"type": "text", "file": file}, seconds=0.1)

    def look_at(self, path: str, lines: int) -> None:
        """A file of the project is read."""
        self.do_read(Step("read", path, added=lines))

    def do_grep(self, step: Step) -> None:
        """A search over the project."""
        self.call(step, "Grep", {"pattern": step.what, "path": self.story.cwd, "output_mode": "content"})
        text = "\n".join(
            f"src/{make_line(self.rng).split()[0]}.py:{self.rng.randint(3, 280)}: {step.what}"
            for _ in range(step.added)
        )
        self.result(
            text or "No matches found", {"mode": "content", "numFiles": step.added, "filenames": []}, seconds=0.3
        )

    def do_edit(self, step: Step) -> None:
        """A part of a file is changed."""
        path = f"{self.story.cwd}/{step.what}"
        edition = self.editions[path] = self.editions.get(path, 0) + 1
        old, new = make_file(path, step.removed, edition), make_file(path, step.added, edition + 1)
        lines = [*(f"-{line}" for line in old.splitlines()), *(f"+{line}" for line in new.splitlines())]
        hunk = {"oldStart": 12, "oldLines": step.removed, "newStart": 12, "newLines": step.added, "lines": lines}
        self.call(step, "Edit", {"file_path": path, "old_string": old, "new_string": new})
        detail = {"filePath": path, "oldString": old, "newString": new, "structuredPatch": [hunk], "replaceAll": False}
        self.result(f"The file {path} has been updated successfully.", detail)

    def do_write(self, step: Step) -> None:
        """A file is written; it is new unless it was written before."""
        path = f"{self.story.cwd}/{step.what}"
        content = make_file(path, step.added, self.editions.get(path, 0))
        kind = "update" if path in self.editions else "create"
        self.editions.setdefault(path, 0)
        self.call(step, "Write", {"file_path": path, "content": content})
        said = "File created successfully at" if kind == "create" else "The file has been updated:"
        self.result(f"{said}: {path}", {"type": kind, "filePath": path, "content": content, "structuredPatch": []})

    def do_run(self, step: Step) -> None:
        """A command that went well."""
        self.shell(step, {})

    def shell(self, step: Step, extra: Record) -> None:
        """A command and its output."""
        self.call(step, "Bash", {"command": step.what, "description": "Run a command"})
        text = self.printed(step)
        detail = {"stdout": text, "stderr": "", "interrupted": False, "isImage": False, **extra}
        self.result(text, detail, error=False, seconds=self.seconds_of(step.what))

    def do_fail(self, step: Step) -> None:
        """A command that failed."""
        self.call(step, "Bash", {"command": step.what, "description": "Run a command"})
        text = f"Exit code 1\n{self.printed(step)}"
        self.result(text, f"Error: {text}", error=True, seconds=self.seconds_of(step.what))

    def do_deny(self, step: Step) -> None:
        """A command that the person refused."""
        self.call(step, "Bash", {"command": step.what, "description": "Run a command"})
        self.result(_REFUSAL, "User rejected tool use", error=True, seconds=9, toolDenialKind="user-rejected")

    def do_commit(self, step: Step) -> None:
        """Everything is committed."""
        sha = f"{self.rng.getrandbits(28):07x}"
        command = Step("run", f'git add -A && git commit -m "{step.what}"', f"[{self.story.branch} {sha}] {step.what}")
        self.shell(command, {"gitOperation": {"commit": {"sha": sha, "kind": "committed"}}})

    def do_web(self, step: Step) -> None:
        """A search on the web."""
        self.call(step, "WebSearch", {"query": step.what})
        text = "\n".join(make_line(self.rng) for _ in range(30))
        self.result(text, {"query": step.what, "results": [text], "durationSeconds": 3.1}, seconds=3.1)

    def do_mcp(self, step: Step) -> None:
        """A tool of an MCP server."""
        self.call(step, f"mcp__{step.what}__{step.result}", {"owner": "ada", "repo": self.story.project})
        text = "\n".join(make_line(self.rng) for _ in range(self.rng.randint(5, 60)))
        self.result(text, [{"type": "text", "text": text}], seconds=self.rng.uniform(0.4, 1.9))

    def do_task(self, step: Step) -> None:
        """A subagent looks around and reports."""
        helper = ClaudeScribe(
            self.story, self.clock, self.days_ago, f"{self.session_id}:{len(self.helpers)}", parent=self
        )
        helper.lifetime_of_helper()
        helper.agent_type = step.result
        self.call(step, "Agent", {"subagent_type": step.result, "description": step.what[:40], "prompt": step.what})
        helper.call_id, helper.clock = self.call_id, self.clock
        began = helper.clock
        helper.prompt(step.what)
        self.helpers.append(helper)
        for number in range(self.rng.randint(4, 9)):
            path = f"{self.rng.choice(('src', 'lib', 'app'))}/part_{number}.py"
            look = Step("grep", self.rng.choice(("import", "class", "TODO")), added=self.rng.randint(2, 30))
            helper.do_grep(look) if number % 3 == 0 else helper.do_read(
                Step("read", path, added=self.rng.randint(40, 300))
            )
        answer = "\n".join(make_line(self.rng) for _ in range(self.rng.randint(12, 40)))
        helper.respond({"type": "text", "text": answer}, self.rng.randint(300, 900), "end_turn")
        spent = helper.clock - began
        detail = {
            "status": "completed", "agentId": helper.agent_id, "agentType": step.result, "prompt": step.what,
            "content": [{"type": "text", "text": answer}], "totalDurationMs": round(spent.total_seconds() * 1000),
            "totalTokens": helper.meter.context,
        }  # fmt: skip
        self.result(answer, detail, seconds=spent.total_seconds() + 0.3)

    def lifetime_of_helper(self) -> None:
        """Subagents write to the 5-minute cache and begin with a smaller context."""
        self.meter = type(self.meter)(self.rng, 24_500 + self.rng.randint(0, 1900), 300.0)

    def do_say(self, step: Step) -> None:
        """The answer that ends a turn."""
        self.respond({"type": "text", "text": step.what}, self.rng.randint(90, 420), "end_turn")

    def do_stop(self, step: Step) -> None:
        """The person interrupts while the next call is being made."""
        self.wait(self.rng.uniform(3, 15))
        text = {"type": "text", "text": "[Request interrupted by user]"}
        self.line("user", message={"role": "user", "content": [text]})

    def do_overload(self, step: Step) -> None:
        """The API refuses twice before it answers."""
        for attempt in (1, 2):
            body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
            error = {"status": 529, "headers": {}, "error": body}
            self.line("system", subtype="api_error", level="error", error=error, retryAttempt=attempt, maxRetries=10)
            self.wait(2.0**attempt)

    def do_compact(self, step: Step) -> None:
        """The context has grown too large and is summarised."""
        before = self.meter.compact()
        metadata = {"trigger": "auto" if before > 120_000 else "manual", "preTokens": before}
        self.line(
            "system",
            subtype="compact_boundary",
            level="info",
            content="Conversation compacted",
            compactMetadata=metadata,
        )
        summary = "This session is being continued from a previous conversation. " + make_file(self.session_id, 60)
        content = {"role": "user", "content": summary}
        self.line("user", message=content, isCompactSummary=True, isVisibleInTranscriptOnly=True)
