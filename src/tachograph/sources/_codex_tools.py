"""Tool calls of Codex: what was asked, and what came of it."""

from __future__ import annotations

import re
import shlex
from typing import Any

from tachograph.model import FileOp, FileTouch, ToolCall, ToolStatus
from tachograph.sources._builder import COMMAND_CHARS, SessionBuilder
from tachograph.sources._codex_lines import (
    CallArguments,
    Change,
    Item,
    OldOutput,
    Payload,
    decode_arguments,
    decode_old_output,
    decode_output,
)
from tachograph.sources._decode import decode_part, decode_string, decode_tolerantly
from tachograph.sources._errors import describe_error
from tachograph.sources._hashing import hash_bytes, hash_command, hash_text
from tachograph.sources._tasks import read_list

_CATEGORIES = {
    "exec_command": "shell", "shell": "shell", "shell_command": "shell", "local_shell": "shell", "write_stdin": "shell",
    "container.exec": "shell", "unified_exec": "shell", "apply_patch": "edit", "update_plan": "task",
    "view_image": "read", "read_file": "read", "grep_files": "search", "list_dir": "search", "web_search": "web",
    "spawn_agent": "subagent",
    "send_input": "subagent", "wait": "subagent", "close_agent": "subagent", "resume_agent": "subagent",
}  # fmt: skip
_EXIT = re.compile(r"(?:Process exited with code|Exit code:) (-?\d{1,10})\b")
_RUNNING = "Process running with session ID"
_WALL = re.compile(r"Wall time: (\d{1,9}(?:\.\d{1,9})?) seconds")
_PATCH = re.compile(r"^\*\*\* (?:(Add|Update|Delete) File|Move to): (.+)$", re.MULTILINE)
_DECLINED = ("exec command rejected by user", "rejected by user", "patch rejected by user")
_ABORTED = "aborted by user"
_FAILED = ("apply_patch verification failed", "failed to ", "execution error", "unsupported call", "update_plan is a ")
_HEAD = 1000
_OPS: dict[str, FileOp] = {
    "Add": "create", "Update": "modify", "Delete": "delete", "add": "create", "update": "modify", "delete": "delete",
}  # fmt: skip


def categorise(name: str, namespace: str | None) -> str:
    """Category of a tool; a ``mcp__server`` namespace makes it ``mcp:<server>``."""
    if namespace and namespace.startswith("mcp__"):
        return "mcp:" + namespace[5:].rstrip("_")
    if name.startswith("mcp__"):
        return "mcp:" + name[5:].partition("__")[0]
    return _CATEGORIES.get(name, "other")


def read_call(payload: Payload, identity: str, name: str, at: int, session: SessionBuilder) -> None:
    """Add the call in a ``*_call`` item; its response is not known before the usage that follows it."""
    if identity in session.calls:
        return
    clean = session.clean
    raw = bytes(payload.arguments) or bytes(payload.input) or bytes(payload.action)
    given = _decode_arguments(raw)
    command = given.cmd if given.cmd is not None else given.command
    patch = _patch_text(raw, given)
    category = categorise(name, payload.namespace) if patch is None else "edit"
    path = given.path or given.file_path
    op: FileOp = "read" if category == "read" else "none"
    more: tuple[FileTouch, ...] = ()
    added = removed = None
    if patch is not None:
        command = None
        path, op, more = _patched_files(patch, session)
        added, removed = _count_signs(patch)
    if session.texts is not None:
        session.texts.keep_call(identity, _command_text(command) if command else None, raw)
    session.calls[identity] = ToolCall(
        session.next_position(),
        identity,
        "",
        clean.name(name),
        clean.name(category),
        at,
        command=clean.text(_command_text(command), COMMAND_CHARS) if command else None,
        path=clean.name(path) if path else None,
        file_op=op,
        input_hash=hash_bytes(raw),
        agent_type=clean.name(given.agent_type) if given.agent_type else None,
        lines_added=added,
        lines_removed=removed,
        more_files=more,
        cwd=_folder(given.workdir, session),
        input_chars=len(raw),
        command_hash=_command_hash(command, given) if command else None,
        tasks=read_list(given.plan) if name == "update_plan" and category == "task" else (),
    )


def _command_hash(command: str | list[str], given: CallArguments) -> int:
    return hash_command(
        _command_text(command), given.with_escalated_permissions, given.sandbox_permissions, given.timeout_ms,
        given.yield_time_ms, given.tty, given.shell,
    )  # fmt: skip


