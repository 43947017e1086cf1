"""What happened in one turn: responses with their calls, one after the other."""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections import defaultdict
from operator import attrgetter
from typing import Literal, NamedTuple

import msgspec

from tachograph.analysis.turns import Turn, split_turns
from tachograph.app.dashboard.desk import Desk, Params
from tachograph.app.dashboard.session_records import Part, Sheet, load_parts, load_sheet
from tachograph.app.dashboard.session_steps import CallDetail, ResponseDetail, TurnData, TurnStep
from tachograph.app.dashboard.session_story import find_named, find_root, take_piece
from tachograph.app.filters import Filter
from tachograph.app.find_session import label_sessions
from tachograph.app.findings import FindingRecord, list_findings
from tachograph.app.scope import Scope
from tachograph.app.sessions import list_tree
from tachograph.app.show import record_marker, record_turn, turn_of
from tachograph.app.totals import to_usd
from tachograph.errors import NotFound, UsageError
from tachograph.model import TURN_KINDS, Marker, Prompt, Response, Session, ToolCall, to_datetime

STEPS = 200
_OPENINGS = (
    "SELECT position, at FROM prompts WHERE segment = ? AND position > ? AND kind IN ({kinds}) ORDER BY position"
)
_CALL_IDS = "SELECT position, id, response FROM tool_calls WHERE segment = ? AND position BETWEEN ? AND ?"
_RESPONSE_IDS = "SELECT position, id FROM responses WHERE segment = ? AND position BETWEEN ? AND ? AND pass = 0"
_DETAILS = "SELECT command, path, error_signature, agent_type FROM tool_calls WHERE segment = ? AND position = ?"
_CALL_PLACE = "SELECT position FROM tool_calls WHERE segment = ? AND id = ? AND position > ? LIMIT 1"
_RESPONSE_PLACE = "SELECT position FROM responses WHERE segment = ? AND id = ? AND counted AND pass = 0 LIMIT 1"
_SPAWNED = "SELECT position, spawned FROM tool_calls WHERE segment = ? AND position > ? AND spawned IS NOT NULL"
_END = (1 << 62) - 1


class _Opening(NamedTuple):
    """A prompt that opens a turn."""

    position: int
    at: int


class _Row(msgspec.Struct, frozen=True):
    """A row before its details are loaded."""

    position: int
    event: Response | ToolCall | Marker
    response: Response | None = None
    id: str = ""
    """Of the call; of the response where there is none."""
    response_id: str = ""


class _Read(msgspec.Struct, frozen=True):
    """What is read of a turn."""

    sheet: Sheet
    turn: Turn
    rows: list[_Row]


