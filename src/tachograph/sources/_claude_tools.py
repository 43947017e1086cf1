"""Tool calls of Claude Code: what was asked, and what came of it."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from tachograph.model import FileOp, ResultKind, ToolCall, ToolStatus
from tachograph.sources._builder import COMMAND_CHARS, SessionBuilder
from tachograph.sources._claude_lines import Block, ToolInput, ToolResult, decode_input
from tachograph.sources._claude_tasks import asked_tasks, settled_tasks
from tachograph.sources._decode import decode_part, decode_string
from tachograph.sources._errors import describe_error
from tachograph.sources._hashing import hash_bytes, hash_command, hash_text
from tachograph.sources._ids import clean_id

_CATEGORIES = {
    "Bash": "shell", "PowerShell": "shell", "BashOutput": "shell", "KillShell": "shell", "KillBash": "shell",
    "Read": "read", "NotebookRead": "read",
    "Edit": "edit", "MultiEdit": "edit", "Write": "edit", "NotebookEdit": "edit",
    "Grep": "search", "Glob": "search", "LS": "search",
    "WebFetch": "web", "WebSearch": "web", "web_search": "web", "web_fetch": "web",
    "TodoWrite": "task", "TodoRead": "task", "TaskCreate": "task", "TaskUpdate": "task", "TaskList": "task",
    "TaskGet": "task",
    "Task": "subagent", "Agent": "subagent", "TaskOutput": "subagent", "TaskStop": "subagent",
    "AgentOutputTool": "subagent", "SendMessage": "subagent", "Workflow": "subagent",
}  # fmt: skip
_SHELLS = ("Bash", "PowerShell")
_EXIT_CODE = re.compile(r"Exit code (\d{1,10})\b")
_TRUE = (b"true", b'"true"')
_RAW = ("run_in_background", "timeout", "dangerouslyDisableSandbox", "todos", "taskId", "status")
_LARGEST = 2**53
_REMINDER, _REMINDER_END = "<system-reminder>", "</system-reminder>"
_REFUSED = ("The user doesn't want to proceed with this tool use", "[Request interrupted by user")
_SIBLING = "Sibling tool call errored"
_UNCHANGED = "File unchanged since last read"
_WASTED = "Wasted call"


def categorise(name: str) -> str:
    """Category of a tool: shell, read, edit, search, web, task, subagent, ``mcp:<server>`` or other."""
    if name.startswith("mcp__"):
        return "mcp:" + name[5:].partition("__")[0]
    return _CATEGORIES.get(name, "other")


def read_call(block: Block, response: str, at: int, session: SessionBuilder) -> None:
    """Add the call in a ``tool_use`` block made by ``response`` at ``at`` (ms UTC)."""
    if block.id is None:
        return
    clean = session.clean
    identity = clean_id(block.id, clean)
    if identity in session.calls:
        return
    raw = bytes(block.input)
    given = _decode_input(raw)
    name = clean.name(block.name or "")
    path = given.file_path or given.notebook_path or given.path
    if session.texts is not None:
        session.texts.keep_call(identity, given.command, raw)
    session.calls[identity] = ToolCall(
        session.next_position(),
        identity,
        response,
        name,
        categorise(name),
        at,
        command=clean.text(given.command, COMMAND_CHARS) if given.command else None,
        path=clean.name(path) if path else None,
        offset=given.offset,
        limit=given.limit,
        input_hash=hash_bytes(raw),
        agent_type=clean.name(given.subagent_type) if given.subagent_type else None,
        cwd=session.place,
        input_chars=len(raw),
        command_hash=_command_hash(given),
        result_kind="background" if name in _SHELLS and bytes(given.run_in_background) in _TRUE else "",
        tasks=asked_tasks(name, given),
    )


def _command_hash(given: ToolInput) -> int | None:
    if not given.command:
        return None
    return hash_command(given.command, given.run_in_background, given.timeout, given.dangerouslyDisableSandbox)


def _decode_input(raw: bytes) -> ToolInput:
    if not raw:
        return ToolInput()
    given = decode_part(decode_input, raw)
    if given is not None:
        return given
    values = decode_part(msgspec.json.decode, raw)
    if not isinstance(values, dict):
        return ToolInput()
    known = {name: _coerce(name, values[name]) for name in ToolInput.__struct_fields__ if name in values}
    return ToolInput(**known)


def _coerce(name: str, value: Any) -> Any:
    """A model may send ``"10"`` for 10: take what is meant, or nothing."""
    if name in ("offset", "limit"):
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError):
            return None
        return number if abs(number) <= _LARGEST else None
    if name in _RAW:
        return msgspec.Raw(msgspec.json.encode(value))
    if isinstance(value, list):
        return " ".join(str(part) for part in value)
    return value if isinstance(value, str) else None


def settle_call(block: Block, result: object, denial: str | None, at: int, session: SessionBuilder) -> bool:
    """Join a ``tool_result`` block to its call; False when no call of that id is waiting for one.

    ``result`` is the line's ``toolUseResult`` (an object, a string, or nothing of use).
    """
    identity = block.tool_use_id or ""
    call = session.calls.get(identity) or session.calls.get(clean_id(identity, session.clean))
    if call is None:
        return False
    if call.status != "missing":
        return True
    text = _text_of(block)
    detail = result if isinstance(result, ToolResult) else None
    status = _status(block.is_error is True, text, result, denial)
    fields: dict[str, Any] = {"exit_code": _exit_code(call.name, status, text, detail), "result_kind": ""}
    if status == "ok":
        fields["file_op"] = _file_op(call.name, detail, text)
        added, removed = _line_changes(detail)
        fields["lines_added"], fields["lines_removed"] = added, removed
        fields["result_kind"] = _result_kind(call, text, detail)
        fields["tasks"] = settled_tasks(call, text, detail)
    elif status == "error":
        error = describe_error(text, session.clean, call.category)
        fields.update(error_signature=error.signature, error_hash=error.hash, result_kind=error.kind)
    fields["result_chars"] = len(text)
    fields["result_hash"] = _result_hash(text, detail)
    fields["duration_ms"] = _duration(detail)
    if detail is not None and detail.agentId:
        fields["spawned"] = session.clean.name(detail.agentId)
        if call.agent_type is None and detail.agentType:
            fields["agent_type"] = session.clean.name(detail.agentType)
    session.settle(call.id, status, at, **fields)
    if detail is not None and detail.gitOperation is not None:
        _mark_git(detail, call, at, session)
    return True


def _text_of(block: Block) -> str:
    content = block.content
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return "\n".join(part.text for part in content if part.text)


def _status(is_error: bool, text: str, result: object, denial: str | None) -> ToolStatus:
    if denial == "user-rejected" or (is_error and text.startswith(_REFUSED)):
        return "denied"
    if isinstance(result, str) and result.startswith("User rejected tool use"):
        return "denied"
    if not is_error:
        return "ok"
    return "cancelled" if _SIBLING in text[:200] else "error"


def _exit_code(name: str, status: ToolStatus, text: str, detail: ToolResult | None) -> int | None:
    if status == "error":
        match = _EXIT_CODE.match(text)
        return int(match[1]) if match else None
    if status != "ok":
        return None
    if detail is not None and detail.exitCode is not None:
        return detail.exitCode
    if name not in _SHELLS or detail is None:
        return None
    known = not (detail.interrupted or detail.returnCodeInterpretation or detail.backgroundTaskId)
    return 0 if known else None


def _file_op(name: str, detail: ToolResult | None, text: str) -> FileOp:
    if name == "Read" or name == "NotebookRead":
        return "read"
    if name == "Write":
        kind = detail.type if detail is not None else None
        created = kind == "create" or (kind is None and text.startswith("File created"))
        return "create" if created else "modify"
    return "modify" if categorise(name) == "edit" else "none"


def _result_kind(call: ToolCall, text: str, detail: ToolResult | None) -> ResultKind:
    """What a successful read says of the file, or that a command goes on."""
    if call.result_kind == "background" or (detail is not None and detail.backgroundTaskId):
        return "background"
    if call.category != "read":
        return ""
    said = text.startswith(_UNCHANGED) or _WASTED in text[:200]
    return "unchanged" if said or (detail is not None and detail.type == "file_unchanged") else ""


def _line_changes(detail: ToolResult | None) -> tuple[int | None, int | None]:
    if detail is None or detail.structuredPatch is None:
        return None, None
    if detail.type == "create" and not detail.structuredPatch:
        return _count_lines(bytes(detail.content)), 0
    added = removed = 0
    for hunk in detail.structuredPatch:
        for line in hunk.lines:
            if line.startswith("+"):
                added += 1
            elif line.startswith("-"):
                removed += 1
    return added, removed


def _count_lines(raw: bytes) -> int | None:
    """Lines of the text in the JSON string ``raw``; None when it is no string."""
    text = decode_part(decode_string, raw)
    if text is None:
        return None
    return text.count("\n") + (not text.endswith("\n") if text else 0)


def _result_hash(text: str, detail: ToolResult | None) -> int:
    if detail is not None and detail.file is not None and detail.file.content is not None:
        return hash_text(detail.file.content)
    return hash_text(_without_reminders(text).strip() if _REMINDER in text else text)


def _without_reminders(text: str) -> str:
    """``text`` without what the agent's program put in: each block up to its first end, one without an end stays."""
    kept: list[str] = []
    at = 0
    while (start := text.find(_REMINDER, at)) >= 0 and (end := text.find(_REMINDER_END, start)) >= 0:
        kept.append(text[at:start])
        at = end + len(_REMINDER_END)
    return "".join([*kept, text[at:]])


def _duration(detail: ToolResult | None) -> int | None:
    if detail is None:
        return None
    for value, scale in ((detail.totalDurationMs, 1), (detail.durationMs, 1), (detail.durationSeconds, 1000)):
        if value is not None:
            return round(value * scale)
    return None


def _mark_git(detail: ToolResult, call: ToolCall, at: int, session: SessionBuilder) -> None:
    done = detail.gitOperation
    if done is not None and done.commit is not None:
        session.add_marker(call.id, "commit", at, done.commit.sha or "")
    if done is not None and done.pr is not None:
        session.add_marker(call.id, "pr_link", at, done.pr.url or done.pr.action or "", done.pr.number)
