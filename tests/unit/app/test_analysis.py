"""The interface for programs: one log read, measured, scored; and the warehouse asked."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tachograph.app.analysis import analyse, detect, read_session, score
from tachograph.app.filters import Filter, make_filter
from tachograph.app.findings import FindingFilter, find_finding
from tachograph.app.ingest import ingest
from tachograph.app.open_history import History
from tachograph.app.score import Score, score_sessions
from tachograph.app.score_targets import ScoreOptions, score_targets
from tachograph.app.workspace import DEMO_NOTE, Workspace
from tachograph.errors import NotFound, TachographError, UsageError
from tachograph.judge import JudgeConfig, JudgeUnavailable
from tachograph.model import Session
from tachograph.sources import LogFile, load_sources
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome
from tests.builders.judged import Bench, bench
from tests.builders.wasteful import ERROR, HOUSE, SITE, Wasteful, make_workspace, wasteful, write_config
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


def stored_score(workspace: Workspace, id: str) -> Score:
    """What ``tacho score`` says, without a judge."""
    options = ScoreOptions(update=False)
    (found,) = score_targets(workspace, [id], options, note=print).sessions
    return found


def ids_of(found: Score) -> list[str]:
    return sorted(one.id for one in found.waste.findings)


def test_a_program_finds_what_the_warehouse_holds(wasteful: Wasteful) -> None:
    wasteful.loops.fork("2026-05-21T09:00:00Z").prompt("Otherwise.").response(output=77)
    wasteful.loops.fork("2026-05-21T10:00:00Z", sdk=False).prompt("Or so.").response(output=88)
    wasteful.claude.write()
    workspace = wasteful.ingest()
    logs = (*wasteful.claude.logs, *wasteful.codex.logs)
    with History.open(workspace.folder) as history:
        for log in logs:
            found = score(read_session(log.path), history)
            assert found == stored_score(workspace, found.id)
    assert len(logs) == 13


@pytest.mark.parametrize("sdk", [True, False])
def test_what_a_fork_copied_is_not_its_own_where_a_history_knows_it(wasteful: Wasteful, sdk: bool) -> None:
    fork = wasteful.loops.fork("2026-05-21T09:00:00Z", sdk=sdk).prompt("Otherwise.").response(input=0, output=77)
    wasteful.claude.write()
    session = read_session(fork.path)
    alone = score(session)
    assert (alone.token.value, alone.waste.value) == (_real_tokens(session), 3)
    for axis in (alone.token, alone.waste):
        assert "copies from other sessions are counted" in axis.domain_of_validity
        assert "This session is a fork" in axis.domain_of_validity
    wasteful.ingest()
    with History.open() as history:
        told = score(session, history)
    assert (told.token.value, told.waste.value, told.task_type) == (77, 0, "feature-build")
    assert "copies" not in told.token.domain_of_validity + told.waste.domain_of_validity


def _real_tokens(session: Session) -> int:
    return sum(
        one.usage.input + one.usage.cache_write_5m + one.usage.cache_write_1h + one.usage.output
        for one in session.responses
    )


def test_a_codex_fork_is_known_without_a_history(home: Path) -> None:
    codex = CodexHome(home / ".codex")
    first = codex.session("2026-05-19T12:00:00Z", cwd=SITE, model=HOUSE)
    first.turn().prompt("Fix the bug.").shell("npm test", ERROR, 1).tokens(input=500)
    first.shell("npm test", ERROR, 1).tokens(input=700, output=70).complete()
    fork = first.fork("2026-05-19T13:00:00Z").turn().prompt("Add a page.").answer().tokens(input=300, output=30)
    fork.complete()
    codex.write()
    ingest(workspace := make_workspace(home))
    assert score(read_session(first.path)).waste.value == 1
    alone = score(session := read_session(fork.path))
    assert (alone.token.value, alone.waste.value) == (330, 0)
    with History.open() as history:
        told = score(session, history)
    assert told == stored_score(workspace, session.id)
    assert (told.token.value, told.waste.value) == (330, 0)


def test_a_log_that_went_on_is_counted_without_what_the_history_knows_to_be_copied(wasteful: Wasteful) -> None:
    fork = wasteful.loops.fork("2026-05-21T09:00:00Z", sdk=False).prompt("Otherwise.").response(input=0, output=77)
    wasteful.claude.write()
    workspace = wasteful.ingest()
    fork.prompt("Again.").shell("npm test", ERROR, 1).shell("npm test", ERROR, 1).response(input=0, output=4).write()
    session = read_session(fork.path)
    with History.open() as history:
        assert not history.holds(session)
        newer = score(session, history)
    assert (newer.token.value, [one.detector for one in newer.waste.findings]) == (221, ["repeated_failed_retry"])
    for axis in (newer.token, newer.waste):
        assert "The history holds another state of this session" in axis.domain_of_validity
    ingest(workspace)
    with History.open() as history:
        assert history.holds(session)
        now = score(session, history)
    assert (now.token.value, ids_of(now)) == (221, ids_of(newer))


def test_a_session_in_two_logs_is_scored_whole_where_a_history_knows_it(home: Path) -> None:
    codex = CodexHome(home / ".codex")
    first = codex.session("2026-05-19T12:00:00Z", cwd=SITE, model=HOUSE)
    first.turn().prompt("Fix the bug.").answer().tokens(input=300, output=7).complete()
    second = codex.session("2026-05-19T13:00:00Z", id=first.id, cwd=SITE, model=HOUSE, segment="2")
    second.turn().prompt("More.").answer().tokens(input=100, output=5).complete()
    codex.write()
    ingest(workspace := make_workspace(home))
    session = read_session(second.path)
    assert score(session).token.value == 105
    with History.open() as history:
        whole = score(session, history)
    assert (whole.token.value, whole) == (412, stored_score(workspace, session.id))


def test_a_program_is_told_of_the_subagents_beside(wasteful: Wasteful) -> None:
    session = read_session(wasteful.parent.path)
    assert score(session).subagents == []
    wasteful.ingest()
    with History.open() as history:
        known = score(session, history).subagents
        changed = score(msgspec.structs.replace(session, title="New"), history).subagents
    assert [(one.id.rpartition("/")[2], one.agent_type, one.findings) for one in known] == [
        (wasteful.agents[0].agent_id, "Explore", 0), (wasteful.agents[1].agent_id, "Explore", 1),
    ]  # fmt: skip
    assert changed == known


def test_a_history_that_does_not_know_the_session_compares_only(wasteful: Wasteful, tmp_path: Path) -> None:
    wasteful.ingest()
    log = ClaudeHome(tmp_path).project(SITE).session("2026-06-01T09:00:00Z", id="f" * 8, model=HOUSE)
    session = read_session(log.prompt("Fix it.").response(input=0, output=9).write())
    with History.open() as history:
        found = score(session, history)
    assert (found.token.value, found.title, found.subagents) == (9, "Fix it.", [])
    assert "without a history that knows this session" in found.token.domain_of_validity


def test_a_finding_of_a_program_can_be_explained(wasteful: Wasteful) -> None:
    alone = score(read_session(wasteful.loops.path)).waste.findings
    assert len(alone) == 3
    workspace = wasteful.ingest()
    with closing(open_reader(workspace.folder)) as connection:
        for one in alone:
            told = find_finding(connection, one.id)
            assert (told.detector, told.session, told.wasted_usd) == (one.detector, one.session, one.wasted_usd)


def test_prices_and_thresholds_are_read_anew_each_time(wasteful: Wasteful, home: Path) -> None:
    session = read_session(wasteful.heavy.path)
    assert [one.cost_pico for one in detect(session, "heavy_result")] == [1_300_000_000_000]
    config = home / ".config" / "tachograph" / "config.toml"
    config.write_text(config.read_text().replace("cache_read = 1", "cache_read = 2"))
    assert [one.cost_pico for one in detect(session, "heavy_result")] == [1_400_000_000_000]
    config.write_text("[waste]\nheavy_result_usd = 9\n" + config.read_text())
    assert analyse(session).findings == ()


def test_programs_and_the_command_agree_on_real_histories(home: Path, shared_data: Path) -> None:
    workspace = Workspace(home / "tachograph")
    homes = {"claude_code": shared_data / "claude_home", "codex": shared_data / "codex_home"}
    for agent, folder in homes.items():
        ingest(workspace, agent=agent, path=folder)
    logs = [log for agent, folder in homes.items() for log in load_sources()[agent].discover(folder)]
    seen = set()
    with History.open(workspace.folder) as history:
        for log in logs:
            assert isinstance(log, LogFile)
            found = score(read_session(log.path), history)
            trajectory = found.trajectory
            (stored,) = score_sessions(history.connection, [found.id], lambda _, kept=trajectory: kept)  # type: ignore[misc]
            assert found == stored
            seen.add(found.id)
        assert len(seen) == history.query("SELECT count(DISTINCT session) AS n FROM segments WHERE ordinal = 0")[0]["n"]
    assert len(seen) > 160


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
