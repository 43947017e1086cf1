"""The lines of a Codex rollout as typed records: only the fields that are read, all optional."""

from __future__ import annotations

import msgspec
from msgspec import Raw, Struct

from tachograph.sources._limits import Duration, Number, Total


class TokenUsage(Struct, frozen=True, gc=False):
    """Codex's own counts: ``input_tokens`` holds the cached ones, ``output_tokens`` the reasoning ones."""

    input_tokens: Total | None = None
    cached_input_tokens: Total | None = None
    cache_write_input_tokens: Total | None = None
    output_tokens: Total | None = None
    reasoning_output_tokens: Total | None = None
    total_tokens: Total | None = None


class TokenInfo(Struct):
    total_token_usage: TokenUsage | None = None
    last_token_usage: TokenUsage | None = None


class Git(Struct, gc=False):
    branch: str | None = None


class Seconds(Struct, gc=False):
    secs: Number = 0
    nanos: Number = 0


class Invocation(Struct, gc=False):
    server: str | None = None
    tool: str | None = None


class Change(Struct):
    type: str | None = None
    content: str | None = None
    unified_diff: str | None = None
    move_path: str | None = None


class Payload(Struct):
    """The payload of a line of whatever type."""

    type: str | None = None
    # session_meta
    id: str | None = None
    cwd: str | None = None
    cli_version: str | None = None
    originator: str | None = None
    source: Raw = Raw()
    thread_source: str | None = None
    model_provider: str | None = None
    git: Git | None = None
    forked_from_id: str | None = None
    parent_thread_id: str | None = None
    agent_role: str | None = None
    agent_nickname: str | None = None
    timestamp: str | None = None
    # turn_context, task_started
    turn_id: str | None = None
    model: str | None = None
    # token_count, token_usage_record
    info: TokenInfo | None = None
    response_id: str | None = None
    usage: TokenUsage | None = None
    thread_token_usage: TokenUsage | None = None
    # calls and their results
    call_id: str | None = None
    name: str | None = None
    namespace: str | None = None
    arguments: Raw = Raw()
    input: Raw = Raw()
    action: Raw = Raw()
    output: Raw = Raw()
    status: str | None = None
    success: bool | None = None
    changes: dict[str, Change] | None = None
    duration: Seconds | None = None
    invocation: Invocation | None = None
    result: Raw = Raw()
    item: Raw = Raw()
    # messages, prompts and turns
    role: str | None = None
    content: Raw = Raw()
    message: str | None = None
    reason: str | None = None
    duration_ms: Duration | None = None
    num_turns: Number | None = None


class Line(Struct):
    """One line of a rollout; ``payload`` is missing in files from before September 2025."""

    type: str = ""
    timestamp: str | None = None
    payload: Payload | None = None


class CallArguments(Struct):
    """Arguments of a tool call that are worth keeping."""

    cmd: str | list[str] | None = None
    command: str | list[str] | None = None
    path: str | None = None
    file_path: str | None = None
    agent_type: str | None = None
    workdir: str | None = None
    input: str | None = None
    with_escalated_permissions: Raw = Raw()
    sandbox_permissions: Raw = Raw()
    timeout_ms: Raw = Raw()
    yield_time_ms: Raw = Raw()
    tty: Raw = Raw()
    shell: Raw = Raw()
    plan: Raw = Raw()


class Item(Struct):
    """What an ``item_completed`` event says was done (0.16x)."""

    type: str = ""
    id: str | None = None
    command: str | list[str] | None = None
    status: str | None = None
    exit_code: Number | None = None
    duration: Seconds | None = None
    aggregated_output: str | None = None
    content: str | list[Raw] | None = None
    text: str | None = None
    tool: str | None = None
    receiver_thread_ids: list[str] | None = None


class OutputPart(Struct, gc=False):
    text: str | None = None


class OldOutput(Struct):
    """Older results are JSON in a string."""

    output: str | None = None
    metadata: OldMetadata | None = None


class OldMetadata(Struct, gc=False):
    exit_code: Number | None = None
    duration_seconds: Duration | None = None


class Spawn(Struct):
    parent_thread_id: str | None = None
    agent_role: str | None = None
    agent_nickname: str | None = None


class SubagentSource(Struct):
    thread_spawn: Spawn | None = None


class ThreadSource(Struct):
    subagent: SubagentSource | str | None = None


decode_line = msgspec.json.Decoder(Line).decode
decode_arguments = msgspec.json.Decoder(CallArguments).decode
decode_item = msgspec.json.Decoder(Item).decode
decode_output = msgspec.json.Decoder(str | list[OutputPart] | OldOutput | None).decode
decode_old_output = msgspec.json.Decoder(OldOutput).decode
decode_source = msgspec.json.Decoder(ThreadSource | str | None).decode
