"""Metrics of the tools that were called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec

from tachograph.analysis.metrics._registry import metric
from tachograph.model import FileOp, Session, ToolCall, ToolStatus, to_datetime


class CallRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One tool call, as the list of calls shows it; fields that the log says nothing about are left out."""

    name: str
    category: str
    status: ToolStatus
    at: datetime
    """When it was made, UTC."""
    duration_seconds: float | None = None
    """As the tool reported it; else from call to result, waiting for permission included."""
    exit_code: int | None = None
    command: str | None = None
    """Redacted, first 500 characters."""
    path: str | None = None
    file_op: FileOp = "none"
    error_signature: str | None = None
    agent_type: str | None = None
    """Kind of subagent asked for."""


@metric("tool_calls", "calls", "Tool calls in order")
def tool_calls(session: Session) -> list[CallRecord]:
    """Every call the session made, in the order of the log; calls of its subagents are in their sessions."""
    return [
        CallRecord(
            name=call.name,
            category=call.category,
            status=call.status,
            at=to_datetime(call.started_at),
            duration_seconds=_seconds(call),
            exit_code=call.exit_code,
            command=call.command,
            path=call.path,
            file_op=call.file_op,
            error_signature=call.error_signature,
            agent_type=call.agent_type,
        )
        for call in sorted(session.tool_calls, key=lambda call: call.position)
    ]


@metric("tool_calls_by_name", "calls", "Tool calls by name")
def tool_calls_by_name(session: Session) -> dict[str, int]:
    """Calls per tool, the most frequent first, whatever came of them."""
    return _tally(call.name for call in session.tool_calls)


@metric("tool_calls_by_category", "calls", "Tool calls by category")
def tool_calls_by_category(session: Session) -> dict[str, int]:
    """Calls per category (shell, read, edit, search, web, task, subagent, mcp:<server>, other)."""
    return _tally(call.category for call in session.tool_calls)


@metric("tool_calls_by_status", "calls", "Tool calls by outcome")
def tool_calls_by_status(session: Session) -> dict[str, int]:
    """Calls per outcome: ok, error, denied (by the user), cancelled (with a sibling), missing (no result)."""
    return _tally(call.status for call in session.tool_calls)


def _seconds(call: ToolCall) -> float | None:
    if call.duration_ms is not None:
        return call.duration_ms / 1000
    return None if call.ended_at is None else (call.ended_at - call.started_at) / 1000


def _tally(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))