def tell_turn(desk: Desk, _: Scope, params: Params) -> TurnData:
    """The turn ``n`` of the session ``id``, or the one in which ``call`` lies. Raises NotFound and UsageError."""
    connection = desk.connection
    session = find_named(desk, params)
    parts = load_parts(connection, session)
    openings = _load_openings(connection, parts)
    number = _find_turn(connection, parts, openings, params)
    read = _read(connection, session, parts, openings, number)
    found = [one for one in list_findings(connection, Filter(), sessions=[session]) if number in one.evidence["turns"]]
    sought = _find_sought(read.rows, params)
    piece = take_piece(params, "part", len(read.rows), STEPS)
    if sought is not None and not params.get("part"):
        piece = msgspec.structs.replace(piece, part=sought // STEPS + 1)
    started = _find_subagents(connection, session, parts, openings, number)
    telling = _Telling(connection, parts, read.sheet, read.turn, _by_proof(found), started)
    shown = range(len(read.rows))[piece.span]
    return TurnData(
        id=session,
        watches=find_root(connection, session),
        project=_project(connection, session),
        label=label_sessions(connection, [session])[session],
        last_turn=len(openings),
        first_turn=0 if _has_zero(connection, session, parts, openings) else 1,
        turn=record_turn(read.turn, read.sheet.costs, dict.fromkeys(started, number)),
        piece=piece,
        steps=[telling.tell(read.rows[place], place + 1, is_sought=place == sought) for place in shown],
        findings=found,
    )


def _read(
    connection: sqlite3.Connection, session: str, parts: list[Part], openings: list[_Opening], number: int
) -> _Read:
    if number > len(openings):
        hint = f"It has {len(openings)} of them."
        raise NotFound(f"The session has no turn {number}.", slug="no_turn", hint=hint)
    low = openings[number - 1].position if number else 0
    high = openings[number].position - 1 if number < len(openings) else _END
    sheet = load_sheet(connection, session, parts, low, high)
    turn = _only_turn(sheet, number)
    return _Read(sheet, turn, _list_rows(connection, parts, turn, low, high))


def _find_sought(rows: list[_Row], params: Params) -> int | None:
    """Place of the call, or of the first call of the response, that is asked for."""
    sought = _read_call(params)
    return next((place for place, row in enumerate(rows) if sought and sought in (row.id, row.response_id)), None)


def _read_call(params: Params) -> str:
    return params.get("call", "").encode("utf-8", "replace").decode()  # an address may hold any bytes


def _project(connection: sqlite3.Connection, session: str) -> str | None:
    found = connection.execute("SELECT project FROM sessions WHERE id = ?", (session,)).fetchone()
    return str(found[0]) if found and found[0] is not None else None


def _find_turn(connection: sqlite3.Connection, parts: list[Part], openings: list[_Opening], params: Params) -> int:
    """Number of the turn in which the call or response lies that is asked for; else the one that is asked for."""
    sought = _read_call(params)
    for part in parts if sought else []:
        row = (
            connection.execute(_CALL_PLACE, (part.segment, sought, part.inherited_until)).fetchone()
            or connection.execute(_RESPONSE_PLACE, (part.segment, sought)).fetchone()
        )
        if row is not None:
            return bisect_right([one.position for one in openings], part.start + row[0])
    text = params.get("n", "")
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise UsageError("n has to be the number of a turn.", slug="bad_turn", hint="Turns are counted from 1.")
    return int(text)


def _load_openings(connection: sqlite3.Connection, parts: list[Part]) -> list[_Opening]:
    """The prompts that open turns, in order."""
    query = _OPENINGS.format(kinds=", ".join("?" * len(TURN_KINDS)))
    return [
        _Opening(part.start + position, at)
        for part in parts
        for position, at in connection.execute(query, (part.segment, part.inherited_until, *TURN_KINDS))
    ]


def _has_zero(connection: sqlite3.Connection, session: str, parts: list[Part], openings: list[_Opening]) -> bool:
    """Whether something comes before the first prompt."""
    if not openings:
        return True
    found = load_sheet(connection, session, parts, 0, openings[0].position - 1).session
    return bool(found.responses or found.tool_calls or found.prompts or found.markers)


def _only_turn(sheet: Sheet, number: int) -> Turn:
    """The turn that these records are of."""
    turns = split_turns(sheet.session)
    if not turns:
        raise NotFound(f"The session has no turn {number}.", slug="no_turn", hint="Turns are counted from 1.")
    return msgspec.structs.replace(turns[-1], number=number)


def _list_rows(connection: sqlite3.Connection, parts: list[Part], turn: Turn, low: int, high: int) -> list[_Row]:
    """The rows of the turn in order: calls, responses that made none, markers."""
    call_ids: dict[int, tuple[str, int | None]] = {}
    response_ids: dict[int, str] = {}
    for part in parts:
        first, last = part.within(low, high)
        if first <= last:
            for position, name, response in connection.execute(_CALL_IDS, (part.segment, first, last)):
                call_ids[part.start + position] = name, None if response is None else part.start + response
            for position, name in connection.execute(_RESPONSE_IDS, (part.segment, first, last)):
                response_ids[part.start + position] = name
    responses = {one.position: one for one in turn.part.responses}
    told: set[int] = set()
    rows: list[_Row] = []
    for call in turn.part.tool_calls:
        name, place = call_ids[call.position]
        response = responses.get(place) if place is not None and place not in told else None
        rows.append(_Row(call.position, call, response, name, response_ids[response.position] if response else ""))
        if response is not None:
            told.add(response.position)
    for position, one in responses.items():
        if position not in told:
            rows.append(_Row(position, one, one, "", response_ids[position]))
    rows += [_Row(marker.position, marker) for marker in turn.part.markers]
    return sorted(rows, key=attrgetter("position"))


def _by_proof(findings: list[FindingRecord]) -> dict[str, list[str]]:
    """By the id of a call or a response, the findings that it is proof of."""
    found: dict[str, list[str]] = defaultdict(list)
    for finding in findings:
        for name in (*finding.evidence["calls"], *finding.evidence["responses"]):
            found[name].append(finding.id)
    return found


class _Telling:
    """What rows are told from."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        parts: list[Part],
        sheet: Sheet,
        turn: Turn,
        proofs: dict[str, list[str]],
        started: dict[str, str | None],
    ) -> None:
        self._connection, self._parts, self._sheet, self._turn, self._proofs = connection, parts, sheet, turn, proofs
        self._started = {native: below for below, native in started.items() if native is not None}
        self._starts = [part.start for part in parts]

    def tell(self, row: _Row, number: int, *, is_sought: bool) -> TurnStep:
        """One row with its details."""
        event, response = row.event, row.response
        proofs = [one for name in (row.id, row.response_id) if name for one in self._proofs.get(name, ())]
        kind: Literal["call", "response", "marker"] = (
            "call" if isinstance(event, ToolCall) else "marker" if isinstance(event, Marker) else "response"
        )
        return TurnStep(
            kind, number, self._tell_response(response, row.response_id) if response else None,
            self._tell_call(event, row.id) if isinstance(event, ToolCall) else None,
            record_marker(event, self._turn.number) if isinstance(event, Marker) else None,
            list(dict.fromkeys(proofs)), is_sought,
        )  # fmt: skip

    def _tell_call(self, call: ToolCall, id: str) -> CallDetail:
        part = self._parts[bisect_right(self._starts, call.position) - 1]
        key = (part.segment, call.position - part.start)
        command, path, error, agent_type = self._connection.execute(_DETAILS, key).fetchone()
        took = call.duration_ms
        if took is None and call.ended_at is not None:
            took = call.ended_at - call.started_at
        return CallDetail(
            id, call.name, call.category, to_datetime(call.started_at), call.status, call.exit_code,
            None if took is None else took / 1000, command or path or agent_type or "", error, call.result_chars,
            call.lines_added, call.lines_removed, self._started.get(call.spawned or ""),
        )  # fmt: skip

    def _tell_response(self, response: Response, id: str) -> ResponseDetail:
        cost, usage = self._sheet.costs[response.position], response.usage
        return ResponseDetail(
            id, response.model, to_datetime(response.started_at), self._sheet.contexts[response.position],
            usage.cache_read, usage.output, response.output_reliable, to_usd(cost.pico), cost.priced,
        )  # fmt: skip


def _find_subagents(
    connection: sqlite3.Connection, session: str, parts: list[Part], openings: list[_Opening], number: int
) -> dict[str, str | None]:
    """The subagents that the turn started, each with its native id where a call names it as started."""
    tree = list_tree(connection, session)
    if not tree:
        return {}
    natives = {below.id: below.id.partition(":")[2].rpartition("/")[2] for _, below in tree}
    places = [one.position for one in openings]
    spawned = {
        name: bisect_right(places, part.start + position)
        for part in parts
        for position, name in connection.execute(_SPAWNED, (part.segment, part.inherited_until))
    }
    named = {below: spawned[native] for below, native in natives.items() if native in spawned}
    empty = Session(session, "", "main")
    turns = [Turn(place + 1, Prompt(0, "", "human", one.at, "", 0), empty) for place, one in enumerate(openings)]
    return {
        below.id: natives[below.id] if below.id in named else None
        for _, below in tree
        if turn_of(below, named, turns) == number
    }
