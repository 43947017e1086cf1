"""Sessions as lists show them: main sessions with their subagents folded in, or subagents by themselves."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from tachograph.app.filters import Filter
from tachograph.app.find_session import short_names
from tachograph.app.totals import SUMS, Totals, read_totals, to_usd
from tachograph.model import to_datetime
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
_TOKENS = "sum(u.input + u.cache_read + u.cache_write_5m + u.cache_write_1h + u.output)"
_BATCH = 500


class SessionRow(msgspec.Struct):
    """One session of a list. Null: not known, because the session's own log is missing or does not say."""

    id: str
    agent: str
    kind: str
    parent_id: str | None
    forked_from: str | None
    """Session whose history was copied into this one; empty when it is not known which."""
    agent_type: str | None
    project: str | None
    title: str | None
    opening: str | None
    """First 200 characters of the first prompt that a person typed."""
    git_branch: str | None
    agent_version: str | None
    started_at: datetime | None
    ended_at: datetime | None
    """The end of the last of its subagents, when that is later."""
    duration_seconds: float | None
    log_missing: bool
    """True when only subagents of it have left logs."""
    complete: bool
    """False when its log ends within a turn."""
    active_seconds: float | None
    """Its own time at work; its subagents' time runs beside it and is theirs. So below, up to ``api_errors``."""
    turns: int | None
    prompts: int | None
    interruptions: int | None
    compactions: int | None
    api_errors: int | None
    tool_calls: int
    """Of the whole tree, like ``tool_errors`` and the edited lines."""
    tool_errors: int
    lines_added: int
    lines_removed: int
    subagents: int
    """Subagent sessions below it."""
    shared_responses: int | None
    """Responses in its log that another session owns; they are in no number here."""
    name: str = ""
    """A short name by which ``tacho show`` finds it."""
    models: list[str] = []
    """By tokens, the largest first."""
    responses: int = 0
    """Usage of the whole tree, from here on."""
    input: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0
    web_searches: int = 0
    usd: float | None = None
    """Sum of what is priced, subagents included; null when nothing is."""
    own_usd: float | None = None
    """The same without subagents."""
    unpriced_models: list[str] = []
    unpriced_responses: int = 0
    output_unreliable_responses: int = 0

    @property
    def tokens(self) -> int:
        """All tokens, each once."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h + self.output

    @property
    def label(self) -> str:
        """What to call it: its title, else how it began; empty when neither is known."""
        return self.title or self.opening or ""


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
        f"{read_query('list_sessions')} SELECT count(*), coalesce(sum(subagents), 0),"  # noqa: S608
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
    rows = _read_fields(
        connection.execute(
            f"{query} SELECT t.*, count(*) OVER () AS matching FROM listed t {used} WHERE {where}"  # noqa: S608
            f" ORDER BY {order} DESC NULLS LAST, t.ended_at DESC, t.id LIMIT ?",
            [*values, limit or -1],
        )
    )
    matching = [fields.pop("matching") for fields in rows]
    found = [_read_row(fields) for fields in rows]
    _complete(connection, found, folded=not subagents)
    return SessionList(chosen.zone_name, sort, matching[0] if matching else 0, found)


def load_row(connection: sqlite3.Connection, id: str) -> SessionRow:
    """One session with its subagents folded in, a subagent by itself. Raises LookupError."""
    for name in ("list_sessions", "list_subagents"):
        rows = _read_fields(connection.execute(f"{read_query(name)} SELECT t.* FROM listed t WHERE t.id = ?", (id,)))  # noqa: S608
        if rows:
            found = _read_row(rows[0])
            _complete(connection, [found], folded=name == "list_sessions")
            return found
    raise LookupError(id)


def _read_fields(cursor: sqlite3.Cursor) -> list[dict[str, Any]]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _read_row(fields: dict[str, Any]) -> SessionRow:
    started, ended, active = fields["started_at"], fields["ended_at"], fields.pop("active_ms")
    fields["started_at"] = None if started is None else to_datetime(started)
    fields["ended_at"] = None if ended is None else to_datetime(ended)
    fields["duration_seconds"] = None if started is None or ended is None else (ended - started) / 1000
    fields["active_seconds"] = None if active is None else active / 1000
    fields["log_missing"] = bool(fields["log_missing"])
    fields["complete"] = bool(fields["complete"])
    return SessionRow(**fields)


def _complete(connection: sqlite3.Connection, rows: Sequence[SessionRow], *, folded: bool) -> None:
    """Fill in names and usage."""
    names = short_names(connection, (row.id for row in rows))
    for row in rows:
        row.name = names[row.id]
    _add_usage(connection, rows, folded=folded)


def _add_usage(connection: sqlite3.Connection, rows: Sequence[SessionRow], *, folded: bool) -> None:
    """Fill in what ``rows`` used; ``folded``: with the subagents below each."""
    key = "s.root_id" if folded else "s.id"
    for part in _batches(rows):
        ids = [row.id for row in part]
        totals = _by_key(connection, f"{key}, {SUMS}", key, ids)
        own = _by_key(connection, "s.id, sum(u.cost_pico)", "s.id", ids)
        models: dict[str, list[str]] = defaultdict(list)
        for one, model, _ in _query_usage(connection, f"{key}, u.model, {_TOKENS}", key, ids, ", 2 ORDER BY 3 DESC, 2"):
            models[one].append(model)
        for row in part:
            if row.id in totals:
                _fill(row, read_totals(1, totals[row.id]))
            row.own_usd = to_usd(own[row.id][0]) if row.id in own else None
            row.models = models.get(row.id, [])


def _query_usage(
    connection: sqlite3.Connection, columns: str, key: str, ids: list[str], further: str = ""
) -> sqlite3.Cursor:
    """``columns`` of the usage of the sessions ``ids``, grouped by the first column."""
    marks = ",".join("?" * len(ids))
    return connection.execute(
        f"SELECT {columns} FROM sessions s JOIN usage_quarters u USING (session) WHERE {key} IN ({marks})"  # noqa: S608
        f" GROUP BY 1{further}",
        ids,
    )


def _by_key(connection: sqlite3.Connection, columns: str, key: str, ids: list[str]) -> dict[str, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in _query_usage(connection, columns, key, ids)}


def _fill(row: SessionRow, totals: Totals) -> None:
    for name in Totals.__struct_fields__:
        if name != "sessions":
            setattr(row, name, getattr(totals, name))


def _batches(rows: Sequence[SessionRow]) -> Iterator[Sequence[SessionRow]]:
    for start in range(0, len(rows), _BATCH):
        yield rows[start : start + _BATCH]


def list_tree(connection: sqlite3.Connection, id: str) -> list[tuple[int, SessionRow]]:
    """The subagents below ``id``, each by itself with its depth (from 1); parents first, siblings by start."""
    rows = _read_fields(
        connection.execute(
            f"{read_query('list_subagents')} SELECT t.* FROM listed t"  # noqa: S608
            " WHERE t.id IN (SELECT id FROM sessions"
            "  WHERE root_id = coalesce((SELECT root_id FROM sessions WHERE id = ?1), ?1))"
            " ORDER BY t.started_at IS NULL, t.started_at, t.id",
            (id,),
        )
    )
    found = [_read_row(fields) for fields in rows]
    _complete(connection, found, folded=False)
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
