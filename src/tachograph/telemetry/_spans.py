"""From one span to what it says of a session: a call, tokens, an answer, a prompt, where the session is at work.

Names and attributes are those of the hook telemetry that the self-optimising plan reads, in its older and its newer
spelling, and of OpenTelemetry's GenAI conventions.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from tachograph.model import ToolStatus, Usage
from tachograph.telemetry._attributes import (
    Attributes,
    find,
    find_count,
    find_flag,
    find_text,
    read_attributes,
    read_moment,
    read_number,
    read_resource,
)

STATUS_ERROR = 2
"""OpenTelemetry's status codes are 0 UNSET, 1 OK, 2 ERROR: only the last is a failure."""
_NO_SESSION = ("", "unknown", "default")
"""What hooks write when they were told no session."""
_ANSWERS = ("chat", "generate_content", "text_completion")


class Call(msgspec.Struct, frozen=True):
    """A tool was called."""

    name: str
    status: ToolStatus
    error: str = ""
    path: str = ""
    chars: int | None = None
    task: str = ""
    """Number of the task that it changed."""
    task_state: str = ""
    """As the span writes it."""
    is_hook: bool = True
    """False for a span of the GenAI conventions: newer hooks write one beside their own for the same call."""


class Totals(msgspec.Struct, frozen=True):
    """Tokens of the session so far: the hook adds up the whole transcript each time."""

    model: str
    usage: Usage


class Answer(msgspec.Struct, frozen=True):
    """One answer of a model."""

    id: str
    model: str
    provider: str
    usage: Usage
    stop: str = ""


class Ask(msgspec.Struct, frozen=True):
    """A person typed a prompt."""

    text: str
    """Its beginning, not redacted yet."""
    chars: int


class About(msgspec.Struct, frozen=True):
    """A session started or was resumed."""

    cwd: str = ""
    branch: str = ""
    agent_type: str = ""


Item: TypeAlias = Call | Totals | Answer | Ask | About


class Span(msgspec.Struct, frozen=True):
    """What one span says."""

    id: str
    trace: str
    session: str
    """Native id as it is written, not cleaned yet; ``""`` when the span names none."""
    agent: str
    at: int
    """ms UTC."""
    ended_at: int
    item: Item | None = None
    context: float | None = None
    """Share of the context in use, 0 to 1."""


def read_span(record: dict[str, Any]) -> Span:
    """The span in a line. Raises ValueError with a clause that says why it is none."""
    attributes, resource = read_attributes(record.get("attributes")), read_resource(record.get("resource"))
    at = read_moment(find(record, "startTime", "startTimeUnixNano"))
    if at is None:
        raise ValueError("a span without the time of its start")
    ended_at = read_moment(find(record, "endTime", "endTimeUnixNano"))
    name = record.get("name")
    item = _read_item(name if isinstance(name, str) else "", record, attributes)
    if isinstance(item, About) and not item.agent_type:
        item = msgspec.structs.replace(item, agent_type=_agent_type(resource))
    return Span(
        id=find_text(record, "spanId"),
        trace=find_text(record, "traceId"),
        session=session_of(attributes) or session_of(resource),
        agent=agent_of(resource, attributes),
        at=at,
        ended_at=max(at, ended_at or at),
        item=item,
        context=_context(attributes),
    )


def session_of(attributes: Attributes) -> str:
    """Native id of the session; ``""`` when none is named."""
    named = find_text(attributes, "session.id", "gen_ai.conversation.id")
    return "" if named in _NO_SESSION else named


def agent_of(resource: Attributes, attributes: Attributes) -> str:
    """Whose session it is: ``codex`` where the service's name or the agent's says so, else ``claude_code``."""
    said = find_text(resource, "service.name") + " " + find_text(attributes, "agent")
    return "codex" if "codex" in said.lower() else "claude_code"


def _agent_type(attributes: Attributes) -> str:
    return find_text(attributes, "agent.type", "agent_type", "gen_ai.agent.name")


def _context(attributes: Attributes) -> float | None:
    percent = read_number(find(attributes, "context.utilization_percent"))
    return min(percent / 100, 1.0) if percent is not None and percent >= 0 else None


