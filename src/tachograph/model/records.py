"""What happens inside a session: responses, tool calls, prompts, markers."""

from __future__ import annotations

from typing import Literal

import msgspec

from tachograph.model.usage import Usage

ToolStatus = Literal["ok", "error", "denied", "cancelled", "missing"]
FileOp = Literal["none", "create", "modify", "read", "delete"]
PromptKind = Literal["human", "slash", "shell", "notification", "meta", "compact_summary", "task"]
MarkerKind = Literal[
    "compaction", "api_error", "interruption", "model_fallback", "pr_link", "commit", "rollback", "turn_duration",
    "setup_change",
]  # fmt: skip
TaskState = Literal["open", "started", "completed", "dropped"]
ResultKind = Literal["", "unchanged", "transient", "background"]

HUMAN_KINDS: tuple[PromptKind, ...] = ("human", "slash", "shell")
"""Prompt kinds a person typed."""
TURN_KINDS: tuple[PromptKind, ...] = ("human", "slash", "task")
"""Prompt kinds that open a turn; ``task`` is what a parent agent asked its subagent."""


class TaskChange(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The state in which one tool call left one of the agent's own tasks (to-do items, steps of a plan)."""

    key: int
    """Signed 64-bit xxh3 of what names the task within its session: its number where it has one, else its text."""
    state: TaskState


class FileTouch(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A further file that one tool call created, changed, read or deleted."""

    path: str
    op: FileOp


class Pass(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One of several server-side passes inside one response (``iterations``), billed at its own model."""

    model: str
    usage: Usage


class Response(msgspec.Struct, frozen=True, array_like=True):
    """One API answer, merged from the log lines it was spread over."""

    position: int
    """Place in the session's order of records (shared by all record kinds)."""
    id: str
    """Message or response id: the same in every copy of this response, in whatever session."""
    model: str
    provider: str
    started_at: int
    ended_at: int
    usage: Usage
    """Sum over all passes."""
    stop_reason: str | None = None
    output_reliable: bool = True
    """False where only a placeholder of the output count was recorded: ``usage.output`` is a lower bound."""
    speed: str = "standard"
    branch: str | None = None
    passes: tuple[Pass, ...] = ()
    """The single passes when there were several; empty for the usual one."""
    chain: int = 0
    """Fingerprint of all usage records of the log up to here (Codex); 0 where the format needs none."""
    replayed: bool = False
    """True when the log itself shows that this was copied from the session it was forked from."""
    lines: int = 1
    """How many raw log lines carried this response's usage."""
    stated_output: int = 0
    """Output tokens as the line that was chosen states them: copies are ranked by it (passes may say otherwise)."""
    final: bool = True
    """Whether that line gave a stop reason."""


class ToolCall(msgspec.Struct, frozen=True, array_like=True):
    """One call of a tool and what came of it. Times in ms UTC; hashes are signed 64-bit xxh3."""

    position: int
    id: str
    response: str
    """Id of the response that made the call."""
    name: str
    category: str
    """shell, read, edit, search, web, task, subagent, mcp:<server> or other."""
    started_at: int
    ended_at: int | None = None
    status: ToolStatus = "missing"
    exit_code: int | None = None
    command: str | None = None
    path: str | None = None
    offset: int | None = None
    limit: int | None = None
    file_op: FileOp = "none"
    """What was done to ``path``; where ``status`` is not ok, what was meant to be done."""
    input_hash: int = 0
    result_hash: int | None = None
    result_chars: int | None = None
    error_signature: str | None = None
    lines_added: int | None = None
    """None where the log does not say."""
    lines_removed: int | None = None
    duration_ms: int | None = None
    """As the tool itself reported it; else the time from call to result, waiting for permission included."""
    agent_type: str | None = None
    """Kind of subagent asked for (category subagent)."""
    spawned: str | None = None
    """Native id of the subagent this call started."""
    more_files: tuple[FileTouch, ...] = ()
    """Files after the first, for calls that touch several (Codex ``apply_patch``)."""
    cwd: str | None = None
    """Folder it ran in, where that is not the session's first; redacted."""
    input_chars: int | None = None
    """Length of the whole input as the log has it, bytes of JSON. None: stored by an older version."""
    command_hash: int | None = None
    """Of the whole command, runs of white space as one blank, and of how it was to be run where that was said (time
    allowed, sandbox, rights …)."""
    error_hash: int | None = None
    """Of a command's whole error text; numbers, hashes, temporary paths, durations and times as one sign each."""
    result_kind: ResultKind = ""
    """unchanged: the tool says the file is as it was when last read; transient: an error that passes by itself;
    background: a command that went on when the call was over."""
    tasks: tuple[TaskChange, ...] = ()
    """Tasks that it made or changed, in order; every task of the list where the tool writes the whole list."""


class Prompt(msgspec.Struct, frozen=True, array_like=True):
    """Text that entered the conversation from outside the model."""

    position: int
    id: str
    """The same in every copy of this prompt (forks)."""
    kind: PromptKind
    at: int
    text: str
    """Redacted, then cut to 2,000 characters."""
    chars: int
    """Length of the whole text, before cutting."""
    text_hash: int = 0
    """Signed 64-bit xxh3 of the whole text: equal prompts can be found without storing them."""
    parent_hash: int | None = None
    """Of the record it answers to: two prompts with the same one mean that the conversation was rewound between."""


class Marker(msgspec.Struct, frozen=True, array_like=True):
    """A point in the session worth knowing: a compaction, an API error, an interruption, a commit …"""

    position: int
    id: str
    kind: MarkerKind
    at: int
    detail: str = ""
    value: int | None = None
    """compaction: tokens before it; api_error: HTTP status; turn_duration: ms; pr_link: number; rollback: turns."""
