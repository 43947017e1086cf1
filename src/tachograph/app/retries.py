"""How often work had to be asked for again: four signals that mean different things, and where calls fail."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from tachograph.analysis.commands import command_head
from tachograph.app.filters import QUARTER_MS, Filter
from tachograph.app.periods import period_labels
from tachograph.model import to_datetime
from tachograph.warehouse.query_files import read_query

By = Literal["project", "model", "agent", "branch", "week"]

_KEYS: dict[By, str] = {
    "project": "s.project",
    "model": (
        "(SELECT u.model FROM usage_quarters u WHERE u.session = s.session"
        " GROUP BY u.model ORDER BY sum(u.output) DESC, u.model LIMIT 1)"
    ),
    "agent": "s.agent",
    "branch": "s.git_branch",
    "week": f"period(s.started_at / {QUARTER_MS})",
}

_SIGNALS = ("follow_ups", "interruptions", "structural_retries", "subagent_spawns")
_WIDTH = 2 + 3 * len(_SIGNALS)


class Signal(msgspec.Struct):
    """One kind of retry signal in a group of sessions."""

    count: int = 0
    """How many there are."""
    sessions: int = 0
    """Sessions that have at least one."""
    of: int = 0
    """Sessions in which there could be one."""
    rate: float | None = None
    """``sessions / of``; null when ``of`` is 0."""


class RetrySignals(msgspec.Struct):
    """The four signals of a group of main sessions."""

    sessions: int
    """Main sessions."""
    follow_ups: Signal
    """Prompts a person typed after the first one; possible in sessions with at least one."""
    interruptions: Signal
    """Times a person stopped the agent."""
    structural_retries: Signal
    """Sessions opened with the same first prompt as another of the same project within 24 hours before."""
    subagent_spawns: Signal
    """Calls that started a subagent, also from within subagents. Never a retry."""


class RetryGroup(RetrySignals, kw_only=True):
    """Signals of one project, model …; the key is empty where it is not known."""

    key: str


class FailureCluster(msgspec.Struct):
    """Failed tool calls that are alike."""

    tool: str
    target: str | None
    """Head of the command; where no error text is stored, the path; null for anything else."""
    error: str | None
    """First telling line of the error, numbers as #; null when it has none or no text is stored."""
    calls: int
    sessions: int
    """Sessions they lie in, subagents folded into theirs."""
    last_at: datetime
    last_session: str
    last_call: str


class RetryReport(msgspec.Struct):
    """Signals in total and by group; groups by key for weeks, else the largest first."""

    by: By
    timezone: str
    total: RetrySignals
    groups: list[RetryGroup]
    failed_calls: int
    """Tool calls that failed by themselves, in all clusters."""
    failure_clusters: int
    """Number of clusters, those left out included."""
    failures: list[FailureCluster]
    """The most frequent ones first."""


def report_retries(connection: sqlite3.Connection, by: By, chosen: Filter, clusters: int = 10) -> RetryReport:
    """Retry signals of the main sessions that began within ``chosen``, and the ``clusters`` most frequent failures.

    Failed calls are those of all sessions that began within ``chosen``, subagents included. A session's model is the
    one that gave most of its own output, its branch the last one named.
    """
    total, groups = count_signals(connection, by, chosen)
    return RetryReport(by, chosen.zone_name, total, groups, *_find_clusters(connection, chosen, clusters))


def count_signals(connection: sqlite3.Connection, by: By, chosen: Filter) -> tuple[RetrySignals, list[RetryGroup]]:
    """Retry signals of the main sessions that began within ``chosen``, in total and by group."""
    connection.create_function("period", 1, _week_of(chosen), deterministic=True)
    where, values = chosen.where("s.started_at")
    query = read_query("retry_signals").format(key=_KEYS[by], where=where)
    rows = connection.execute(query, values).fetchall()
    groups = [RetryGroup(**_read_signals(row), key=row[0]) for row in rows]
    groups.sort(key=lambda group: (by != "week" and -group.sessions, group.key))
    sums = [sum(row[column] for row in rows) for column in range(1, _WIDTH)]
    return RetrySignals(**_read_signals(["", *sums])), groups


def _week_of(chosen: Filter) -> Callable[[int | None], str | None]:
    label = period_labels("week", chosen.zone)
    return lambda quarter: None if quarter is None else label(quarter)


def _read_signals(row: Sequence[Any]) -> dict[str, Any]:
    """Fields of RetrySignals from the columns of retry_signals.sql."""
    signals = {name: _signal(*row[2 + 3 * n : 5 + 3 * n]) for n, name in enumerate(_SIGNALS)}
    return {"sessions": row[1], **signals}


def _signal(count: int, sessions: int, of: int) -> Signal:
    return Signal(count, sessions, of, sessions / of if of else None)


def _find_clusters(connection: sqlite3.Connection, chosen: Filter, limit: int) -> tuple[int, int, list[FailureCluster]]:
    """Failed calls, clusters, and the first ``limit`` of them."""
    connection.create_function("command_head", 1, command_head, deterministic=True)
    where, values = chosen.where("s.started_at")
    query = read_query("failed_calls").format(where=where, since="?")
    since = -(2**63) if chosen.since is None else chosen.since
    rows = connection.execute(query, [since, *values, limit or -1]).fetchall()
    found = [
        FailureCluster(tool, target, error, calls, sessions, to_datetime(last_at), session, call)
        for tool, target, error, calls, sessions, last_at, session, call, _, _ in rows
    ]
    return (rows[0][8], rows[0][9], found) if rows else (0, 0, [])
