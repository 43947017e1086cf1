"""Main sessions with their subagents folded in, as the dashboard lists them: chosen and ordered in the rollups."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any, Literal, get_args

import msgspec

from tachograph.app.dashboard.desk import Desk
from tachograph.app.find_session import short_names
from tachograph.app.rollups.read import find_name
from tachograph.app.scope import Scope
from tachograph.errors import UsageError
from tachograph.model import to_datetime

Sort = Literal[
    "recent", "cost", "own-cost", "duration", "active", "tokens", "turns", "prompts", "tool-calls", "errors",
    "subagents", "findings", "waste",
]  # fmt: skip
SORTS: tuple[Sort, ...] = get_args(Sort)

_ORDERS: dict[Sort, str] = {
    "recent": "r.ended_at",
    "cost": "r.micro",
    "own-cost": "r.own_micro",
    "duration": "r.ended_at - r.started_at",
    "active": "r.active_ms",
    "tokens": "r.tokens",
    "turns": "r.turns",
    "prompts": "r.prompts",
    "tool-calls": "r.tool_calls",
    "errors": "r.tool_errors",
    "subagents": "r.subagents",
    "findings": "r.findings",
    "waste": "r.waste_micro",
}
ANY = "any"
"""As a detector: a finding of whichever."""
_MICRO = 10**6
_NARROW_DAYS = 45
_FINDING_OF_IT = "EXISTS (SELECT 1 FROM roll.waste_cells_parts w WHERE w.root = r.root AND w.detector = ?)"
"""What a session has added to the sums tells its detectors. For a narrow range: sessions are looked at one by one."""
_AMONG_FINDINGS = "r.root IN (SELECT root FROM roll.waste_cells_parts WHERE detector = ?)"
"""For a wide one."""
_JUDGED = """r.id IN (
    SELECT session FROM (SELECT session, verdict, max(at) FROM judgements GROUP BY session) WHERE verdict = ?)"""
_ROWS = """
SELECT r.id, agent.text AS agent, project.text AS project, task.text AS task_type, model.text AS model,
       verdict.text AS verdict, t.label, r.started_at, r.ended_at, r.active_ms, r.turns, r.prompts, r.tool_calls,
       r.tool_errors, r.subagents, r.tokens, r.micro, r.own_micro, r.unpriced, r.own_unpriced, r.unreliable, r.findings,
       r.waste_micro, r.complete, r.log_missing,
       (SELECT verdict FROM judgements WHERE session = r.id ORDER BY at DESC LIMIT 1) AS trajectory
FROM roll.roots r
LEFT JOIN roll.root_texts t USING (root)
LEFT JOIN roll.names agent ON agent.name = r.agent
LEFT JOIN roll.names project ON project.name = r.project
LEFT JOIN roll.names task ON task.name = r.task_type
LEFT JOIN roll.names model ON model.name = r.model
LEFT JOIN roll.names verdict ON verdict.name = r.verdict
WHERE r.root = ?"""


class ListedSession(msgspec.Struct, frozen=True):
    """One main session, subagents folded in. Null: not known."""

    id: str
    name: str
    """A short name by which ``tacho show`` finds it."""
    label: str
    """Its title, else how it began; empty when neither is known."""
    agent: str
    project: str | None
    task_type: str | None
    model: str | None
    """The one with the most tokens."""
    verdict: str | None
    """Of the token axis, on the session itself: above_p75, within_band, below_p25, unavailable."""
    trajectory: str | None
    """Of the trajectory axis: a judge's last answer; null: nobody has asked one."""
    findings: int
    waste_usd: float | None
    """Of the detector whose findings are the dearest, an estimate; null: no finding is priced."""
    usd: float | None
    """Of what is priced, to the microdollar; null: nothing is."""
    own_usd: float | None
    """The same without subagents."""
    unpriced_responses: int
    """Above 0, ``usd`` is a lower bound."""
    own_unpriced_responses: int
    """The same of ``own_usd``."""
    tokens: int
    output_unreliable_responses: int
    """Above 0, ``tokens`` is a lower bound, and so is what they cost."""
    turns: int | None
    """Its own, as prompts and active time; null: its log is missing, or of the time: tells none."""
    prompts: int | None
    active_seconds: float | None
    duration_seconds: float | None
    tool_calls: int
    """Of the whole tree, as errors."""
    tool_errors: int
    subagents: int
    started_at: datetime | None
    ended_at: datetime | None
    live: bool
    """Still going on, as far as the watcher knows."""
    complete: bool
    """False: its log ends within a turn."""
    log_missing: bool
    """True: only subagents of it have left logs."""


