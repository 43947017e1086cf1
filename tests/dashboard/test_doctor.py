"""The doctor's page: what `tacho doctor` tells, from what is stored."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tachograph.app.dashboard import hook_report
from tachograph.app.dashboard.desk import Desk, Live
from tachograph.app.dashboard.doctor_report import DoctorData, gather_doctor
from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.dashboard.pages.doctor import PAGE
from tachograph.app.doctor import examine
from tachograph.app.hooks.entries import Program
from tachograph.app.ingest import ingest
from tachograph.app.scope import Scope
from tachograph.report.view import Cell, Code, Empty, Facts, View, find_grid
from tests.builders.claude import ClaudeHome
from tests.builders.wasteful import MYSTERY, make_workspace
from tests.dashboard.walking import cards_of, walk


def view_of(data: DoctorData, scope: Scope) -> View:
    view: View = PAGE.show(data, scope, {})
    return view


def facts_of(view: View) -> dict[str, Cell]:
    return {name: cell for block in walk(view.blocks) if isinstance(block, Facts) for name, cell, _ in block.items}


def test_its_checks_say_what_the_command_says(home: Path, scope: Scope) -> None:
    log = ClaudeHome(home / ".claude").project().session("2026-11-20T09:00:00Z", model=MYSTERY).prompt().response()
    log.write()
    workspace = make_workspace(home)
    ingest(workspace)
    with open_desk(workspace, update=True) as desk:
        data = gather_doctor(desk, time_hooks=False)
    told = {one.name: one for one in examine(workspace.folder).checks}
    found = {one.name: one for one in data.checks}
    assert set(found) <= set(told)
    for name in ("versions", "sqlite", "permissions", "record types", "prices"):
        assert (found[name].status, found[name].summary) == (told[name].status, told[name].summary)
    assert found["prices"].status == "warn"
    assert found["prices"].details == [f"{MYSTERY}: 1 response, 100.0 % of all tokens"]
    facts = facts_of(view_of(data, scope))
    assert str(facts["prices"].value).startswith("! 1 model of 1 without a price")
    assert facts["prices"].tone == "warn"
    assert "config.toml" in facts["prices"].note


def test_logs_and_when_they_go(home: Path, scope: Scope) -> None:
    claude = ClaudeHome(home / ".claude")
    logs = [claude.project().session(f"2026-11-{day:02d}T09:00:00Z").prompt().response() for day in (1, 10, 20)]
    claude.write()
    now = datetime(2026, 12, 5, 12, tzinfo=UTC)
    for log, age in zip(logs, (34, 25, 15), strict=True):
        moment = (now - timedelta(days=age)).timestamp()
        os.utime(log.path, (moment, moment))
    workspace = make_workspace(home)
    ingest(workspace)
    with open_desk(workspace, update=True) as desk:
        desk.now_ms = round(now.timestamp() * 1000)
        data = gather_doctor(desk, time_hooks=False)
    [one] = data.logs
    assert (one.agent, one.logs, one.retention_days, one.expired) == ("claude_code", 3, 30, 1)
    assert one.bytes == sum(log.path.stat().st_size for log in logs)
    assert one.next_loss == now + timedelta(days=5)
    assert one.last_change == now - timedelta(days=15)
    grid = find_grid(view_of(data, scope).blocks, "logs")
    assert grid is not None
    assert [cell.value for cell in grid.rows[0]][4:] == ["30 days", (now + timedelta(days=5)).date(), 1]


def test_problems_by_kind_with_examples(home: Path, scope: Scope) -> None:
    log = ClaudeHome(home / ".claude").project().session("2026-11-20T09:00:00Z").prompt().response()
    log.write()
    with log.path.open("ab") as file:
        file.write(b'{"type": <script>alert(1)</script>\n{broken\n')
    workspace = make_workspace(home)
    ingest(workspace)
    with open_desk(workspace, update=True) as desk:
        data = gather_doctor(desk, time_hooks=False)
    assert [(one.slug, one.problems, one.logs, len(one.examples)) for one in data.problems] == [
        ("invalid_json", 2, 1, 2)
    ]
    view = view_of(data, scope)
    assert cards_of(view)["Problems in logs"].cell.value == 2
    [code] = [block for block in walk(view.blocks) if isinstance(block, Code) and block.title.endswith("examples")]
    assert code.text.splitlines() == data.problems[0].examples


def test_the_numbers_of_the_demo(desk: Desk, scope: Scope) -> None:
    data = gather_doctor(desk, time_hooks=False)
    [(logs, size)] = desk.connection.execute("SELECT count(*), sum(size) FROM logs")
    assert sum(one.logs for one in data.logs) == logs
    assert sum(one.bytes for one in data.logs) == size
    assert data.loop.sessions == desk.connection.execute("SELECT count(*) FROM points").fetchone()[0] > 0
    assert data.loop.last_round is not None
    assert {"warehouse.sqlite", "rollups.sqlite"} <= {one.name for one in data.files}
    assert data.rollups.revision == desk.standing.revision
    assert data.rollups.zone == "UTC"
    assert facts_of(view_of(data, scope))["sums are as of"].value == desk.standing.as_of


@pytest.mark.parametrize(("watching", "word"), [(True, "on"), (False, "off")])
def test_the_watcher(desk: Desk, scope: Scope, watching: bool, word: str) -> None:
    desk.live = Live(watching, 60_000, frozenset({"claude_code:a"}))
    data = gather_doctor(desk, time_hooks=False)
    assert (data.watching.is_on, data.watching.window_seconds, data.watching.ended) == (watching, 60, 1)
    assert cards_of(view_of(data, scope))["Watcher"].cell.value == word


def test_hooks_are_timed_only_when_asked_for(desk: Desk, scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(hook_report, "_time_program", lambda: started.append("hooks") or [])  # type: ignore[func-returns-value]
    quiet = gather_doctor(desk, time_hooks=False)
    assert not started
    assert quiet.hooks.median_ms is None
    assert "How long a hook takes" not in {block.title for block in walk(view_of(quiet, scope).blocks)
                                           if isinstance(block, Facts)}  # fmt: skip


def test_the_time_of_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "quick"
    program.write_text('#!/bin/sh\nread held\necho "$1 $held" >> ' + str(tmp_path / "said"), encoding="utf-8")
    program.chmod(0o700)
    monkeypatch.setattr(hook_report, "find_program", lambda scope: Program(str(program)))
    taken = hook_report._time_program()
    assert len(taken) == hook_report.RUNS
    assert all(0 < one < 2000 for one in taken)
    assert (tmp_path / "said").read_text("utf-8").splitlines() == ["doctor {}"] * hook_report.RUNS
    monkeypatch.setattr(hook_report, "find_program", lambda scope: Program(str(tmp_path / "missing")))
    assert hook_report._time_program() == []


def test_the_measured_time_is_told(desk: Desk, scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook_report, "_time_program", lambda: [20.0, 30.0, 90.0])
    data: DoctorData = PAGE.gather(desk, scope, {"time": "hooks"})
    assert (data.hooks.median_ms, data.hooks.slowest_ms) == (30.0, 90.0)
    facts = facts_of(view_of(data, scope))
    assert (facts["median"].value, facts["slowest"].value) == ("30 ms", "90 ms")
    assert facts["slowest"].tone == "warn"


def test_an_empty_store_says_what_to_do(empty_desk: Desk, scope: Scope) -> None:
    view = view_of(gather_doctor(empty_desk, time_hooks=False), scope)
    assert [block.command for block in walk(view.blocks) if isinstance(block, Empty)] == ["tacho doctor"]
    assert cards_of(view)["Logs read"].cell.value == 0
