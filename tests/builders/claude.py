"""Claude Code's homes and transcripts.

home = ClaudeHome(folder)
log = home.project("/home/ada/site").session()
log.prompt("Fix the test").tool("Bash", {"command": "make test"}, result="ok").response(output=120)
home.write()
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from tests.builders.log import START, Ids, LogBuilder, Record

MODEL = "claude-sonnet-5"
VERSION = "2.1.219"
REFUSAL = (
    "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file edit, the"
    " new_string was NOT written to the file)."
)


def usage_of(
    input: int = 10,
    cache_read: int = 0,
    write_5m: int = 0,
    write_1h: int = 0,
    output: int = 100,
    searches: int = 0,
    thinking: int = 0,
    speed: str | None = "standard",
    iterations: Sequence[Record] | None = None,
) -> Record:
    """A ``usage`` object."""
    usage: Record = {
        "input_tokens": input,
        "cache_creation_input_tokens": write_5m + write_1h,
        "cache_read_input_tokens": cache_read,
        "output_tokens": output,
        "cache_creation": {"ephemeral_5m_input_tokens": write_5m, "ephemeral_1h_input_tokens": write_1h},
        "service_tier": "standard",
    }
    if searches:
        usage["server_tool_use"] = {"web_search_requests": searches, "web_fetch_requests": 0}
    if thinking:
        usage["output_tokens_details"] = {"thinking_tokens": thinking}
    if speed is not None:
        usage["speed"] = speed
    if iterations is not None:
        usage["iterations"] = list(iterations)
    return usage


def iteration(model: str | None = None, type: str = "message", **usage: int) -> Record:
    """One element of ``usage.iterations``."""
    return {"type": type, **({"model": model} if model else {}), **usage_of(**usage, speed=None)}


class ClaudeHome:
    """A folder as ``CLAUDE_CONFIG_DIR`` names it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ids = Ids()
        self.logs: list[ClaudeLog] = []
        self.extra: dict[Path, bytes] = {}

    def project(self, cwd: str = "/home/ada/site") -> ClaudeProject:
        """The folder for sessions begun in ``cwd``."""
        return ClaudeProject(self, cwd)

    def write(self) -> Path:
        """Write every log and companion file; returns the home."""
        for log in self.logs:
            log.write()
        for path, content in self.extra.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return self.folder


class ClaudeProject:
    """The sessions begun in one working directory."""

    def __init__(self, home: ClaudeHome, cwd: str) -> None:
        self.home = home
        self.cwd = cwd
        self.folder = home.folder / "projects" / re.sub(r"[^A-Za-z0-9]", "-", cwd)[:200]

    def session(self, at: str = START, *, id: str | None = None, stem: str | None = None, **options: Any) -> ClaudeLog:
        """A main session; options: version, branch, model, entrypoint, cwd."""
        id = id or self.home.ids.uuid("session")
        return ClaudeLog(self, self.folder / f"{stem or id}.jsonl", id, at, **options)


