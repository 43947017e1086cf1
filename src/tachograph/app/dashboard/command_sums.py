"""The commands of a range: how many of which program, how they ended, and the latest ones with what is said of them."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime
from typing import Any

import msgspec

from tachograph.app.dashboard.desk import Desk, Params
from tachograph.app.dashboard.time_axis import Axis, make_axis, step_of
from tachograph.app.scope import Scope
from tachograph.capture.store import CommandStore, commands_file, read_commands
from tachograph.model import LABEL_KINDS, CommandEvent, CommandLabel, CommandScore, to_datetime

MOST_PROGRAMS = 30
PAGE_SIZE = 50
_COUNTS = """
    count(*), count(*) FILTER (WHERE exit_code = 0), count(*) FILTER (WHERE exit_code <> 0),
    count(*) FILTER (WHERE timed_out), count(*) FILTER (WHERE files_touched_count > 0),
    sum(lines_added), sum(lines_deleted), sum(commits), sum(duration_ms), count(duration_ms)"""


class CommandUse(msgspec.Struct, frozen=True):
    """Commands added up."""

    key: str
    """The program; of a step of time its first day; of the total empty."""
    commands: int = 0
    ok: int = 0
    failed: int = 0
    """With another exit code than 0; the rest is not known."""
    timed_out: int = 0
    """Among those that failed."""
    changing: int = 0
    """Those that changed files of their repository, as far as that is known."""
    lines_added: int | None = None
    lines_deleted: int | None = None
    commits: int | None = None
    seconds: float | None = None
    """Of those whose duration is known, together."""
    timed: int = 0
    """Those whose duration is known."""


class CommandRow(msgspec.Struct, frozen=True):
    """One command."""

    id: str
    at: datetime
    program: str
    origin: str
    agent: str | None
    repo: str | None
    session: str | None
    duration_seconds: float | None
    exit_code: int | None
    timed_out: bool
    files_touched: int | None
    lines_added: int | None
    lines_deleted: int | None
    commits: int | None
    score: CommandScore | None
    """What a model said of it."""
    label: CommandLabel | None
    """How it turned out: the most trustworthy label."""


class CommandPage(msgspec.Struct, frozen=True):
    """Commands that were run within the range."""

    total: CommandUse
    step: str
    steps: list[CommandUse]
    programs: list[CommandUse]
    """The most frequent ones, at most 30."""
    labels: dict[str, int]
    """Commands of the range with a label, by the kind of their most trustworthy one."""
    scored: int
    rows: list[CommandRow]
    """The latest first."""
    page: int
    size: int


def has_commands(desk: Desk) -> bool:
    """Whether any command was ever noted."""
    if not commands_file(desk.workspace.folder).is_file():
        return False
    with read_commands(desk.workspace.folder) as store:
        return store is not None and store.connection.execute("SELECT 1 FROM events LIMIT 1").fetchone() is not None


def gather_commands(desk: Desk, scope: Scope, params: Params) -> CommandPage:
    """Everything about the commands of ``scope``; a project counts as the repository."""
    page = max(1, int(params.get("page") or 1)) if (params.get("page") or "1").isdigit() else 1
    with read_commands(desk.workspace.folder) as store:
        if store is None:
            return CommandPage(CommandUse(""), "day", [], [], {}, 0, [], page, PAGE_SIZE)
        where, values = _conditions(scope)
        connection = store.connection
        total = _use(connection.execute(f"SELECT '', {_COUNTS} FROM events WHERE {where}", values).fetchone())
        programs = connection.execute(
            f"SELECT program, {_COUNTS} FROM events WHERE {where} GROUP BY program ORDER BY 2 DESC, 1 LIMIT ?",
            [*values, MOST_PROGRAMS],
        )
        axis = make_axis(scope, _begin(connection, where, values, scope))
        return CommandPage(
            total, axis.step, _steps(connection, where, values, scope, axis), [_use(row) for row in programs],
            _labels(connection, where, values), _scored(connection, where, values),
            _rows(store, where, values, page), page, PAGE_SIZE,
        )  # fmt: skip


def _conditions(scope: Scope) -> tuple[str, list[object]]:
    chosen = scope.filter
    wanted = {
        "executed_at >= ?": chosen.since, "executed_at < ?": chosen.until, "repo = ?": scope.project,
        "agent = ?": scope.agent,
    }  # fmt: skip
    given = {test: value for test, value in wanted.items() if value is not None}
    return " AND ".join(given) or "1", list(given.values())


def _use(row: tuple[Any, ...]) -> CommandUse:
    key, *counts, milliseconds, timed = row
    seconds = None if milliseconds is None else milliseconds / 1000
    return CommandUse(*(str(key), *counts, seconds, timed))


def _begin(connection: sqlite3.Connection, where: str, values: list[object], scope: Scope) -> date | None:
    first = connection.execute(f"SELECT min(executed_at) FROM events WHERE {where}", values).fetchone()[0]
    return None if first is None else to_datetime(first).astimezone(scope.zone).date()


def _steps(
    connection: sqlite3.Connection, where: str, values: list[object], scope: Scope, axis: Axis
) -> list[CommandUse]:
    """By step of time: quarters of an hour, of which the days of every zone are made, put together."""
    quarters = connection.execute(
        f"SELECT executed_at / 900000, count(*), count(*) FILTER (WHERE exit_code = 0),"
        f" count(*) FILTER (WHERE exit_code <> 0) FROM events WHERE {where} GROUP BY 1",
        values,
    )
    counts = [[0, 0, 0] for _ in axis.starts]
    for quarter, *found in quarters:
        place = step_of(axis, quarter * 900_000, scope.zone)
        if place is not None:
            counts[place] = [a + b for a, b in zip(counts[place], found, strict=True)]
    return [CommandUse(label, *found) for label, found in zip(axis.labels, counts, strict=True)]


def _labels(connection: sqlite3.Connection, where: str, values: list[object]) -> dict[str, int]:
    ranks = " ".join(f"WHEN '{kind}' THEN {rank}" for rank, kind in enumerate(LABEL_KINDS))
    rows = connection.execute(
        f"SELECT best, count(*) FROM (SELECT min(CASE l.kind {ranks} END) AS best FROM events e"
        f" CROSS JOIN labels l ON l.target = e.id WHERE {where} GROUP BY e.id) GROUP BY best ORDER BY best",
        values,
    )
    return {LABEL_KINDS[best]: number for best, number in rows}


def _scored(connection: sqlite3.Connection, where: str, values: list[object]) -> int:
    query = f"SELECT count(*) FROM events e CROSS JOIN scores s ON s.event = e.id WHERE {where}"
    return int(connection.execute(query, values).fetchone()[0])


def _rows(store: CommandStore, where: str, values: list[object], page: int) -> list[CommandRow]:
    order = f"executed_at DESC, id LIMIT {PAGE_SIZE} OFFSET {(page - 1) * PAGE_SIZE}"
    events = store.events(where, values, order)
    marks = ", ".join("?" * len(events))
    ids = [one.id for one in events]
    scores = {one.event: one for one in store.scores(f"event IN ({marks})", ids)}
    labels: dict[str, CommandLabel] = {}
    for one in store.labels(f"target IN ({marks})", ids):
        held = labels.get(one.target)
        if held is None or LABEL_KINDS.index(one.kind) < LABEL_KINDS.index(held.kind):
            labels[one.target] = one
    return [_row(one, scores.get(one.id), labels.get(one.id)) for one in events]


def _row(one: CommandEvent, score: CommandScore | None, label: CommandLabel | None) -> CommandRow:
    return CommandRow(
        one.id, to_datetime(one.executed_at), one.program, one.origin, one.agent, one.repo, one.session,
        None if one.duration_ms is None else one.duration_ms / 1000, one.exit_code, one.timed_out,
        one.files_touched_count, one.lines_added, one.lines_deleted, one.commits, score, label,
    )  # fmt: skip
