"""All that the page of one session tells."""

from __future__ import annotations

import sqlite3
from math import fsum
from shlex import quote

import msgspec

from tachograph.analysis.turns import Turn, split_turns
from tachograph.app.dashboard.desk import Desk, Params
from tachograph.app.dashboard.page import Param
from tachograph.app.dashboard.session_axes import Axes, Verdicts, judge_subagents, score_axes
from tachograph.app.dashboard.session_loop import LoopView, view_loop
from tachograph.app.dashboard.session_origin import Origin, trace_origin
from tachograph.app.dashboard.session_records import Part, Sheet, load_parts, load_sheet
from tachograph.app.dashboard.session_timeline import Timeline, draw_timeline
from tachograph.app.find_session import find_session, label_sessions
from tachograph.app.judging import judge_config
from tachograph.app.scope import Scope
from tachograph.app.session_rows import SessionRow
from tachograph.app.sessions import list_tree, load_row
from tachograph.app.show import TurnRecord, find_spawns, record_turn, turn_of
from tachograph.errors import NotFound, UsageError
from tachograph.model import TURN_KINDS

SESSION_PARAM = Param("id", "The session: its id, its native id, or a beginning of either that no other session has.")
"""Of every page about one session."""
TURNS, BELOW, FINDINGS = 50, 100, 20
"""Of each so many are in one part."""
_TASKS = """
SELECT g.session, substr(p.text, 1, 300), min(p.at)
FROM segments g JOIN prompts p USING (segment)
WHERE p.position > g.inherited_until AND p.kind IN ({kinds}) AND g.session IN ({marks}) GROUP BY g.session"""
"""The first prompt of each; SQLite takes the text from the row that has the smallest."""


class Piece(msgspec.Struct, frozen=True):
    """Which part of a list is told."""

    part: int
    """From 1."""
    parts: int
    """At least 1."""
    size: int
    """Rows of a whole part."""
    matching: int
    """Rows of all parts."""

    @property
    def span(self) -> slice:
        """The rows of the part."""
        return slice((self.part - 1) * self.size, self.part * self.size)


class ToldTurn(msgspec.Struct, frozen=True):
    """A turn, and the findings that it is proof of."""

    turn: TurnRecord
    findings: list[str]
    """Ids."""


class Below(msgspec.Struct, frozen=True):
    """A subagent below the session; a parent comes before its children."""

    depth: int
    """1: started by the session itself."""
    turn: int | None
    """The session's turn in which it was started (for deeper ones: in which it began); null when not known."""
    session: SessionRow
    """By itself, without what is below it."""
    task: str
    """The beginning of what it was asked; empty when that is not known."""
    verdict: str
    """Of its token axis."""
    findings: int


class SessionData(msgspec.Struct, frozen=True, kw_only=True):
    """One session. What is long comes in parts: ``turns_piece`` and its like say which."""

    session: SessionRow
    """Its subagents folded in, but in what is called its own; of a subagent, itself alone."""
    task_type: str | None
    live: bool
    """It is going on."""
    watches: str
    """Id of the session at the top: this changes when that one, or one of its subagents, grows."""
    parent: str | None
    """Name and beginning of the session that started it; null for main sessions."""
    command: str
    """What shows it in a terminal."""
    origin: Origin
    axes: Axes | None
    """Null when its own log is missing."""
    timeline: Timeline
    turns_piece: Piece
    turns: list[ToldTurn]
    below_piece: Piece
    below: list[Below]
    subagents_usd: float | None
    """What all subagents below it cost; null when nothing of it is priced."""
    subagents_unpriced_responses: int
    """Above 0, ``subagents_usd`` is a lower bound."""
    findings_piece: Piece
    """Of ``axes.waste.findings``, which are all there."""
    loop: LoopView
    labels: dict[str, str]
    """Sessions that are spoken of, by id: name and beginning."""


class _Read(msgspec.Struct, frozen=True):
    """What is read of a session."""

    row: SessionRow
    parts: list[Part]
    sheet: Sheet
    turns: list[Turn]
    tree: list[tuple[int, SessionRow]]
    starters: dict[str, int | None]
    """By the id of each subagent, the turn that started it."""


def tell_session(desk: Desk, _: Scope, params: Params) -> SessionData:
    """The session that ``params`` names. Raises NotFound as ``tacho show`` does, UsageError when none is named."""
    connection = desk.connection
    read = _read(connection, find_named(desk, params))
    row, session = read.row, read.row.id
    axes = score_axes(connection, read.sheet.session, read.parts, judge_config(desk.workspace.settings))
    root = find_root(connection, session)
    live = desk.live.is_live(root, row.ended_at, desk.now_ms)
    turns = take_piece(params, "part", len(read.turns), TURNS, last=live)
    below = take_piece(params, "below", len(read.tree), BELOW)
    origin = trace_origin(connection, session, row.shared_responses or 0)
    return SessionData(
        session=row,
        task_type=axes.token.task_type if axes else None,
        live=live,
        watches=root,
        parent=_label(desk, row.parent_id),
        command=f"tacho show {quote(row.name)}",
        origin=origin,
        axes=axes,
        timeline=draw_timeline(read.turns, read.sheet),
        turns_piece=turns,
        turns=_tell_turns(read, turns, axes),
        below_piece=below,
        below=_tell_below(connection, read.tree[below.span], read.starters),
        subagents_usd=_add_up(read.tree),
        subagents_unpriced_responses=sum(below.unpriced_responses for _, below in read.tree),
        findings_piece=take_piece(params, "findings", len(axes.waste.findings) if axes else 0, FINDINGS),
        loop=view_loop(connection, session),
        labels=_label_all(desk, row, origin),
    )


