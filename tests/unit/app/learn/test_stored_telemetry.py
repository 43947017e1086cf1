"""Names in stored telemetry are redacted anew when the rules have changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.model import Session, ToolCall
from tachograph.telemetry import TelemetrySession
from tachograph.warehouse.store import open_writer, transaction

SECRET = "AKIA" + "IOSFODNN7TESTKEY"


def test_a_rebuild_redacts_what_telemetry_and_evaluations_have_left(home: Path) -> None:
    workspace = Workspace(home / "data")
    call = ToolCall(1, "c1", "", f"tool {SECRET}", "other", 5, status="ok")
    told = TelemetrySession(
        Session("claude_code:s1", "claude_code", "main", project=f"/srv/{SECRET}", tool_calls=(call,), started_at=5),
        context_utilization=0.5,
    )
    with open_writer(workspace.folder) as connection, transaction(connection):
        connection.execute("INSERT INTO telemetry VALUES (?, ?)", (told.session.id, msgspec.msgpack.encode(told)))
        for at, name in enumerate((SECRET, SECRET + "2")):
            connection.execute(
                "INSERT INTO evaluations VALUES ('claude_code:s1', ?, 'judge', ?, 0.5, 'telemetry')", (name, at)
            )
    ingest(workspace, rebuild=True)
    with closing(sqlite3.connect(home / "data" / "warehouse.sqlite")) as connection:
        (record,) = connection.execute("SELECT record FROM telemetry").fetchone()
        names = connection.execute("SELECT name FROM evaluations").fetchall()
    again = msgspec.msgpack.decode(record, type=TelemetrySession)
    assert SECRET.encode() not in record
    assert (again.context_utilization, again.session.tool_calls[0].status) == (0.5, "ok")
    assert "[redacted:" in (again.session.project or "")
    assert SECRET not in str(names)
