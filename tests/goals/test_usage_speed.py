"""How long it takes to tell what goals cost."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tachograph.app.goals.usage import measure
from tachograph.model.goal import Attempt, Goal
from tachograph.warehouse.store import open_reader, warehouse_file
from tests.effort import takes_at_most
from tests.goals.worked import Worked, at


def test_two_hundred_goals_are_measured_over_two_thousand_sessions_within_a_second(home: Path) -> None:
    """With nearly 20,000 responses. The store is made of one session's rows, copied within the database."""
    work = Worked(home)
    log = work.session("00:00")
    for minute in range(0, 10, 5):
        work.turn(log, f"00:{minute:02}", 1, 1, 1, 1, 1)
    folder = work.store().folder
    with closing(sqlite3.connect(warehouse_file(folder))) as writer, writer:
        multiply(writer, 2000)
    goals = [_noted(f"k{number:03}", at("00:00") + number * 6_000_000, 5_400_000) for number in range(200)]
    with closing(open_reader(folder)) as connection:
        usage = takes_at_most(1.0, lambda: measure(connection, work.place, goals))
    counted = sum(one.totals.responses for one in usage.goals.values())
    assert (counted, usage.other.responses) == (19_194, 796), "and one session began when the last goal had ended"
    assert len(usage.goals) == 200


def _noted(key: str, start: int, length: int) -> Goal:
    end = start + length
    attempt = Attempt(number=1, status="success", started_at=start, finished_at=end)
    return Goal(
        id=key, key=key, title=key, type="meta", status="success", started_at=start, finished_at=end,
        attempts=(attempt,),
    )  # fmt: skip


MULTIPLIED = {
    "segments": {"segment": "segment + n", "log": "n + 10", "session": "session || n"},
    "sessions": {"session": "session + n", "id": "id || n", "root_id": "root_id || n"},
    "responses": {"segment": "segment + n", "key": "key + n"},
    "prompts": {"segment": "segment + n"},
    "usage_quarters": {"session": "session + n", "quarter": "quarter + n"},
}


def multiply(writer: sqlite3.Connection, copies: int) -> None:
    """Let there be so many of the one session, ten minutes apart."""
    for table, keys in MULTIPLIED.items():
        names = [row[1] for row in writer.execute(f"PRAGMA table_info({table})")]
        later = {name: f"{name} + n * 600000" for name in ("started_at", "ended_at", "at")}
        columns = ", ".join({**later, **keys}.get(name, name) for name in names)
        writer.execute(
            f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {copies - 1})"
            f" INSERT INTO {table} SELECT {columns} FROM {table}, numbers"
        )
