"""The desk that pages are made from."""

from __future__ import annotations

import sqlite3

import pytest

from tachograph.app.dashboard.desk import Desk
from tachograph.app.rollups.cubes import KpiSums, SessionSums, UsageSums
from tachograph.app.rollups.read import add_up
from tachograph.app.scope import Scope


def test_it_holds_the_demo(desk: Desk, scope: Scope) -> None:
    [(_, sessions)] = add_up(desk.connection, SessionSums, scope)
    [(_, usage)] = add_up(desk.connection, UsageSums, scope)
    assert sessions.sessions == desk.connection.execute("SELECT count(*) FROM roll.roots").fetchone()[0] > 30
    assert usage.responses == desk.connection.execute("SELECT sum(responses) FROM usage_quarters").fetchone()[0]
    assert add_up(desk.connection, KpiSums, scope, by=("kpi",))
    assert desk.zone_name == "UTC"


def test_it_cannot_be_written_to(desk: Desk) -> None:
    for table in ("sessions", "roll.roots"):
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            desk.connection.execute(f"DELETE FROM {table}")


def test_an_empty_one_adds_up_to_nothing(empty_desk: Desk, scope: Scope) -> None:
    assert add_up(empty_desk.connection, SessionSums, scope) == [((), SessionSums())]
    assert add_up(empty_desk.connection, UsageSums, scope, by=("model",)) == []
