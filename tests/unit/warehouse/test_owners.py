"""Who owns a response, in tables: (session, fork of, first line, output) in, owner and counted usage out."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import NamedTuple

import pytest

from tachograph.app.analyst import Analyst
from tachograph.app.workspace import Prices
from tachograph.model import ParsedLog, Prompt, Response, Session, Usage
from tachograph.settings import Settings
from tachograph.warehouse.derive import derive
from tachograph.warehouse.store import open_writer, transaction
from tachograph.warehouse.writer import Checkpoint, LogWriter

HOUR = 3_600_000


class Copy(NamedTuple):
    session: str
    started: int
    output: int
    forked_from: str | None = None
    reliable: bool = True
    log: str = ""


def response(copy: Copy, position: int = 1, id: str = "msg_1", **more: object) -> Response:
    usage = Usage(input=10, output=copy.output)
    at = copy.started + position
    return Response(position, id, "m", "p", at, at, usage, None, copy.reliable, stated_output=copy.output, **more)  # type: ignore[arg-type]


def session_of(copy: Copy, *responses: Response, prompts: tuple[Prompt, ...] = ()) -> Session:
    return Session(
        id=f"claude_code:{copy.session}", agent="claude_code", kind="main", started_at=copy.started * HOUR,
        ended_at=copy.started * HOUR + 9, responses=responses or (response(copy),), prompts=prompts,
        forked_from=f"claude_code:{copy.forked_from}" if copy.forked_from else None,
    )  # fmt: skip


def store(folder: Path, sessions: list[tuple[str, Session]]) -> dict[str, tuple[int, int]]:
    """Write each (log, session) in a batch of its own; returns session id -> (responses, output) that count for it."""
    with open_writer(folder) as connection:
        analyst = Analyst(Prices(Settings(), connection), Settings())
        for log, session in sessions:
            with transaction(connection):
                writer = LogWriter(connection, lambda *_: 7)
                checkpoint = Checkpoint(hash(log) >> 2, "claude_code", log, 1, 1, 1, 1, 0, 1, 1, 0)
                writer.write(checkpoint, ParsedLog((session,)), [analyst.describe(session, -1)], [()])
                derive(connection, writer.touched, analyst)
        rows = connection.execute(
            "SELECT s.id, coalesce(sum(u.responses), 0), coalesce(sum(u.output), 0) FROM sessions s"
            " LEFT JOIN usage_quarters u USING (session) GROUP BY s.id"
        )
        return {id.partition(":")[2]: (count, output) for id, count, output in rows}


CASES = {
    "the earlier session owns": ([Copy("b", 1, 50), Copy("a", 2, 50)], {"b": (1, 50), "a": (0, 0)}),
    "a fork never owns": ([Copy("b", 2, 50), Copy("a", 1, 50, "b")], {"b": (1, 50), "a": (0, 0)}),
    "of two at once the smaller id owns": ([Copy("b", 1, 50), Copy("a", 1, 50)], {"a": (1, 50), "b": (0, 0)}),
    "the largest copy counts, for the owner": ([Copy("a", 1, 5), Copy("b", 2, 90, "a")], {"a": (1, 90), "b": (0, 0)}),
    "of three the largest counts": (
        [Copy("a", 1, 5), Copy("b", 2, 90, "a"), Copy("c", 3, 40, "a")],
        {"a": (1, 90), "b": (0, 0), "c": (0, 0)},
    ),
    "a fork of an unknown session owns": ([Copy("b", 2, 50, "gone")], {"b": (1, 50)}),
    "of two forks the earlier owns": ([Copy("b", 1, 50, "x"), Copy("a", 2, 50, "x")], {"b": (1, 50), "a": (0, 0)}),
    "one session in two logs counts once": ([Copy("a", 1, 50, log="1"), Copy("a", 1, 50, log="2")], {"a": (1, 50)}),
}


@pytest.mark.parametrize("name", CASES)
def test_owner(name: str, tmp_path: Path) -> None:
    copies, expected = CASES[name]
    for number, order in enumerate(itertools.permutations(copies)):
        logs = [(copy.session + copy.log, session_of(copy)) for copy in order]
        assert store(tmp_path / str(number), logs) == expected, order


def test_a_chain_equal_to_the_parents_is_inherited(tmp_path: Path) -> None:
    parent, child = Copy("p", 1, 10), Copy("c", 2, 10, "p")
    known = [("p", session_of(parent, response(parent, 1, "p:1", chain=11), response(parent, 2, "p:2", chain=12)))]
    fork = session_of(
        child,
        response(child, 1, "c:1", chain=11),
        response(child, 2, "c:2", chain=12),
        response(child, 3, "c:3", chain=99),
    )
    for number, order in enumerate(([*known, ("c", fork)], [("c", fork), *known])):
        assert store(tmp_path / str(number), order) == {"p": (2, 20), "c": (1, 10)}


def test_without_the_parent_the_logs_own_trace_of_a_replay_decides(tmp_path: Path) -> None:
    child = Copy("c", 2, 10, "gone")
    fork = session_of(child, response(child, 1, "c:1", chain=11, replayed=True), response(child, 2, "c:2", chain=12))
    assert store(tmp_path, [("c", fork)]) == {"c": (1, 10)}


def test_what_follows_a_copied_response_is_copied_up_to_the_next_prompt(tmp_path: Path) -> None:
    parent, child = Copy("p", 1, 10), Copy("c", 2, 10, "p")
    prompts = tuple(Prompt(n, f"u{n}", "human", n, f"prompt {n}", 8) for n in (0, 5))
    fork = session_of(child, response(child), prompts=prompts)
    store(tmp_path, [("p", session_of(parent)), ("c", fork)])
    with open_writer(tmp_path) as connection:
        found = connection.execute("SELECT prompts, opening, copies FROM sessions WHERE id LIKE '%:c'").fetchall()
        until = connection.execute("SELECT inherited_until FROM segments WHERE session LIKE '%:c'").fetchall()
    assert (found, until) == ([(1, "prompt 5", 1)], [(4,)])