class RootFilter(msgspec.Struct, frozen=True):
    """Which sessions of a scope are meant."""

    words: tuple[str, ...] = ()
    """All of them occur in what is known of the session's text."""
    task_type: str | None = None
    model: str | None = None
    verdict: str | None = None
    trajectory: str | None = None
    detector: str | None = None
    """Sessions with a finding of it, or of ANY."""
    live: bool = False
    min_usd: float | None = None
    min_minutes: float | None = None
    """From its beginning to its end."""


class Chosen(msgspec.Struct, frozen=True):
    """Sessions in order, and how many there are in all."""

    matching: int
    sessions: list[ListedSession]


def list_roots(
    desk: Desk, scope: Scope, wanted: RootFilter | None = None, sort: Sort = "recent", limit: int = 50, offset: int = 0
) -> Chosen:
    """The sessions that began within ``scope``, the highest first; those without a value last."""
    wanted = wanted or RootFilter()
    plain = wanted == RootFilter()
    source, values = _source(desk, scope, wanted)
    # What few sessions fit is chosen once, and counted on the way; else an index may lead to the first ones at once.
    order = _ORDERS[sort] if plain and (sort == "recent" or is_broad(scope)) else f"+{_ORDERS[sort]}"
    number = "NULL" if plain else "count(*) OVER ()"
    rows = desk.connection.execute(
        f"SELECT r.root, {number} {source} ORDER BY {order} DESC NULLS LAST, r.ended_at DESC NULLS LAST, r.root"
        " LIMIT ? OFFSET ?",
        [*values, limit, offset],
    ).fetchall()
    if rows and not plain:
        matching = rows[0][1]
    elif not offset and len(rows) < limit:
        matching = len(rows)
    else:
        matching = desk.connection.execute(f"SELECT count(*) {source}", values).fetchone()[0]
    return Chosen(matching, _read(desk, [root for root, _ in rows]))


def _source(desk: Desk, scope: Scope, wanted: RootFilter) -> tuple[str, list[Any]]:
    """FROM and WHERE of the sessions that are meant; texts are read in a row unless the range is narrow."""
    where, values = _conditions(desk, scope, wanted)
    if not wanted.words:
        return f"FROM roll.roots r WHERE {where}", values
    texts = " AND ".join(["instr(t.search, ?) > 0"] * len(wanted.words))
    words = [word.lower() for word in wanted.words]
    if is_narrow(scope):
        source = f"FROM roll.roots r CROSS JOIN roll.root_texts t USING (root) WHERE {where} AND {texts}"
        return source, [*values, *words]
    source = f"FROM roll.root_texts t CROSS JOIN roll.roots r USING (root) WHERE {texts} AND {where}"
    return source, [*words, *values]


def _conditions(desk: Desk, scope: Scope, wanted: RootFilter) -> tuple[str, list[Any]]:
    where, values = root_conditions(desk.connection, scope)
    for column in ("task_type", "model", "verdict"):
        text = getattr(wanted, column)
        if text is not None:
            where, values = f"{where} AND r.{column} = ?", [*values, _name(desk.connection, text)]
    if wanted.trajectory is not None:
        where, values = f"{where} AND {_JUDGED}", [*values, wanted.trajectory]
    if wanted.detector is not None:
        if wanted.detector == ANY or is_narrow(scope):
            where += " AND r.findings > 0"
        if wanted.detector != ANY:
            test = _FINDING_OF_IT if is_narrow(scope) else _AMONG_FINDINGS
            where, values = f"{where} AND {test}", [*values, _name(desk.connection, wanted.detector)]
    if wanted.live:
        condition, more = _is_live(desk)
        where, values = f"{where} AND {condition}", [*values, *more]
    if wanted.min_usd is not None:
        where, values = f"{where} AND r.micro >= ?", [*values, round(wanted.min_usd * _MICRO)]
    if wanted.min_minutes is not None:
        where, values = f"{where} AND r.ended_at - r.started_at >= ?", [*values, round(wanted.min_minutes * 60_000)]
    return where, values


