"""One session of a list: its record, and how it is read from the warehouse."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tachograph.app.find_session import short_names
from tachograph.app.totals import SUMS, Totals, read_totals, to_usd
from tachograph.model import to_datetime

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
    """Its own time at work; its subagents' time runs beside it and is theirs."""
    turns: int | None
    """Its own prompts that open a turn."""
    prompts: int | None
    """Prompts a person typed into it."""
    interruptions: int | None
    """Times a person stopped it."""
    compactions: int | None
    """Times its conversation was summarised."""
    api_errors: int | None
    """Failed API requests of its own, each retry by itself."""
    tool_calls: int
    """Tool calls of the whole tree."""
    tool_errors: int
    """Those of the whole tree that failed by themselves."""
    lines_added: int
    """Lines added by edits of the whole tree, where the log says so."""
    lines_removed: int
    """Lines removed, likewise."""
    subagents: int
    """Subagent sessions below it."""
    shared_responses: int | None
    """Responses in its log that another session owns; they are in no number here."""
    name: str = ""
    """A short name by which ``tacho show`` finds it."""
    models: list[str] = []
    """By tokens, the largest first."""
    responses: int = 0
    """Counted responses of the whole tree; so the tokens below."""
    input: int = 0
    """Tokens: uncached input, for every agent."""
    cache_read: int = 0
    """Tokens read from the cache."""
    cache_write_5m: int = 0
    """Tokens written to the 5-minute cache."""
    cache_write_1h: int = 0
    """Tokens written to the 1-hour cache."""
    output: int = 0
    """Tokens: output, reasoning included."""
    reasoning: int = 0
    """Tokens: hidden reasoning, a part of ``output``."""
    web_searches: int = 0
    """Billed web searches."""
    usd: float | None = None
    """Sum of what is priced, subagents included; null when nothing is."""
    own_usd: float | None = None
    """The same without subagents."""
    unpriced_models: list[str] = []
    """Models without a known price, by name."""
    unpriced_responses: int = 0
    """Responses without a known price."""
    output_unreliable_responses: int = 0
    """Responses whose output is a lower bound: the log holds a placeholder."""

    @property
    def tokens(self) -> int:
        """All tokens, each once."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h + self.output

    @property
    def label(self) -> str:
        """What to call it: its title, else how it began; empty when neither is known."""
        return self.title or self.opening or ""


def read_fields(cursor: sqlite3.Cursor) -> list[dict[str, Any]]:
    """Rows by their columns' names."""
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def read_row(fields: dict[str, Any]) -> SessionRow:
    """A session of a row of list_sessions.sql or list_subagents.sql, without its usage."""
    started, ended, active = fields["started_at"], fields["ended_at"], fields.pop("active_ms")
    fields["started_at"] = None if started is None else to_datetime(started)
    fields["ended_at"] = None if ended is None else to_datetime(ended)
    fields["duration_seconds"] = None if started is None or ended is None else (ended - started) / 1000
    fields["active_seconds"] = None if active is None else active / 1000
    fields["log_missing"] = bool(fields["log_missing"])
    fields["complete"] = bool(fields["complete"])
    return SessionRow(**fields)


def complete_rows(connection: sqlite3.Connection, rows: Sequence[SessionRow], *, folded: bool) -> None:
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
        own = _by_key(connection, "s.id, sum_pico(u.cost_pico)", "s.id", ids)
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
        f"SELECT {columns} FROM sessions s JOIN usage_quarters u USING (session) WHERE {key} IN ({marks})"
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