def _folder(workdir: str | None, session: SessionBuilder) -> str | None:
    """Where a call runs: the folder it names (from the session's), else the session's."""
    if not workdir:
        return session.place
    base = session.cwd or ""
    folder = workdir if workdir.startswith(("/", "~")) or workdir[1:2] == ":" else f"{base}/{workdir}"
    clean = session.clean.name(folder)
    return None if clean == next(iter(session.cwds), None) else clean


def _decode_arguments(raw: bytes) -> CallArguments:
    """Arguments come as an object, or as JSON within a JSON string."""
    text = (decode_part(decode_string, raw) or "").encode() if raw.startswith(b'"') else raw
    if not text.startswith(b"{"):
        return CallArguments()
    given = decode_part(decode_arguments, text)
    if given is not None:
        return given
    records: tuple[CallArguments, ...] = decode_tolerantly(text, CallArguments).records
    return records[0] if records else CallArguments()


_SHELL = re.compile(r"(?:^|[/\\])(?:(?:ba|z|da|k|fi|)sh|pwsh|powershell)(?:\.exe)?$", re.IGNORECASE)


def _command_text(command: str | list[str]) -> str:
    """The command as typed: what a wrapping shell was given, when it is wrapped in one; else its words, quoted."""
    if isinstance(command, str):
        return command
    if len(command) >= 3 and command[-2] in ("-lc", "-c", "-Command") and _SHELL.search(command[0]):
        return command[-1]
    return shlex.join(command)


def _patch_text(raw: bytes, given: CallArguments) -> str | None:
    """The patch: the whole input (custom tool), an argument of a function, or of a command named ``apply_patch``."""
    if isinstance(given.command, list) and given.command[:1] == ["apply_patch"] and len(given.command) > 1:
        return given.command[1]
    if given.input is not None:
        text: str | None = given.input
    else:
        text = decode_part(decode_string, raw) if raw.startswith(b'"*** Begin Patch') else None
    return text if text is not None and text.startswith("*** Begin Patch") else None


def _patched_files(patch: str, session: SessionBuilder) -> tuple[str | None, FileOp, tuple[FileTouch, ...]]:
    found: list[FileTouch] = []
    for op, path in _PATCH.findall(patch):
        name = session.clean.name(path.strip())
        if op:
            found.append(FileTouch(name, _OPS[op]))
        elif found:
            found[-1:] = _moved(found[-1].path, name)
    return (found[0].path, found[0].op, tuple(found[1:])) if found else (None, "modify", ())


def _moved(old: str, new: str) -> tuple[FileTouch, FileTouch]:
    return FileTouch(new, "modify"), FileTouch(old, "delete")


def _count_signs(diff: str) -> tuple[int, int]:
    """Lines added and removed; neither kind of patch has the headers that other diffs begin with."""
    lines = diff.splitlines()
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)


def settle_call(payload: Payload, at: int, session: SessionBuilder) -> bool:
    """Join a ``*_call_output`` to its call; False when no such call is known."""
    call = session.calls.get(payload.call_id or "")
    if call is None:
        return False
    if call.result_hash is not None:
        return True
    text, old = _output_of(bytes(payload.output))
    code, seconds = _exit_and_wall(text, old)
    # What an event said of the call before its output came is more exact than what the text tells.
    status = _status(text, code) if call.status == "missing" else call.status
    fields: dict[str, Any] = {"result_chars": len(text), "result_hash": hash_text(_body(text))}
    if call.exit_code is None:
        fields["exit_code"] = code
    if call.duration_ms is None and seconds is not None:
        fields["duration_ms"] = round(seconds * 1000)
    if call.command and code is None and call.exit_code is None and _RUNNING in text[:_HEAD].partition("Output:\n")[0]:
        fields["result_kind"] = "background"
    if status == "error" and call.error_hash is None and call.error_signature is None:
        fields.update(_error_fields(_body(text), call, session))
    session.settle(call.id, status, at, **fields)
    return True


def _error_fields(text: str, call: ToolCall, session: SessionBuilder) -> dict[str, Any]:
    error = describe_error(text, session.clean, call.category)
    return {"error_signature": error.signature, "error_hash": error.hash, "result_kind": error.kind}


