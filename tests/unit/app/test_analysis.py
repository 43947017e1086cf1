"""The interface for programs: one log read, measured, scored; and the warehouse asked."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tachograph.app.analysis import analyse, detect, read_session, score
from tachograph.app.filters import Filter, make_filter
from tachograph.app.findings import FindingFilter
from tachograph.app.ingest import ingest
from tachograph.app.open_history import History
from tachograph.app.score import score_sessions
from tachograph.app.workspace import DEMO_NOTE
from tachograph.errors import NotFound, TachographError, UsageError
from tachograph.judge import JudgeConfig, JudgeUnavailable
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome
from tests.builders.judged import Bench, bench
from tests.builders.wasteful import HOUSE, SITE, Wasteful, make_workspace, wasteful, write_config
from tests.dump import dump_warehouse

__all__ = ["bench", "wasteful"]


@pytest.fixture(autouse=True)
def configured(home: Path) -> None:
    write_config(home)


# ---------------------------------------------------------------------------------------------------- one log


def test_a_session_is_read_from_its_log(wasteful: Wasteful) -> None:
    session = read_session(wasteful.loops.path)
    assert (session.id, session.agent, session.kind) == (
        f"claude_code:{wasteful.loops.session_id}", "claude_code", "main",
    )  # fmt: skip
    assert [prompt.text for prompt in session.prompts] == ["Fix the broken login.", "Now look at it.", "Change it."]
    assert read_session(str(wasteful.thread.path)).id == f"codex:{wasteful.thread.id}"


@pytest.mark.parametrize("name", ["notes", "kept.log", "rollout.jsonl"])
def test_whatever_a_log_is_called_it_is_read(wasteful: Wasteful, tmp_path: Path, name: str) -> None:
    for log, id in ((wasteful.loops, wasteful.loops.session_id), (wasteful.thread, wasteful.thread.id)):
        (tmp_path / name).write_bytes(log.content())
        assert read_session(tmp_path / name).native_id == id


def test_secrets_are_gone_before_a_program_sees_them(home: Path) -> None:
    secret = "ghp_" + "a1B2" * 9
    claude = ClaudeHome(home / ".claude")
    path = claude.project(SITE).session().prompt(f"Use {secret} here.").response().write()
    assert secret not in read_session(path).prompts[0].text


@pytest.mark.parametrize("content", ["", "neither\n", "{}\n", '{"type":"x"}\n'])
def test_what_is_no_log_is_said_to_be_none(home: Path, content: str) -> None:
    for name in ("x.jsonl", "x.txt"):
        (home / name).write_text(content)
        with pytest.raises(TachographError, match="cannot be read as a session") as caught:
            read_session(home / name)
        assert (caught.value.slug, caught.value.exit_code) == ("unreadable_log", 4)


def test_what_is_not_there_is_not_found(home: Path) -> None:
    for place in (home / "nothing.jsonl", home):
        with pytest.raises(NotFound):
            read_session(place)


def test_an_analysis_has_metrics_and_findings(wasteful: Wasteful) -> None:
    found = analyse(read_session(wasteful.loops.path))
    assert len(found.metrics["tool_calls"]) == 8
    assert [(one.detector, one.count) for one in found.findings] == [
        ("failed_edit_loop", 3), ("redundant_read", 1), ("repeated_failed_retry", 1),
    ]  # fmt: skip
    assert found.findings[2].cost_pico == 1_800_000_000


def test_a_single_detector_can_be_asked(wasteful: Wasteful) -> None:
    session = read_session(wasteful.heavy.path)
    (found,) = detect(session, "heavy_result")
    assert (found.tokens, found.cost_pico) == (100_000, 1_300_000_000_000)
    assert detect(session, "redundant_read") == ()
    with pytest.raises(UsageError, match="no detector 'nothing'"):
        detect(session, "nothing")


def test_the_threshold_is_that_of_the_settings(wasteful: Wasteful, home: Path) -> None:
    write_config(home, "[waste]\nheavy_result_usd = 1.3\n")
    assert detect(read_session(wasteful.heavy.path), "heavy_result") == ()


# ------------------------------------------------------------------------------------------------- the three axes


def test_a_score_has_three_axes_each_with_all_its_parts(wasteful: Wasteful) -> None:
    for log in (wasteful.loops, wasteful.thread):
        found = score(read_session(log.path))
        for axis in (found.token, found.trajectory, found.waste):
            assert axis.domain_of_validity
            assert isinstance(axis.evidence, tuple)
            assert hasattr(axis, "verdict")
            assert hasattr(axis, "value")
        assert (found.waste.verdict, found.trajectory.state, found.trajectory.verdict) == (
            "waste_found", "UNAVAILABLE", None,
        )  # fmt: skip
        assert found.token.evidence == (f"{found.token.value} real_tokens in session {found.id}",)
        assert len(found.waste.evidence) == found.waste.value


def test_a_program_finds_what_the_warehouse_holds(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    with closing(open_reader(workspace.folder)) as connection, History.open(workspace.folder) as history:
        for log in (*wasteful.claude.logs[:4], wasteful.thread):
            found = score(read_session(log.path), history)
            (stored,) = score_sessions(connection, [found.id], lambda _, kept=found: kept.trajectory)  # type: ignore[misc]
            assert (found.token, found.task_type) == (stored.token, stored.task_type)
            assert sorted(one.wasted_usd or 0 for one in found.waste.findings) == sorted(
                one.wasted_usd or 0 for one in stored.waste.findings
            )


def test_without_a_history_nothing_of_the_users_is_compared(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    for number in range(12):
        log = claude.project(SITE).session(f"2026-05-{number + 1:02d}T09:00:00Z", model=HOUSE).prompt("Fix the bug.")
        log.response(input=0, output=1000 * (number + 1))
    claude.write()
    ingest(workspace := make_workspace(home))
    session = read_session(claude.logs[-1].path)
    alone = score(session).token
    assert alone.reference is None or alone.reference.kind == "bundled"
    with History.open(workspace.folder) as history:
        token = score(session, history).token
        assert token.reference is not None
        assert (token.verdict, token.reference.kind, token.reference.n) == ("above_p75", "own", 11)


def test_a_judge_is_asked_when_one_is_given(bench: Bench) -> None:
    bench.says("judge", "3")
    session = read_session(bench.logs[0].path)
    assert score(session).trajectory.reason == "not_judged"
    assert bench.asked == []
    found = score(session, judge=JudgeConfig(model="judge")).trajectory
    assert (found.state, found.verdict, found.value, found.model) == ("CURRENT", "BETTER", 0.75, "judge")
    assert found.evidence[0].startswith("1 of 1 turns, shown to judge at ")


def test_a_judge_that_is_not_there_is_a_result(bench: Bench) -> None:
    bench.down = JudgeUnavailable("no_server", "Nobody answers.")
    found = score(read_session(bench.logs[0].path), judge=JudgeConfig()).trajectory
    assert (found.state, found.reason, found.hint, found.evidence) == (
        "UNAVAILABLE", "no_server", "Nobody answers.", (),
    )  # fmt: skip
    assert found.domain_of_validity


# -------------------------------------------------------------------------------------------------- the warehouse


def test_a_history_is_asked_for_rows(wasteful: Wasteful) -> None:
    wasteful.ingest()
    with History.open() as history:
        assert history.query("SELECT count(*) AS n, 'x' AS name FROM sessions WHERE kind = ?", ["main"]) == [
            {"n": 7, "name": "x"}
        ]
        assert [row.id for row in history.sessions(limit=1)] == [f"claude_code:{wasteful.clean.session_id}"]
        assert len(history.sessions(make_filter(agent="codex", tz="UTC"))) == 1
        assert len(history.findings()) == 14
        dear = history.findings(Filter(agent="codex"), FindingFilter(min_usd=1))
        assert [one.detector for one in dear] == ["heavy_result", "cache_rebuild"]
        assert history.references() is history.references()


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO purged VALUES (1)",
        "DELETE FROM sessions",
        "UPDATE sessions SET title = 'x'",
        "DROP TABLE sessions",
        "CREATE TABLE mine (x)",
        "PRAGMA user_version = 1",
        "SELECT nothing FROM sessions",
        "SELECT 1; SELECT 2",
    ],
)
def test_a_history_cannot_be_written(wasteful: Wasteful, sql: str) -> None:
    workspace = wasteful.ingest()
    before = dump_warehouse(workspace.folder)
    with History.open() as history, pytest.raises((sqlite3.Error, sqlite3.Warning)):
        history.query(sql)
    assert dump_warehouse(workspace.folder) == before


def test_a_history_can_be_brought_up_to_date_first(wasteful: Wasteful, home: Path) -> None:
    with pytest.raises(TachographError):
        History.open()
    with History.open(update=True) as history:
        assert len(history.sessions()) == 7
    wasteful.open("2026-06-01T09:00:00Z", "More.").response().write()
    with History.open() as before, History.open(update=True) as after:
        assert (len(before.sessions()), len(after.sessions())) == (8, 8)
        wasteful.open("2026-06-02T09:00:00Z", "More.").response().write()
        ingest(make_workspace(home))
        assert len(before.sessions()) == 8, "all answers are about one state"
    with History.open(home / "elsewhere", update=True) as other:
        assert len(other.sessions()) == 9


def test_a_demo_is_not_updated(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    (workspace.folder / DEMO_NOTE).write_text("{}")
    wasteful.open("2026-06-01T09:00:00Z", "More.").response().write()
    with History.open(update=True) as history:
        assert len(history.sessions()) == 7


def test_a_closed_history_says_so(wasteful: Wasteful) -> None:
    wasteful.ingest()
    history = History.open()
    history.close()
    with pytest.raises(sqlite3.ProgrammingError):
        history.query("SELECT 1")
