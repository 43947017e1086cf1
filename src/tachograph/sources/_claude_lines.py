"""The lines of a Claude Code transcript as typed records: only the fields that are read, all optional."""

from __future__ import annotations

import msgspec
from msgspec import Raw, Struct

from tachograph.sources._limits import Count, Duration, Number, Searches


class CacheCreation(Struct, gc=False):
    ephemeral_1h_input_tokens: Count | None = None


class ServerTools(Struct, gc=False):
    web_search_requests: Searches | None = None


class PassUsage(Struct):
    type: str | None = None
    model: str | None = None
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    cache_creation: CacheCreation | None = None


class OutputDetails(Struct, gc=False):
    thinking_tokens: Count | None = None


class LineUsage(Struct):
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    cache_creation: CacheCreation | None = None
    server_tool_use: ServerTools | None = None
    output_tokens_details: OutputDetails | None = None
    speed: str | None = None
    iterations: list[PassUsage] | None = None


class TextPart(Struct, gc=False):
    text: str | None = None


class Block(Struct):
    """A content block of whatever kind."""

    type: str = ""
    text: str | None = None
    id: str | None = None
    name: str | None = None
    input: Raw = Raw()
    tool_use_id: str | None = None
    is_error: bool | None = None
    content: str | list[TextPart] | None = None


class Message(Struct):
    id: str | None = None
    model: str | None = None
    content: str | list[Block] | None = None
    stop_reason: str | None = None
    usage: LineUsage | None = None


class ReadFile(Struct, gc=False):
    content: str | None = None
    startLine: Number | None = None  # noqa: N815 (the log's own name)
    numLines: Number | None = None  # noqa: N815


class Hunk(Struct):
    lines: list[str] = []


class GitCommit(Struct, gc=False):
    sha: str | None = None
    kind: str | None = None


class GitPull(Struct, gc=False):
    number: Number | None = None
    action: str | None = None
    url: str | None = None


class GitOperation(Struct):
    commit: GitCommit | None = None
    pr: GitPull | None = None


class ToolResult(Struct):
    """``toolUseResult`` when it is an object, of whatever tool."""

    type: str | None = None
    file: ReadFile | None = None
    content: Raw = Raw()
    structuredPatch: list[Hunk] | None = None  # noqa: N815
    gitOperation: GitOperation | None = None  # noqa: N815
    interrupted: bool | None = None
    returnCodeInterpretation: str | None = None  # noqa: N815
    backgroundTaskId: str | None = None  # noqa: N815
    exitCode: Number | None = None  # noqa: N815
    durationMs: Duration | None = None  # noqa: N815
    totalDurationMs: Duration | None = None  # noqa: N815
    durationSeconds: Duration | None = None  # noqa: N815
    agentId: str | None = None  # noqa: N815
    agentType: str | None = None  # noqa: N815
    task: Raw = Raw()
    taskId: Raw = Raw()  # noqa: N815
    success: Raw = Raw()
    statusChange: Raw = Raw()  # noqa: N815
    newTodos: Raw = Raw()  # noqa: N815


class ForkedFrom(Struct, gc=False):
    sessionId: str | None = None  # noqa: N815
    messageUuid: str | None = None  # noqa: N815


class Origin(Struct, gc=False):
    kind: str | None = None


class InnerLine(Struct):
    """What lines of a conversation share, in a log of their own or inlined into their parent's ``progress`` lines."""

    type: str = ""
    uuid: str | None = None
    parentUuid: str | None = None  # noqa: N815
    requestId: str | None = None  # noqa: N815
    timestamp: str | None = None
    message: Message | None = None
    toolUseResult: ToolResult | str | list[Raw] | None = None  # noqa: N815
    toolDenialKind: str | None = None  # noqa: N815
    isMeta: bool | None = None  # noqa: N815
    isCompactSummary: bool | None = None  # noqa: N815
    isApiErrorMessage: bool | None = None  # noqa: N815
    origin: Origin | None = None
    forkedFrom: ForkedFrom | None = None  # noqa: N815


class Progress(Struct):
    type: str = ""
    agentId: str | None = None  # noqa: N815
    message: InnerLine | str | None = None


class CompactMetadata(Struct, gc=False):
    trigger: str | None = None
    preTokens: Number | None = None  # noqa: N815


class Attachment(Struct):
    type: str = ""
    prompt: str | list[Block] | None = None
    commandMode: str | None = None  # noqa: N815
    origin: Origin | None = None
    source_uuid: str | None = None


class Line(InnerLine):
    """One line of a transcript."""

    sessionId: str | None = None  # noqa: N815
    version: str | None = None
    cwd: str | None = None
    gitBranch: str | None = None  # noqa: N815
    entrypoint: str | None = None
    isSidechain: bool | None = None  # noqa: N815
    agentId: str | None = None  # noqa: N815
    data: Progress | None = None
    parentToolUseID: str | None = None  # noqa: N815
    attachment: Attachment | None = None
    subtype: str | None = None
    content: Raw = Raw()
    compactMetadata: CompactMetadata | None = None  # noqa: N815
    microcompactMetadata: CompactMetadata | None = None  # noqa: N815
    durationMs: Duration | None = None  # noqa: N815
    originalModel: str | None = None  # noqa: N815
    fallbackModel: str | None = None  # noqa: N815
    error: Raw = Raw()
    retryAttempt: Number | None = None  # noqa: N815
    maxRetries: Number | None = None  # noqa: N815
    summary: str | None = None
    leafUuid: str | None = None  # noqa: N815
    aiTitle: str | None = None  # noqa: N815
    customTitle: str | None = None  # noqa: N815
    prNumber: Number | None = None  # noqa: N815
    prUrl: str | None = None  # noqa: N815


class ApiErrorBody(Struct):
    type: str | None = None
    message: str | None = None
    error: Raw = Raw()


class ApiError(Struct):
    status: Number | None = None
    type: str | None = None
    error: ApiErrorBody | None = None


class ToolInput(Struct):
    """The arguments of a tool call that are worth keeping."""

    command: str | None = None
    file_path: str | None = None
    notebook_path: str | None = None
    path: str | None = None
    offset: Number | None = None
    limit: Number | None = None
    subagent_type: str | None = None
    run_in_background: Raw = Raw()
    timeout: Raw = Raw()
    dangerouslyDisableSandbox: Raw = Raw()  # noqa: N815
    todos: Raw = Raw()
    taskId: Raw = Raw()  # noqa: N815
    status: Raw = Raw()


class CreatedTask(Struct, gc=False):
    """What ``TaskCreate`` says it made."""

    id: Raw = Raw()


class StatusChange(Struct, gc=False):
    """What ``TaskUpdate`` says it changed."""

    to: Raw = Raw()


class Sidecar(Struct):
    """``agent-<id>.meta.json`` beside a subagent's transcript."""

    agentType: str | None = None  # noqa: N815
    parentAgentId: str | None = None  # noqa: N815
    toolUseId: str | None = None  # noqa: N815


class LooseLine(Line):
    """A line whose tool result has a shape nobody has seen: everything else is read."""

    toolUseResult: Raw = Raw()  # type: ignore[assignment]  # noqa: N815


decode_line = msgspec.json.Decoder(Line).decode
decode_loosely = msgspec.json.Decoder(LooseLine).decode
decode_input = msgspec.json.Decoder(ToolInput).decode
decode_created_task = msgspec.json.Decoder(CreatedTask).decode
decode_status_change = msgspec.json.Decoder(StatusChange).decode
decode_sidecar = msgspec.json.Decoder(Sidecar).decode
decode_api_error = msgspec.json.Decoder(ApiError).decode
