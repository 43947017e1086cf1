"""Claude Code's tasks: made one by one and known by a number (``TaskCreate``, ``TaskUpdate``), or a list written whole
(``TodoWrite``)."""

from __future__ import annotations

import re

from tachograph.model import TaskChange, ToolCall
from tachograph.sources._claude_lines import ToolInput, ToolResult, decode_created_task, decode_status_change
from tachograph.sources._decode import decode_part
from tachograph.sources._tasks import name_key, read_key, read_list, read_state

_CREATED = re.compile(r"Task #([\w-]{1,64}) created\b")
_UPDATED = "Updated task"


def asked_tasks(name: str, given: ToolInput) -> tuple[TaskChange, ...]:
    """What the call of the tool ``name`` asks for; a new task has no number before its result comes."""
    if name == "TodoWrite":
        return read_list(given.todos)
    if name == "TaskUpdate":
        key, state = read_key(given.taskId), read_state(given.status)
        return (TaskChange(key, state),) if key is not None and state is not None else ()
    return ()


def settled_tasks(call: ToolCall, text: str, detail: ToolResult | None) -> tuple[TaskChange, ...]:
    """What came of ``call``, which succeeded, by its result's text and structured form; else what it asked for."""
    if call.name == "TaskCreate":
        key = _created_key(text, detail)
        return (TaskChange(key, "open"),) if key is not None else ()
    if call.name == "TaskUpdate":
        return _updated_tasks(call, text, detail or ToolResult())
    if call.name == "TodoWrite" and not call.tasks and detail is not None:
        return read_list(detail.newTodos)
    return call.tasks


def _created_key(text: str, detail: ToolResult | None) -> int | None:
    made = decode_part(decode_created_task, bytes(detail.task)) if detail is not None else None
    key = read_key(made.id) if made is not None else None
    match = _CREATED.match(text) if key is None else None
    return name_key(match[1]) if match else key


def _updated_tasks(call: ToolCall, text: str, detail: ToolResult) -> tuple[TaskChange, ...]:
    """A refused update is no error to Claude Code: ``success`` tells, or the text where that is all there is."""
    said = bytes(detail.success)
    if said == b"false" or (not said and not text.startswith(_UPDATED)):
        return ()
    change = decode_part(decode_status_change, bytes(detail.statusChange))
    state = read_state(change.to) if change is not None else None
    key = call.tasks[0].key if call.tasks else read_key(detail.taskId)
    return (TaskChange(key, state),) if key is not None and state is not None else call.tasks
