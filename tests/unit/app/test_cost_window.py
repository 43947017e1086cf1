"""Spans that begin or end within a quarter-hour count the same as adding up the responses one by one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tachograph.app.cost import query_groups, query_totals
from tachograph.app.filters import Filter
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome
from tests.builders.history import write_hard_history
from tests.builders.log import milliseconds

QUARTER = 900_000


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    folder = tmp_path_factory.mktemp("window")
    write_hard_history(folder)
    for home in ("claude", "codex"):
        ingest(Workspace(folder / "data", Settings()), path=folder / home)
    with closing(open_reader(folder / "data")) as connection:
        yield connection


def moments(connection: sqlite3.Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT started_at FROM counted_responses WHERE pass = 0 ORDER BY 1")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_span_counts_what_lies_in_it(connection: sqlite3.Connection, data: st.DataObject) -> None:
    known = moments(connection)
    near = st.one_of(
        st.sampled_from(known).flatmap(lambda at: st.integers(at - 2, at + 2)),
        st.sampled_from([at // QUARTER * QUARTER for at in known]),
        st.none(),
    )
    since, until = data.draw(near), data.draw(near)
    chosen = Filter(since=since, until=until)
    low, high = since or 0, until if until is not None else 1 << 60
    expected = connection.execute(
        "SELECT count(DISTINCT key), coalesce(sum(input), 0), coalesce(sum(output), 0) FROM counted_responses"
        " WHERE started_at >= ? AND started_at < ?",
        (low, high),
    ).fetchone()
    total = query_totals(connection, chosen)
    assert (total.responses, total.input, total.output) == expected
    for by in ("day", "model", "branch", "session"):
        groups = query_groups(connection, by, chosen)
        assert sum(group.output for group in groups) == expected[2]


def test_a_response_at_seven_past_is_in_the_span_from_five_past(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    claude.project().session("2026-03-02T10:06:53.000Z").prompt("Now.").response(output=7)
    claude.write()
    ingest(Workspace(home / "tachograph", Settings()))
    with closing(open_reader(home / "tachograph")) as connection:
        at = moments(connection)[0]
        five = milliseconds("2026-03-02T10:05:00.000Z")
        assert five < at < five + 10 * 60_000
        for since, until, output in (
            (five, None, 7),
            (None, five, 0),
            (five, at, 0),
            (at, at + 1, 7),
            (at + 1, None, 0),
        ):
            assert query_totals(connection, Filter(since=since, until=until)).output == output
