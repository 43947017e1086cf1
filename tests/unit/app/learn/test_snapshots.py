"""The fold goes on from where it was, and what comes out is what a fold from the start gives."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.analysis.kpis import load_kpis
from tachograph.app.learn import fold as folding
from tachograph.app.learn.decisions import Activation
from tachograph.app.learn.fold import fold_history, judge_again, judge_all
from tachograph.app.learn.points import store_point
from tachograph.app.learn.snapshots import find_snapshot, forget_snapshots
from tachograph.app.learn.telemetry_points import forget_point
from tachograph.learning.records import Group, Point
from tachograph.warehouse.store import open_writer, transaction

START = 1_780_000_000_000
MINUTE = 60_000
NOW = START + 10_000 * MINUTE
TRIALS = (Activation("batch_tasks", "main", START + 25 * MINUTE, "user"),)


def point(number: int, value: float) -> Point:
    """A session that ended in the minute ``number``."""
    at = START + number * MINUTE
    names = ("error_rate", "cost_per_turn", "token_efficiency")
    return Point(
        f"claude_code:s{number}", Group("main", "claude_code", "opus"), "main", at - 1000, at,
        dict.fromkeys(names, value),
    )  # fmt: skip


@contextmanager
def store() -> Iterator[sqlite3.Connection]:
    with TemporaryDirectory() as folder, open_writer(Path(folder)) as connection:
        yield connection


@pytest.fixture(autouse=True)
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    """Snapshots a few sessions before the last one."""
    monkeypatch.setattr(folding, "DISTANCES", (8, 3))


def fold(connection: sqlite3.Connection) -> tuple[Any, ...]:
    """One fold, and all that it leaves behind."""
    with transaction(connection):
        folded, _ = fold_history(connection, TRIALS, NOW)
    kept = connection.execute("SELECT kind, name, record FROM loop_records WHERE kind <> 'snapshot' ORDER BY 1, 2")
    alerts = connection.execute("SELECT * FROM alerts ORDER BY id")
    return folded, kept.fetchall(), alerts.fetchall()


def anew(connection: sqlite3.Connection) -> tuple[Any, ...]:
    with transaction(connection):
        forget_snapshots(connection)
    return fold(connection)


def test_the_next_session_costs_only_the_last_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    with store() as connection:
        with transaction(connection):
            for number in range(40):
                store_point(connection, point(number, 0.01 * (number % 5)))
        fold(connection)
        taken: list[int] = []
        take = folding._Fold.take
        monkeypatch.setattr(folding._Fold, "take", lambda self, one: (taken.append(one.ended_at), take(self, one))[1])
        with transaction(connection):
            store_point(connection, point(41, 0.5))
        went_on = fold(connection)
        assert len(taken) == 4
        assert went_on == anew(connection)


def test_a_session_that_was_read_late_is_judged_in_its_place() -> None:
    with store() as connection:
        with transaction(connection):
            for number in range(0, 60, 2):
                store_point(connection, point(number, 0.01 * (number % 5)))
        fold(connection)
        with transaction(connection):
            store_point(connection, point(3, 0.9))
        assert find_snapshot(connection, TRIALS) is None
        assert fold(connection) == anew(connection)


def test_a_reset_a_treatment_and_a_trial_of_before_a_snapshot_undo_it() -> None:
    with store() as connection:
        with transaction(connection):
            for number in range(40):
                store_point(connection, point(number, 0.01 * (number % 5)))
        fold(connection)
        assert find_snapshot(connection, TRIALS) is not None
        assert find_snapshot(connection, ()) is None
        with transaction(connection):
            connection.execute(
                "INSERT INTO assignments VALUES ('t', 'claude_code:s9', 'batch_tasks', 'main', 'treatment', 0.5, 0)"
            )
        assert find_snapshot(connection, TRIALS) is None
        assert fold(connection) == anew(connection)
        with transaction(connection):
            connection.execute("INSERT INTO baseline_resets (at, agent_type) VALUES (?, 'main')", (START + MINUTE,))
        assert find_snapshot(connection, TRIALS) is None
        assert fold(connection) == anew(connection)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("store"), st.integers(0, 60), st.sampled_from([0.0, 0.02, 0.05, 0.3, 0.9])),
        st.tuples(st.just("forget"), st.integers(0, 60), st.just(0.0)),
        st.tuples(st.just("treat"), st.integers(0, 60), st.just(0.0)),
        st.tuples(st.just("reset"), st.integers(0, 60), st.just(0.0)),
        st.tuples(st.just("fold"), st.just(0), st.just(0.0)),
    ),
    min_size=5,
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whatever_happens_between_two_folds_the_result_is_that_of_one(steps: list[tuple[str, int, float]]) -> None:
    with store() as connection:
        with transaction(connection):
            for number in range(0, 60, 3):
                store_point(connection, point(number, 0.01 * (number % 4)))
        fold(connection)
        for step, number, value in steps:
            if step == "fold":
                fold(connection)
                continue
            with transaction(connection):
                apply(connection, step, number, value)
        assert fold(connection) == anew(connection)
        last = f"claude_code:s{max(number for (number,) in numbers(connection))}"
        assert [one for one in judge_all(connection) if one.point.session == last] == list(
            judge_again(connection, {last: None})
        )


def apply(connection: sqlite3.Connection, step: str, number: int, value: float) -> None:
    if step == "store":
        store_point(connection, point(number, value))
    elif step == "forget":
        if len(numbers(connection)) > 1:
            forget_point(connection, f"claude_code:s{number}")
    elif step == "treat":
        connection.execute(
            "INSERT OR IGNORE INTO assignments VALUES ('t', ?, 'batch_tasks', 'main', 'treatment', 0.5, ?)",
            (f"claude_code:s{number}", START),
        )
    else:
        connection.execute(
            "INSERT INTO baseline_resets (at, agent_type) VALUES (?, 'main')", (START + number * MINUTE + 5,)
        )


def numbers(connection: sqlite3.Connection) -> list[tuple[int]]:
    return connection.execute("SELECT (ended_at - ?) / ? FROM points", (START, MINUTE)).fetchall()


def test_every_kpi_of_these_points_is_one() -> None:
    assert set(point(1, 0.1).values) <= set(load_kpis())