class ClaudeLog(LogBuilder):
    """One transcript."""

    def __init__(
        self,
        project: ClaudeProject,
        path: Path,
        session_id: str,
        at: str,
        *,
        version: str = VERSION,
        branch: str | None = "main",
        model: str = MODEL,
        entrypoint: str | None = "cli",
        cwd: str | None = None,
        agent_id: str | None = None,
        listed: bool = True,
    ) -> None:
        super().__init__(path, at)
        self.project = project
        self.ids = project.home.ids
        self.session_id = session_id
        self.version, self.branch, self.model, self.entrypoint = version, branch, model, entrypoint
        self.cwd = cwd or project.cwd
        self.agent_id = agent_id
        self.tip: str | None = None
        """Uuid of the line that the next one hangs on."""
        self.message_id = ""
        self.call_id = ""
        self.tasks: dict[str, str] = {}
        """The agent's own tasks, number to status."""
        if listed:
            project.home.logs.append(self)

    # ------------------------------------------------------------------------------------------------ any line

    def chained(self, type: str, **fields: Any) -> Self:
        """A line of the conversation's tree, with all that every such line carries."""
        uuid = fields.pop("uuid", None) or self.ids.uuid("line")
        record: Record = {
            "parentUuid": self.tip,
            "isSidechain": self.agent_id is not None,
            "userType": "external",
            "cwd": self.cwd,
            "sessionId": self.session_id,
            "version": self.version,
            "gitBranch": self.branch or "",
            **({"entrypoint": self.entrypoint} if self.entrypoint else {}),
            **({"agentId": self.agent_id} if self.agent_id else {}),
            "type": type,
            **fields,
            "uuid": uuid,
            "timestamp": self.timestamp,
        }
        self.tip = uuid
        return self.emit(record)

    def loose(self, type: str, **fields: Any) -> Self:
        """A line of metadata, outside the tree."""
        return self.emit({"type": type, **fields, "sessionId": self.session_id})

    def system(self, subtype: str, **fields: Any) -> Self:
        """A ``system`` line."""
        return self.chained("system", subtype=subtype, level="info", **fields)

    def rewind(self, uuid: str | None) -> Self:
        """Go back to an earlier line: what follows is another branch."""
        self.tip = uuid
        return self

    # ------------------------------------------------------------------------------------------------- prompts

    def user(self, content: str | list[Record], seconds: float = 5, **fields: Any) -> Self:
        """A user line of whatever meaning."""
        return self.wait(seconds).chained("user", message={"role": "user", "content": content}, **fields)

    def prompt(self, text: str = "Please fix the failing test.", seconds: float = 5, **fields: Any) -> Self:
        """What a person typed."""
        return self.user(text, seconds, **{"origin": {"kind": "human"}, **fields})

    def slash(self, name: str, args: str = "") -> Self:
        """A slash command."""
        text = f"<command-name>{name}</command-name>\n<command-message>{name[1:]}</command-message>"
        return self.user(f"{text}\n<command-args>{args}</command-args>")

    def interruption(self, *, for_tool: bool = False) -> Self:
        """The person stopped the agent."""
        text = "[Request interrupted by user for tool use]" if for_tool else "[Request interrupted by user]"
        return self.user([{"type": "text", "text": text}], seconds=1)

    def queued_command(self, text: str, kind: str | None = "human") -> Self:
        """A prompt typed while the agent was busy."""
        given = {"type": "queued_command", "prompt": text, "commandMode": "prompt"}
        return self.wait(1).chained("attachment", attachment={**given, **({"origin": {"kind": kind}} if kind else {})})

    # ----------------------------------------------------------------------------------------------- responses

    def response(
        self,
        text: str = "Done.",
        *,
        blocks: Sequence[Record] | None = None,
        outputs: Sequence[int] | None = None,
        stop: str | None = "end_turn",
        model: str | None = None,
        id: str | None = "",
        request: bool = True,
        seconds: float = 2,
        step: float = 0.5,
        **usage: Any,
    ) -> Self:
        """One API answer: a line for each block, each with the usage known by then.

        ``outputs`` are the lines' output counts (streamed snapshots), the last one being true. ``id`` None leaves the
        message id out, ``request`` False the request id. ``usage`` goes to :func:`usage_of`.
        """
        blocks = list(blocks) if blocks is not None else [{"type": "text", "text": text}]
        if outputs is None:
            outputs = [usage.get("output", 100)] * len(blocks)
        blocks += [blocks[-1]] * (len(outputs) - len(blocks))
        if id == "":
            id = self.ids.named("msg_")
        self.message_id = id or ""
        request_id = self.ids.named("req_") if request else None
        self.wait(seconds)
        for number, (block, output) in enumerate(zip(blocks, outputs, strict=True)):
            if number:
                self.wait(step)
            last = number == len(outputs) - 1
            message = {
                **({"id": id} if id else {}),
                "type": "message",
                "role": "assistant",
                "model": model or self.model,
                "content": [block],
                "stop_reason": stop if last or len(set(outputs)) == 1 else None,
                "stop_sequence": None,
                "usage": usage_of(**{**usage, "output": output}),
            }
            self.chained("assistant", message=message, **({"requestId": request_id} if request_id else {}))
        return self

    def synthetic(self, text: str = "API Error: 529 overloaded", *, api_error: bool = True) -> Self:
        """A message that the program itself wrote: no usage."""
        message = {
            "id": self.ids.uuid("synthetic"),
            "type": "message",
            "role": "assistant",
            "model": "<synthetic>",
            "content": [{"type": "text", "text": text}],
            "stop_reason": "stop_sequence",
            "stop_sequence": "",
            "usage": {**usage_of(input=0, output=0, speed=None), "service_tier": None},
        }
        extra = {"isApiErrorMessage": True, "error": "unknown"} if api_error else {"isApiErrorMessage": False}
        return self.wait(1).chained("assistant", message=message, **extra)

    # --------------------------------------------------------------------------------------------------- tools

    def call(self, name: str, input: Any, **response: Any) -> Self:
        """A response that calls one tool."""
        return self.calls((name, input), **response)

    def calls(self, *pairs: tuple[str, Any], call_id: str | None = None, **response: Any) -> Self:
        """A response that calls several tools at once; the last one's id is then the builder's ``call_id``."""
        blocks = []
        for name, input in pairs:
            self.call_id = call_id or self.ids.named("toolu_")
            blocks.append({"type": "tool_use", "id": self.call_id, "name": name, "input": input})
        return self.response(blocks=blocks, **{"stop": "tool_use", "output": 60, **response})

    def result(
        self,
        content: Any = "",
        *,
        error: bool | None = None,
        detail: Any = None,
        call: str | None = None,
        denial: str | None = None,
        seconds: float = 1,
    ) -> Self:
        """The result of a call (of the last one, unless ``call`` names another); ``detail`` is ``toolUseResult``."""
        block: Record = {"type": "tool_result", "tool_use_id": call or self.call_id, "content": content}
        if error is not None:
            block["is_error"] = error
        extra = {} if detail is None else {"toolUseResult": detail}
        if denial is not None:
            extra["toolDenialKind"] = denial
        return self.user([block], seconds, sourceToolAssistantUUID=self.tip, **extra)

    def tool(
        self, name: str, input: Any, *, result: Any = "", error: bool | None = None, detail: Any = None, **response: Any
    ) -> Self:
        """A call and its result."""
        if error and detail is None:
            detail = f"Error: {result}"
        return self.call(name, input, **response).result(result, error=error, detail=detail)

    def shell(self, command: str, output: str = "", exit_code: int = 0, **response: Any) -> Self:
        """A command as Bash runs it."""
        if exit_code:
            text = f"Exit code {exit_code}\n{output}"
            return self.tool("Bash", {"command": command}, result=text, error=True, **response)
        detail = {"stdout": output, "stderr": "", "interrupted": False, "isImage": False}
        return self.tool("Bash", {"command": command}, result=output, error=False, detail=detail, **response)

    def read(self, path: str, content: str, *, reminder: str = "", **response: Any) -> Self:
        """A whole file read: the text has line numbers, the structured result has not."""
        lines = content.splitlines()
        text = "\n".join(f"{number:6d}\t{line}" for number, line in enumerate(lines, 1))
        file = {"filePath": path, "content": content, "numLines": len(lines), "startLine": 1, "totalLines": len(lines)}
        detail = {"type": "text", "file": file}
        return self.tool("Read", {"file_path": path}, result=text + reminder, detail=detail, **response)

    def edit(self, path: str, old: str, new: str, **response: Any) -> Self:
        """One string replaced."""
        before, after = old.splitlines(), new.splitlines()
        hunk = {
            "oldStart": 1,
            "oldLines": len(before),
            "newStart": 1,
            "newLines": len(after),
            "lines": [*(f"-{line}" for line in before), *(f"+{line}" for line in after)],
        }
        detail = {"filePath": path, "oldString": old, "newString": new, "structuredPatch": [hunk], "replaceAll": False}
        given = {"file_path": path, "old_string": old, "new_string": new}
        return self.tool("Edit", given, result=f"The file {path} has been updated.", detail=detail, **response)

    def create(self, path: str, content: str, **response: Any) -> Self:
        """A new file written."""
        detail = {"type": "create", "filePath": path, "content": content, "structuredPatch": [], "originalFile": None}
        given = {"file_path": path, "content": content}
        return self.tool("Write", given, result=f"File created successfully at: {path}", detail=detail, **response)

    # --------------------------------------------------------------------------------------------------- tasks

    def create_task(self, subject: str = "Find the cause", **response: Any) -> Self:
        """A task of the agent's own; they are numbered from 1."""
        number = str(len(self.tasks) + 1)
        self.tasks[number] = "pending"
        given = {"subject": subject, "description": f"{subject}.", "activeForm": subject}
        text = f"Task #{number} created successfully: {subject}"
        return self.tool(
            "TaskCreate", given, result=text, detail={"task": {"id": number, "subject": subject}}, **response
        )

    def update_task(self, number: str | int, status: str, *, refused: str = "", **response: Any) -> Self:
        """A task's status set anew; ``refused`` says why not, which is no error in the log."""
        given, known = {"taskId": number, "status": status}, str(number)
        detail: Record = {"success": not refused, "taskId": known, "updatedFields": []}
        if refused:
            return self.tool("TaskUpdate", given, result=refused, detail={**detail, "error": refused}, **response)
        before, self.tasks[known] = self.tasks.get(known, "pending"), status
        if before != status:
            detail |= {"updatedFields": ["status"], "statusChange": {"from": before, "to": status}}
        return self.tool("TaskUpdate", given, result=f"Updated task #{known} status", detail=detail, **response)

    def todos(self, *items: tuple[str, str], **response: Any) -> Self:
        """The whole to-do list of (content, status) written, as older versions did."""
        todos = [{"content": content, "status": status, "activeForm": content} for content, status in items]
        detail = {"oldTodos": [], "newTodos": todos}
        text = "Todos have been modified successfully."
        return self.tool("TodoWrite", {"todos": todos}, result=text, detail=detail, **response)

    # ------------------------------------------------------------------------------------------------- markers

    def compaction(self, pre_tokens: int = 160_000, trigger: str = "auto", summary: str = "So far, so good.") -> Self:
        """The boundary and the summary that stands for what was before it."""
        before, self.tip = self.tip, None
        metadata = {"trigger": trigger, "preTokens": pre_tokens}
        self.wait(5).system(
            "compact_boundary", content="Conversation compacted", logicalParentUuid=before, compactMetadata=metadata
        )
        return self.user(summary, 0, isCompactSummary=True, isVisibleInTranscriptOnly=True)

    def api_error(self, status: int = 529, kind: str = "overloaded_error", attempt: int = 1) -> Self:
        """A failed try of an API request."""
        inner = {"type": "error", "error": {"type": kind, "message": "Overloaded"}}
        error = {"status": status, "headers": {"x-organization": "org-invented"}, "error": inner}
        return self.wait(1).system("api_error", error=error, retryInMs=500.0, retryAttempt=attempt, maxRetries=10)

    def turn_duration(self, ms: int) -> Self:
        """How long the turn took."""
        return self.system("turn_duration", durationMs=ms)

    def fallback(self, original: str, other: str) -> Self:
        """Another model took over."""
        return self.system("model_refusal_fallback", originalModel=original, fallbackModel=other, trigger="refusal")

    def pr_link(self, number: int, url: str) -> Self:
        """A pull request of this session."""
        return self.loose("pr-link", prNumber=number, prUrl=url, prRepository="ada/site", timestamp=self.timestamp)

    def custom_title(self, title: str) -> Self:
        """A title that the person gave."""
        return self.loose("custom-title", customTitle=title)

    def ai_title(self, title: str) -> Self:
        """A title that a model gave."""
        return self.loose("ai-title", aiTitle=title)

    def summary(self, text: str, leaf: str) -> Self:
        """An old title line, about the conversation that ends in ``leaf``."""
        return self.emit({"type": "summary", "summary": text, "leafUuid": leaf})

    # ----------------------------------------------------------------------------------- forks and subagents

    def fork(self, at: str | None = None, *, sdk: bool = True, id: str | None = None) -> ClaudeLog:
        """A new session that begins with a copy of this one's lines.

        As the SDK does it: new uuids, the new session's id, ``forkedFrom``, the last copied line's time anew. Else as
        older versions did it: the lines as they are, under the new file's name.
        """
        child = ClaudeLog(
            self.project, self.path, id or self.ids.uuid("session"), self.timestamp, version=self.version,
            branch=self.branch, model=self.model, entrypoint=self.entrypoint, cwd=self.cwd,
        )  # fmt: skip
        child.path = self.project.folder / f"{child.session_id}.jsonl"
        if at is not None:
            child.at(at)
        renamed: dict[str | None, str | None] = {None: None}
        copied = [copy.deepcopy(record) for record in self.records if not sdk or "uuid" in record]
        for record in copied:
            if sdk:
                origin = {"sessionId": self.session_id, "messageUuid": record["uuid"]}
                renamed[record["uuid"]] = self.ids.uuid("line")
                record.update(
                    uuid=renamed[record["uuid"]], parentUuid=renamed.get(record["parentUuid"]),
                    sessionId=child.session_id, isSidechain=False, forkedFrom=origin,
                )  # fmt: skip
                if record is copied[-1]:
                    record["timestamp"] = child.timestamp
            child.emit(record)
            child.tip = record.get("uuid", child.tip)
        child.call_id, child.tasks = self.call_id, dict(self.tasks)
        return child

    def subagent(
        self,
        agent_id: str | None = None,
        *,
        agent_type: str | None = "Explore",
        meta: bool = True,
        workflow: str | None = None,
        sibling: bool = False,
        spawned_by: str | None = None,
    ) -> ClaudeLog:
        """A subagent with a file of its own: below ``subagents/``, in a workflow's folder, or (old) a sibling file."""
        agent_id = agent_id or f"a{self.ids.count('agent'):06x}"
        folder = self.path.parent / self.session_id / "subagents"
        if workflow is not None:
            folder = folder / "workflows" / workflow
        if sibling:
            folder = self.path.parent
        path = folder / f"agent-{agent_id}.jsonl"
        child = ClaudeLog(
            self.project, path, self.session_id, self.timestamp, version=self.version, branch=self.branch,
            model=self.model, entrypoint=self.entrypoint, cwd=self.cwd, agent_id=agent_id,
        )  # fmt: skip
        if meta and not sibling:
            sidecar = {"agentType": agent_type, "toolUseId": self.call_id, "spawnDepth": 1 if spawned_by is None else 2}
            if spawned_by is not None:
                sidecar["parentAgentId"] = spawned_by
            beside = path.with_name(f"agent-{agent_id}.meta.json")
            self.project.home.extra[beside] = json.dumps(sidecar).encode()
        return child

    def inlined(self, agent_id: str | None = None) -> InlinedAgent:
        """A subagent whose messages only show as ``agent_progress`` in this log."""
        return InlinedAgent(self, agent_id or f"a{self.ids.count('agent'):06x}")

    def sidechain(self) -> SidechainAgent:
        """A subagent whose lines lie between this log's own, as in very old versions."""
        return SidechainAgent(self)