def _output_of(raw: bytes) -> tuple[str, OldOutput | None]:
    """The result's text, and its parts when it is of the older, JSON-in-a-string kind."""
    value = decode_part(decode_output, raw) if raw else None
    if isinstance(value, OldOutput):
        return value.output or "", value
    if isinstance(value, list):
        return "\n".join(part.text for part in value if part.text), None
    if value is not None and value.startswith('{"') and '"metadata"' in value:
        old = decode_part(decode_old_output, value.encode("utf-8", "replace"))
        if old is not None:
            return old.output or "", old
    return value or "", None


def _exit_and_wall(text: str, old: OldOutput | None) -> tuple[int | None, float | None]:
    if old is not None and old.metadata is not None:
        return old.metadata.exit_code, old.metadata.duration_seconds
    head = text[:_HEAD]
    code, wall = _EXIT.search(head), _WALL.search(head)
    return (int(code[1]) if code else None), (float(wall[1]) if wall else None)


def _body(text: str) -> str:
    """The output without its header lines; when there was none, the line that gives the exit code."""
    head, mark, body = text.partition("Output:\n")
    if not mark or len(head) > _HEAD:
        return text
    code = _EXIT.search(head)
    return body if body.strip() or code is None else code[0]


def _status(text: str, code: int | None) -> ToolStatus:
    head = text[:_HEAD]
    if any(phrase in head for phrase in _DECLINED) or head.startswith(_ABORTED):
        return "denied"
    if code is not None:
        return "ok" if code == 0 else "error"
    return "error" if head.startswith(_FAILED) else "ok"


def settle_from_item(item: Item, at: int, session: SessionBuilder) -> None:
    """Take what a completed item says of a command: it is better than what can be read from the output's text."""
    call = session.calls.get(item.id or "")
    if call is None or item.type != "CommandExecution":
        return
    statuses: dict[str, ToolStatus] = {"completed": "ok", "failed": "error", "declined": "denied"}
    status = statuses.get(item.status or "", call.status)
    fields: dict[str, Any] = {}
    if item.exit_code is not None:
        fields["exit_code"] = item.exit_code
    if item.duration is not None:
        fields["duration_ms"] = item.duration.secs * 1000 + item.duration.nanos // 1_000_000
    if status == "error" and call.error_hash is None and call.error_signature is None:
        fields.update(_error_fields(item.aggregated_output or "", call, session))
    session.settle(call.id, status, call.ended_at or at, **fields)


def apply_changes(payload: Payload, at: int, session: SessionBuilder) -> None:
    """Take files and line counts of a ``patch_apply_end`` event."""
    call = session.calls.get(payload.call_id or "")
    if call is None or payload.changes is None:
        return
    if payload.success is False:
        session.settle(call.id, "error", call.ended_at or at)
        return
    clean = session.clean.name
    touched: list[FileTouch] = []
    for path, change in payload.changes.items():
        if change.move_path:
            touched += _moved(clean(path), clean(change.move_path))
        else:
            touched.append(FileTouch(clean(path), _OPS.get(change.type or "", "modify")))
    counts = [_count_changes(change) for change in payload.changes.values()]
    fields: dict[str, Any] = {"lines_added": sum(c[0] for c in counts), "lines_removed": sum(c[1] for c in counts)}
    if touched:
        fields.update(path=touched[0].path, file_op=touched[0].op, more_files=tuple(touched[1:]))
    session.settle(call.id, "ok" if payload.success else call.status, call.ended_at or at, **fields)


def _count_changes(change: Change) -> tuple[int, int]:
    if change.unified_diff is not None:
        return _count_signs(change.unified_diff)
    count = len((change.content or "").splitlines())
    return (0, count) if change.type == "delete" else (count, 0)


def settle_mcp(payload: Payload, at: int, session: SessionBuilder) -> None:
    """Take server, duration and outcome of an ``mcp_tool_call_end`` event."""
    call = session.calls.get(payload.call_id or "")
    if call is None:
        return
    fields: dict[str, Any] = {}
    if payload.duration is not None:
        fields["duration_ms"] = payload.duration.secs * 1000 + payload.duration.nanos // 1_000_000
    if payload.invocation is not None and payload.invocation.server and not call.category.startswith("mcp:"):
        fields["category"] = "mcp:" + session.clean.name(payload.invocation.server)
    outcomes: dict[bytes, ToolStatus] = {b'{"Ok"': "ok", b'{"Err': "error"}
    status = outcomes.get(bytes(payload.result)[:5], call.status)
    session.settle(call.id, status, call.ended_at or at, **fields)
