"""Between records and rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import xxhash

from tachograph.model import FileTouch, Finding, Marker, Pass, Prompt, Response, Session, TaskChange, ToolCall, Usage

Row = tuple[Any, ...]
PriceResponse = Callable[[str, str, int, str, Usage], int | None]
"""(provider, model, at, speed, usage) -> picodollars, None when no price is known."""

RESPONSE_COLUMNS = 27
TOOL_CALL_COLUMNS = 31
PROMPT_COLUMNS = 9
FINDING_COLUMNS = 12
_ID_DIGITS = 10


def response_key(agent: str, identity: str) -> int:
    """The same integer for every copy of a response."""
    value = xxhash.xxh3_64_intdigest(f"{agent}\0{identity}".encode())
    return value - (1 << 64) if value >= 1 << 63 else value


def response_rows(segment: int, agent: str, record: Response, price: PriceResponse) -> Iterator[Row]:
    """One row for the response, or one for each of its passes."""
    key = response_key(agent, record.id)
    passes = record.passes or (Pass(record.model, record.usage),)
    for number, part in enumerate(passes):
        u = part.usage
        yield (
            segment, record.position, number, key, record.id, part.model, record.provider, record.started_at,
            record.ended_at, u.input, u.cache_read, u.cache_write_5m, u.cache_write_1h, u.output, u.reasoning,
            u.web_searches, price(record.provider, part.model, record.started_at, record.speed, u), record.stop_reason,
            record.output_reliable, record.speed, record.branch, record.chain, record.replayed,
            0 if number else record.lines, record.stated_output, record.final, 1,
        )  # fmt: skip


def tool_call_row(segment: int, record: ToolCall, positions: dict[str, int]) -> Row:
    """``positions`` gives each response's place by its id."""
    more = json.dumps([[f.path, f.op] for f in record.more_files]) if record.more_files else None
    tasks = msgspec.json.encode(record.tasks).decode() if record.tasks else None
    return (
        segment, record.position, record.id, positions.get(record.response), record.name, record.category,
        record.started_at, record.ended_at, record.status, record.exit_code, record.command, record.path, record.offset,
        record.limit, record.file_op, record.input_hash, record.result_hash, record.result_chars,
        record.error_signature, record.lines_added, record.lines_removed, record.duration_ms, record.agent_type,
        record.spawned, more, record.cwd, record.input_chars, record.command_hash, record.error_hash,
        record.result_kind, tasks,
    )  # fmt: skip


def prompt_row(segment: int, p: Prompt) -> Row:
    """A prompt's row."""
    return (segment, p.position, p.id, p.kind, p.at, p.text, p.chars, p.text_hash, p.parent_hash)


def marker_row(segment: int, m: Marker) -> Row:
    """A marker's row."""
    return (segment, m.position, m.id, m.kind, m.at, m.detail, m.value)


def finding_id(session: str, f: Finding) -> str:
    """By which people name a finding of this session: the same whenever the same is found again."""
    proof = (f.calls or f.responses or (str(f.position),))[0]
    return xxhash.xxh3_64_hexdigest(f"{session}\0{f.detector}\0{proof}".encode())[:_ID_DIGITS]


def finding_row(segment: int, session: str, f: Finding, shared: bool) -> Row:
    """A finding's row."""
    evidence = {"calls": f.calls, "responses": f.responses, "turns": f.turns, "facts": f.facts}
    return (
        segment, finding_id(session, f), f.detector, f.position, f.at, f.count, f.tokens, f.carried_tokens, f.cost_pico,
        f.is_estimate, msgspec.json.encode(evidence).decode(), shared,
    )  # fmt: skip


def load_segment(connection: sqlite3.Connection, segment: int) -> Session:
    """The session as this segment's log told it. Raises LookupError when there is no such segment."""
    row = connection.execute(
        "SELECT session, agent, kind, parent_id, forked_from, agent_type, project, cwds, git_branch, versions, title,"
        " entrypoint, started_at, ended_at, complete, lines, usage_lines, skipped_usage"
        " FROM segments WHERE segment = ?",
        (segment,),
    ).fetchone()
    if row is None:
        raise LookupError(segment)
    responses = load_responses(connection, segment)
    ids = {record.position: record.id for record in responses}
    return Session(  # type: ignore[call-arg]
        *row[:7], tuple(json.loads(row[7])), row[8], tuple(json.loads(row[9])), *row[10:14], bool(row[14]), *row[15:17],
        tuple(sorted(json.loads(row[17]).items())), responses, _load_calls(connection, segment, ids),
        _load(connection, "prompts", segment, Prompt), _load(connection, "markers", segment, Marker),
    )  # fmt: skip


def load_responses(connection: sqlite3.Connection, segment: int) -> tuple[Response, ...]:
    """All responses of a segment, copies included, in their order."""
    found: list[Response] = []
    parts: list[Pass] = []
    for row in connection.execute(
        "SELECT pass, position, id, model, provider, started_at, ended_at, input, cache_read, cache_write_5m,"
        " cache_write_1h, output, reasoning, web_searches, stop_reason, reliable, speed, branch, chain, replayed,"
        " lines, stated_output, final"
        " FROM responses WHERE segment = ? ORDER BY position, pass",
        (segment,),
    ):
        usage = Usage(*row[7:14])
        if row[0] == 0:
            parts = [Pass(row[3], usage)]
            rest = (
                row[14],
                bool(row[15]),
                row[16],
                row[17],
                (),
                row[18],
                bool(row[19]),
                row[20],
                row[21],
                bool(row[22]),
            )
            found.append(Response(*row[1:7], usage, *rest))  # type: ignore[call-arg]
        else:
            parts.append(Pass(row[3], usage))
            found[-1] = _with_passes(found[-1], tuple(parts))
    return tuple(found)


def _with_passes(record: Response, passes: tuple[Pass, ...]) -> Response:
    total = sum((part.usage for part in passes), Usage())
    return Response(
        record.position, record.id, record.model, record.provider, record.started_at, record.ended_at, total,
        record.stop_reason, record.output_reliable, record.speed, record.branch, passes, record.chain, record.replayed,
        record.lines, record.stated_output, record.final,
    )  # fmt: skip


def _load_calls(connection: sqlite3.Connection, segment: int, ids: dict[int, str]) -> tuple[ToolCall, ...]:
    rows = connection.execute("SELECT * FROM tool_calls WHERE segment = ? ORDER BY position", (segment,))
    return tuple(
        ToolCall(  # type: ignore[call-arg]
            row[1], row[2], ids.get(row[3], ""), *row[4:24],
            tuple(FileTouch(path, op) for path, op in json.loads(row[24])) if row[24] else (), *row[25:30],
            msgspec.json.decode(row[30], type=tuple[TaskChange, ...]) if row[30] else (),
        )
        for row in rows
    )  # fmt: skip


def _load(connection: sqlite3.Connection, table: str, segment: int, record: type) -> tuple[Any, ...]:
    rows = connection.execute(f"SELECT * FROM {table} WHERE segment = ? ORDER BY position", (segment,))
    return tuple(record(*row[1:]) for row in rows)