class InlinedAgent(ClaudeLog):
    """Writes into its parent's log, each line wrapped into a ``progress`` line."""

    def __init__(self, parent: ClaudeLog, agent_id: str) -> None:
        super().__init__(
            parent.project, parent.path, parent.session_id, parent.timestamp, version=parent.version,
            branch=parent.branch, model=parent.model, cwd=parent.cwd, agent_id=agent_id, listed=False,
        )  # fmt: skip
        self.parent = parent
        self.spawned_by = parent.call_id

    def emit(self, record: Record) -> Self:
        """Add a record to the parent's log."""
        inner = {key: record[key] for key in ("type", "message", "requestId", "uuid", "timestamp") if key in record}
        data = {"type": "agent_progress", "prompt": "", "agentId": self.agent_id, "message": inner}
        self.parent.clock = self.clock
        self.parent.chained(
            "progress", data=data, toolUseID=f"agent_{self.message_id}", parentToolUseID=self.spawned_by
        )
        return self


class SidechainAgent(ClaudeLog):
    """Writes into its parent's log, its lines marked and on a tree of their own."""

    def __init__(self, parent: ClaudeLog) -> None:
        super().__init__(
            parent.project, parent.path, parent.session_id, parent.timestamp, version=parent.version,
            branch=parent.branch, model=parent.model, entrypoint=None, cwd=parent.cwd, listed=False,
        )  # fmt: skip
        self.parent = parent

    def emit(self, record: Record) -> Self:
        """Add a record to the parent's log."""
        self.parent.clock = self.clock
        self.parent.emit({**record, "isSidechain": True})
        return self