def root_conditions(connection: sqlite3.Connection, scope: Scope) -> tuple[str, list[Any]]:
    """A condition on ``roll.roots r`` for the sessions that began within ``scope``, and its values."""
    chosen = scope.filter
    parts, values = ["1"], list[Any]()
    index = "" if is_narrow(scope) else "+"
    if chosen.since is not None:
        parts.append(f"{index}r.started_at >= ?")
        values.append(chosen.since)
    if chosen.until is not None:
        # As the sums have it: what has no time lies before everything else.
        timeless = "" if chosen.since is not None else " OR r.started_at IS NULL"
        parts.append(f"({index}r.started_at < ?{timeless})")
        values.append(chosen.until)
    for column, text in (("project", scope.project), ("agent", scope.agent)):
        if text is not None:
            parts.append(f"r.{column} = ?")
            values.append(_name(connection, text))
    return " AND ".join(parts), values


def is_narrow(scope: Scope) -> bool:
    """Whether the range holds so few of all sessions that the index by start is quicker than to read all of them.

    Measured at 100,000 sessions in two years: a session found by the index costs as much as eight read in a row.
    """
    return scope.days is not None and scope.days <= _NARROW_DAYS


def is_broad(scope: Scope) -> bool:
    """Whether so many of all sessions are meant that an index on another column soon leads to the first ones."""
    recent = scope.last is None or scope.last >= scope.today
    return recent and not is_narrow(scope) and scope.project is None and scope.agent is None


def _name(connection: sqlite3.Connection, text: str) -> int:
    """The number of a text; that of nothing when it is not known."""
    return find_name(connection, text) or 0


def _is_live(desk: Desk) -> tuple[str, list[Any]]:
    live = desk.live
    if not live.watching:
        return "0", []
    marks = ", ".join("?" * len(live.ended))
    return f"r.ended_at > ? AND r.id NOT IN ({marks})", [desk.now_ms - live.window_ms, *sorted(live.ended)]


def _read(desk: Desk, roots: list[int]) -> list[ListedSession]:
    cursor = desk.connection.cursor()
    rows: list[dict[str, Any]] = []
    for root in roots:
        found = cursor.execute(_ROWS, (root,)).fetchone()
        rows.append(dict(zip([column[0] for column in cursor.description], found, strict=True)))
    names = short_names(desk.connection, [row["id"] for row in rows])
    return [_listed(desk, row, names[row["id"]]) for row in rows]


def _listed(desk: Desk, row: dict[str, Any], name: str) -> ListedSession:
    started, ended, active = row.pop("started_at"), row.pop("ended_at"), row.pop("active_ms")
    last = None if ended is None else to_datetime(ended)
    for key in ("project", "task_type", "model", "verdict", "trajectory"):
        row[key] = row[key] or None
    return ListedSession(
        name=name,
        started_at=None if started is None else to_datetime(started),
        ended_at=last,
        duration_seconds=None if started is None or ended is None else (ended - started) / 1000,
        active_seconds=None if active is None else active / 1000,
        usd=_usd(row.pop("micro")),
        own_usd=_usd(row.pop("own_micro")),
        waste_usd=_usd(row.pop("waste_micro")),
        unpriced_responses=row.pop("unpriced"),
        own_unpriced_responses=row.pop("own_unpriced"),
        output_unreliable_responses=row.pop("unreliable"),
        live=desk.live.is_live(row["id"], last, desk.now_ms),
        complete=bool(row.pop("complete")),
        log_missing=bool(row.pop("log_missing")),
        label=row.pop("label") or "",
        agent=row.pop("agent") or "",
        **row,
    )


def _usd(micro: int | None) -> float | None:
    return None if micro is None else micro / _MICRO


def read_sort(text: str | None) -> Sort:
    """The order that an address asks for; the most recent first when it says nothing. Raises UsageError."""
    for sort in SORTS:
        if sort == (text or "recent"):
            return sort
    raise UsageError(
        f"Sessions cannot be sorted by {text!r}.", slug="bad_sort", hint=f"Known ones: {', '.join(SORTS)}."
    )