def _read(connection: sqlite3.Connection, session: str) -> _Read:
    row, parts = load_row(connection, session), load_parts(connection, session)
    sheet = load_sheet(connection, session, parts)
    turns, tree = split_turns(sheet.session), list_tree(connection, session)
    spawned = find_spawns(turns, tree)
    return _Read(row, parts, sheet, turns, tree, {below.id: turn_of(below, spawned, turns) for _, below in tree})


def _tell_turns(read: _Read, piece: Piece, axes: Axes | None) -> list[ToldTurn]:
    proofs = _proofs(axes)
    return [
        ToldTurn(record_turn(turn, read.sheet.costs, read.starters), proofs.get(turn.number, []))
        for turn in read.turns[piece.span]
    ]


def _add_up(tree: list[tuple[int, SessionRow]]) -> float | None:
    priced = [below.own_usd for _, below in tree if below.own_usd is not None]
    return fsum(priced) if priced else None


def find_named(desk: Desk, params: Params) -> str:
    """The id of the session that the parameter ``id`` names. Raises NotFound and UsageError."""
    name = params.get("id", "").encode("utf-8", "replace").decode()  # an address may hold any bytes
    if not name:
        raise UsageError("No session is named.", slug="no_session_named", hint="The list of sessions leads to each.")
    known = desk.connection.execute("SELECT 1 FROM points WHERE session = ? AND origin = 'telemetry'", (name,))
    if known.fetchone() is not None and not _has_log(desk, name):
        raise NotFound(
            "Only telemetry knows this session: there is no log to show.", hint=f"tacho report session {quote(name)}"
        )
    return find_session(desk.connection, name)


def find_root(connection: sqlite3.Connection, session: str) -> str:
    """The session at the top, by which changes are told; itself for a main session."""
    row = connection.execute("SELECT root_id FROM sessions WHERE id = ?", (session,)).fetchone()
    return str(row[0]) if row else session


def take_piece(params: Params, name: str, matching: int, size: int, *, last: bool = False) -> Piece:
    """The part that the parameter ``name`` asks for, the nearest one that there is; else the first, or the last."""
    parts = max(-(-matching // size), 1)
    text = params.get(name, "")
    if not text:
        return Piece(parts if last else 1, parts, size, matching)
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise UsageError(f"{name} has to be a whole number.", slug="bad_part")
    return Piece(min(max(int(text), 1), parts), parts, size, matching)


def _has_log(desk: Desk, id: str) -> bool:
    found = desk.connection.execute("SELECT 1 FROM sessions WHERE id = ?1 OR root_id = ?1 LIMIT 1", (id,))
    return found.fetchone() is not None


def _proofs(axes: Axes | None) -> dict[int, list[str]]:
    """By turn, the findings that it is proof of."""
    found: dict[int, list[str]] = {}
    for finding in axes.waste.findings if axes else []:
        for number in finding.evidence["turns"]:
            found.setdefault(number, []).append(finding.id)
    return found


def _tell_below(
    connection: sqlite3.Connection, shown: list[tuple[int, SessionRow]], starters: dict[str, int | None]
) -> list[Below]:
    if not shown:
        return []
    rows = [row for _, row in shown]
    verdicts = judge_subagents(connection, rows)
    marks, kinds = ", ".join("?" * len(rows)), ", ".join("?" * len(TURN_KINDS))
    query = _TASKS.format(marks=marks, kinds=kinds)
    tasks = {row[0]: row[1] for row in connection.execute(query, [*TURN_KINDS, *(row.id for row in rows)])}
    none = Verdicts("unavailable", 0)
    found = []
    for depth, row in shown:
        told = verdicts.get(row.id, none)
        found.append(Below(depth, starters[row.id], row, tasks.get(row.id, ""), told.token, told.findings))
    return found


def _label(desk: Desk, id: str | None) -> str | None:
    return None if id is None else label_sessions(desk.connection, [id])[id]


def _label_all(desk: Desk, row: SessionRow, origin: Origin) -> dict[str, str]:
    spoken_of = [row.forked_from, *(one.session for one in origin.copied), *origin.forks[:20]]
    return label_sessions(desk.connection, [one for one in spoken_of if one])