def _read_item(name: str, record: dict[str, Any], attributes: Attributes) -> Item | None:
    match name.removeprefix("hook:"):
        case "builtin-post-tool":
            return _read_call("builtin", find_text(attributes, "builtin.tool"), record, attributes)
        case "mcp-post-tool":
            server, tool = find_text(attributes, "mcp.server"), find_text(attributes, "mcp.tool")
            return _read_call("mcp", f"mcp__{server}__{tool}" if server or tool else "", record, attributes)
        case "token-metrics-extraction":
            return _read_totals(attributes)
        case "skill-activation-prompt":
            text = find_text(attributes, "prompt.preview")
            return Ask(text, find_count(attributes, "prompt.length") or len(text))
        case "session-start":
            cwd = find_text(attributes, "process.working_directory", "working.directory", "cwd")
            branch = find_text(attributes, "vcs.ref.head.name", "git.branch")
            return About(cwd, branch, _agent_type(attributes))
    match find_text(attributes, "gen_ai.operation.name"):
        case "execute_tool":
            return _read_call("builtin", find_text(attributes, "gen_ai.tool.name"), record, attributes, is_hook=False)
        case operation if operation in _ANSWERS or (not operation and "gen_ai.usage.output_tokens" in attributes):
            return _read_answer(record, attributes)
    return None


def _read_call(kind: str, name: str, record: dict[str, Any], attributes: Attributes, is_hook: bool = True) -> Call:
    if not name:
        raise ValueError("a tool's span without the tool's name")
    has_failed = (
        _status_code(record) == STATUS_ERROR
        or find_flag(attributes, f"{kind}.success") is False
        or find_flag(attributes, f"{kind}.has_error") is True
    )
    return Call(
        name,
        "error" if has_failed else "ok",
        find_text(attributes, f"{kind}.error_type", "error.type") if has_failed else "",
        find_text(attributes, f"{kind}.file_path"),
        find_count(attributes, f"{kind}.output_size"),
        str(find(attributes, f"{kind}.task_id") or "").strip(),
        find_text(attributes, f"{kind}.task_status"),
        is_hook,
    )


def _status_code(record: dict[str, Any]) -> float | None:
    status = record.get("status")
    code = status.get("code") if isinstance(status, dict) else None
    return STATUS_ERROR if code == "STATUS_CODE_ERROR" else read_number(code)


def _read_totals(attributes: Attributes) -> Totals | None:
    if find_flag(attributes, "tokens.found") is False:
        return None
    read, output = find_count(attributes, "tokens.cache_read"), find_count(attributes, "tokens.output")
    fresh, written = find_count(attributes, "tokens.input"), find_count(attributes, "tokens.cache_creation")
    if fresh is None or read is None or output is None:
        raise ValueError("a token span without its counts")
    usage = Usage(input=fresh, cache_read=read, cache_write_5m=written or 0, output=output)
    return Totals(_model(find_text(attributes, "tokens.model")), usage)


def _read_answer(record: dict[str, Any], attributes: Attributes) -> Answer | None:
    total, output = (find_count(attributes, f"gen_ai.usage.{name}_tokens") for name in ("input", "output"))
    if output is None and total is None:
        return None
    if output is None or total is None:
        raise ValueError("an answer's span without its token counts")
    read = find_count(attributes, "gen_ai.usage.cache_read.input_tokens") or 0
    written = find_count(attributes, "gen_ai.usage.cache_creation.input_tokens") or 0
    if total >= read + written:  # the convention counts what was cached in; some writers do not
        total -= read + written
    reasons = find(attributes, "gen_ai.response.finish_reasons")
    stop = next((reason for reason in reasons if isinstance(reason, str)), "") if isinstance(reasons, list) else ""
    return Answer(
        find_text(attributes, "gen_ai.response.id") or find_text(record, "spanId"),
        _model(find_text(attributes, "gen_ai.response.model", "gen_ai.request.model")),
        find_text(attributes, "gen_ai.provider.name", "gen_ai.system"),
        Usage(
            input=total,
            cache_read=read,
            cache_write_5m=written,
            output=output,
            reasoning=find_count(attributes, "gen_ai.usage.reasoning.output_tokens") or 0,
        ),
        stop,
    )


def _model(name: str) -> str:
    return "" if name == "<synthetic>" else name
