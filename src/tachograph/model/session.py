"""A session as one log tells it."""

from __future__ import annotations

from typing import Literal

import msgspec

from tachograph.model.problem import Problem
from tachograph.model.records import Marker, Prompt, Response, ToolCall


class Session(msgspec.Struct, frozen=True, array_like=True):
    """What one log says about one session; nothing that depends on other sessions.

    A log usually holds one session. Claude Code 2.1.1x inlines its subagents into the parent's log, then a log
    holds several; and a session can be spread over several logs. The warehouse joins them by ``id``.
    """

    id: str
    """``<agent>:<native id>``."""
    agent: str
    kind: Literal["main", "subagent"]
    parent_id: str | None = None
    forked_from: str | None = None
    """Session id of the one whose history was copied; ``""`` when it is a fork of an unknown session."""
    agent_type: str | None = None
    project: str | None = None
    """Root of the first ``cwd``, worktrees folded in; None when no line names one."""
    cwds: tuple[str, ...] = ()
    git_branch: str | None = None
    """The last one named."""
    versions: tuple[str, ...] = ()
    """Agent versions, in order of appearance."""
    title: str | None = None
    entrypoint: str | None = None
    started_at: int | None = None
    """Earliest timestamp of any line; ms UTC. None when no line has one."""
    ended_at: int | None = None
    complete: bool = True
    """False when the log ends within a turn (a call without its result, a turn without its end)."""
    lines: int = 0
    """Raw log lines that belong to this session."""
    usage_lines: int = 0
    """Raw lines that carried usage; reconcile starts from them."""
    skipped_usage: tuple[tuple[str, int], ...] = ()
    """(reason, count) of usage-bearing lines that are no usage: synthetic, api_error, repeat, null_info …"""
    responses: tuple[Response, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    markers: tuple[Marker, ...] = ()

    @property
    def native_id(self) -> str:
        """The id without the agent's name."""
        return self.id.partition(":")[2]


class ParsedLog(msgspec.Struct, frozen=True, array_like=True):
    """All that one log file holds."""

    sessions: tuple[Session, ...]
    problems: tuple[Problem, ...] = ()
    unknown_types: tuple[tuple[str, int], ...] = ()
    """(record type, count) of record types this version does not know."""
    carry: bytes = b""
    """Opaque state with which the same source can go on where this log ended; empty: read it whole again."""
    offset: int = 0
    """Bytes read up to the end of the last complete line."""
    lines: int = 0
