"""Sessions as lists show them: main sessions with their subagents folded in, or subagents by themselves."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from typing import Literal

import msgspec

from tachograph.app.filters import Filter
from tachograph.app.session_rows import SessionRow, complete_rows, read_fields, read_row
from tachograph.warehouse.query_files import read_query

Sort = Literal[
    "recent",
    "cost",
    "own-cost",
    "duration",
    "active",
    "tokens",
    "turns",
    "prompts",
    "tool-calls",
    "errors",
    "subagents",
]

_ORDERS: dict[Sort, str] = {
    "recent": "t.ended_at",
    "cost": "used.pico",
    "own-cost": "used.own_pico",
    "duration": "t.ended_at - t.started_at",
    "active": "t.active_ms",
    "tokens": "used.tokens",
    "turns": "t.turns",
    "prompts": "t.prompts",
    "tool-calls": "t.tool_calls",
    "errors": "t.tool_errors",
    "subagents": "t.subagents",
}


class SessionList(msgspec.Struct):
    """Sessions in the order asked for."""

    timezone: str
    sort: Sort
    matching: int
    """Sessions that match, shown or not."""
    sessions: list[SessionRow]


class SessionCounts(msgspec.Struct):
    """How many sessions there are, and what was done in them."""

    sessions: int
    """Main sessions."""
    subagents: int
    """Subagent sessions below them."""
    active_seconds: float
    """Time at work of the main sessions."""
    turns: int
    prompts: int
    """Prompts a person typed."""
    tool_calls: int
    """Subagents included, like ``tool_errors``."""
    tool_errors: int
    logs_missing: int
    """Main sessions of which only subagents have left logs: their active time, turns and prompts are not known."""


def count_sessions(connection: sqlite3.Connection, chosen: Filter) -> SessionCounts:
    """Sums over the sessions that began within ``chosen``."""
    where, values = chosen.where("t.started_at", "t")
    row = connection.execute(
        f"{read_query('list_sessions')} SELECT count(*), coalesce(sum(subagents), 0),"
        " coalesce(sum(active_ms), 0) / 1000.0, coalesce(sum(turns), 0), coalesce(sum(prompts), 0),"
        " coalesce(sum(tool_calls), 0), coalesce(sum(tool_errors), 0), coalesce(sum(log_missing), 0)"
        f" FROM listed t WHERE {where}",
        values,
    ).fetchone()
    return SessionCounts(*row)


def list_sessions(
    connection: sqlite3.Connection, chosen: Filter, sort: Sort = "recent", limit: int = 20, subagents: bool = False
) -> SessionList:
    """The first ``limit`` sessions (0: all) that began within ``chosen``, each with all its usage."""
    where, values = chosen.where("t.started_at", "t")
    query = read_query("list_subagents" if subagents else "list_sessions")
    order = _ORDERS[sort]
    used = "LEFT JOIN used USING (id)" if order.startswith("used.") else ""
    rows = read_fields(
        connection.execute(
            f"{query} SELECT t.*, count(*) OVER () AS matching FROM listed t {used} WHERE {where}"
            f" ORDER BY {order} DESC NULLS LAST, t.ended_at DESC, t.id LIMIT ?",
            [*values, limit or -1],
        )
    )
    matching = [fields.pop("matching") for fields in rows]
    found = [read_row(fields) for fields in rows]
    complete_rows(connection, found, folded=not subagents)
    return SessionList(chosen.zone_name, sort, matching[0] if matching else 0, found)


def load_row(connection: sqlite3.Connection, id: str) -> SessionRow:
    """One session with its subagents folded in, a subagent by itself. Raises LookupError."""
    for name in ("list_sessions", "list_subagents"):
        rows = read_fields(connection.execute(f"{read_query(name)} SELECT t.* FROM listed t WHERE t.id = ?", (id,)))
        if rows:
            found = read_row(rows[0])
            complete_rows(connection, [found], folded=name == "list_sessions")
            return found
    raise LookupError(id)


def list_tree(connection: sqlite3.Connection, id: str) -> list[tuple[int, SessionRow]]:
    """The subagents below ``id``, each by itself with its depth (from 1); parents first, siblings by start."""
    rows = read_fields(
        connection.execute(
            f"{read_query('list_subagents')} SELECT t.* FROM listed t"
            " WHERE t.id IN (SELECT id FROM sessions"
            "  WHERE root_id = coalesce((SELECT root_id FROM sessions WHERE id = ?1), ?1))"
            " ORDER BY t.started_at IS NULL, t.started_at, t.id",
            (id,),
        )
    )
    found = [read_row(fields) for fields in rows]
    complete_rows(connection, found, folded=False)
    children: dict[str | None, list[SessionRow]] = defaultdict(list)
    for row in found:
        children[row.parent_id].append(row)
    tree: list[tuple[int, SessionRow]] = []
    pending = [(1, row) for row in reversed(children.pop(id, []))]
    while pending:
        depth, row = pending.pop()
        tree.append((depth, row))
        pending.extend((depth + 1, child) for child in reversed(children.pop(row.id, [])))
    return tree
