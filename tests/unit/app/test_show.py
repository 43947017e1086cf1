"""One session's story: turns and their sums, subagents where they were started, what is shared, joined logs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tachograph.app.filters import make_filter
from tachograph.app.history import Shared
from tachograph.app.ingest import ingest
from tachograph.app.sessions import list_sessions
from tachograph.app.show import SessionStory, tell_session
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome, ClaudeLog, iteration
from tests.builders.codex import CodexHome
from tests.builders.history import write_hard_history
from tests.builders.small import HOUSE, MYSTERY, SITE, Week, make_workspace, week

__all__ = ["week"]


@contextmanager
def stored(home: Path) -> Iterator[sqlite3.Connection]:
    workspace = make_workspace(home)
    ingest(workspace)
    with closing(open_reader(workspace.folder)) as connection:
        yield connection


def tell(home: Path, log: ClaudeLog, tail: str = "") -> SessionStory:
    with stored(home) as connection:
        return tell_session(connection, f"claude_code:{log.session_id}{tail}", make_filter(tz="UTC"))


@pytest.fixture
def log(home: Path) -> ClaudeLog:
    """An open log of the house model; write it with :func:`tell_log`."""
    return ClaudeHome(home / ".claude").project(SITE).session("2026-05-18T09:00:00Z", model=HOUSE)


def tell_log(home: Path, log: ClaudeLog) -> SessionStory:
    log.project.home.write()
    return tell(home, log)


# ------------------------------------------------------------------------------------------------------- turns


def test_each_turn_has_its_own_cost_tokens_and_calls(week: Week) -> None:
    story = tell(week.home, week.first)
    first, second = story.turns
    assert (first.number, first.kind, first.text) == (1, "human", "Repair the login.")
    assert (first.responses, first.output, first.usd) == (3, 120_000, 1.2)
    assert (first.tool_calls, first.tool_errors, first.tool_denied, first.interruptions) == (4, 1, 1, 1)
    assert first.tool_calls_by_name == {"Bash": 2, "Read": 1, "Edit": 1}
    assert (second.text, second.output, second.usd, second.tool_calls) == ("Try again.", 40_000, 0.4, 1)
    assert first.started_at is not None
    assert second.started_at is not None
    assert first.ended_at is not None
    assert first.started_at < first.ended_at < second.started_at


def test_turns_add_up_to_the_session(week: Week) -> None:
    story = tell(week.home, week.first)
    assert sum(turn.usd or 0 for turn in story.turns) == pytest.approx(story.session.own_usd)
    assert sum(turn.active_seconds for turn in story.turns) == pytest.approx(story.session.active_seconds)
    assert sum(turn.output for turn in story.turns) == story.metrics["tokens"]["output"] == 160_000
    assert (story.metrics["turns"], story.metrics["human_prompts"]) == (2, 2)


def test_a_turn_without_price_is_unpriced_not_free(week: Week) -> None:
    (turn,) = tell(week.home, week.other).turns
    assert (turn.usd, turn.unpriced_responses, turn.output) == (None, 1, 7_000)


def test_all_passes_of_a_response_are_in_its_turn(home: Path, log: ClaudeLog) -> None:
    log.prompt().response(output=300, iterations=[iteration(output=100), iteration(MYSTERY, output=200)])
    (turn,) = tell_log(home, log).turns
    assert (turn.responses, turn.output, turn.usd) == (1, 300, 0.001)


def test_what_happened_on_the_way_is_told_with_its_turn(home: Path, log: ClaudeLog) -> None:
    log.prompt("One.").response(output=1).prompt("Two.").api_error().compaction(155_000).response(output=1)
    detail = {"stdout": "", "stderr": "", "gitOperation": {"commit": {"sha": "1a2b3c4", "kind": "committed"}}}
    log.tool("Bash", {"command": "git commit -m x"}, result="[main 1a2b3c4] x", detail=detail)
    log.pr_link(7, "https://example.com/pr/7").interruption()
    story = tell_log(home, log)
    told = [(marker.kind, marker.turn, marker.value) for marker in story.markers]
    assert ("compaction", 2, 155_000) in told
    assert ("api_error", 2, 529) in told
    assert ("interruption", 2, None) in told
    second = story.turns[1]
    assert (second.compactions, second.api_errors, second.interruptions) == (1, 1, 1)
    assert second.commits == ["1a2b3c4"]
    assert len(second.pr_links) == 1


def test_codex_turns_are_told_too(week: Week) -> None:
    with closing(open_reader(week.ingest().folder)) as connection:
        (row,) = list_sessions(connection, make_filter(agent="codex", tz="UTC")).sessions
        story = tell_session(connection, row.id, make_filter(tz="UTC"))
    assert [(turn.text, turn.output, turn.usd) for turn in story.turns] == [
        ("Speed up the build.", 8_000, 0.08),
        ("Faster.", 4_000, 0.04),
    ]


# --------------------------------------------------------------------------------------------------- subagents


def test_subagents_hang_on_the_turn_that_started_them(week: Week) -> None:
    story = tell(week.home, week.first)
    outer, inner = story.subagents
    assert (outer.depth, outer.turn, outer.session.agent_type, outer.session.usd) == (1, 2, "Explore", 0.05)
    assert (inner.depth, inner.turn, inner.session.usd) == (2, 2, 0.01)
    assert story.turns[1].subagents == [outer.session.id, inner.session.id]
    assert (story.session.usd, story.session.own_usd) == (pytest.approx(1.66), pytest.approx(1.6))


def test_a_subagent_has_a_story_of_its_own(week: Week) -> None:
    story = tell(week.home, week.first, f"/{week.agent.agent_id}")
    assert (story.session.kind, story.session.usd) == ("subagent", 0.05)
    assert [(turn.kind, turn.text, turn.usd) for turn in story.turns] == [("task", "Look.", 0.05)]
    assert [(below.depth, below.session.usd) for below in story.subagents] == [(1, 0.01)]


def test_a_session_without_a_log_still_has_its_subagents(home: Path, log: ClaudeLog) -> None:
    log.prompt().response()
    log.subagent().prompt("Look.").response(output=4_000)
    log.project.home.write()
    log.path.unlink()
    story = tell(home, log)
    assert story.session.log_missing
    assert (story.turns, story.metrics, story.markers) == ([], {}, [])
    assert [below.session.usd for below in story.subagents] == [0.04]


def test_an_unknown_session_has_no_story(week: Week) -> None:
    with stored(week.home) as connection, pytest.raises(LookupError):
        tell_session(connection, "claude_code:nobody", make_filter())


# ----------------------------------------------------------------------------------------- copies, several logs


def test_what_a_fork_copied_is_shown_as_shared_and_not_counted(home: Path, log: ClaudeLog) -> None:
    log.prompt("One.").response(output=1_000).shell("ls", "a.py").response(output=2_000)
    fork = log.fork("2026-05-19T09:00:00Z").prompt("Two.").response(output=500)
    log.project.home.write()
    story = tell(home, fork)
    owner = f"claude_code:{log.session_id}"
    assert story.shared == [Shared(owner, log.session_id[:8], 3)]
    assert [(turn.number, turn.text, turn.output) for turn in story.turns] == [(1, "Two.", 500)]
    assert (story.metrics["tool_calls"], story.metrics["responses"]) == ([], 1)
    assert tell(home, log).shared == []


def test_an_owner_counts_its_copy_s_larger_output(home: Path, log: ClaudeLog) -> None:
    log.prompt("One.").response(id="msg_01TESTcut", stop=None, output=5)
    later = log.fork("2026-05-19T09:00:00Z", sdk=False)
    later.response(id="msg_01TESTcut", output=50_000)
    log.project.home.write()
    (turn,) = tell(home, log).turns
    assert (turn.output, turn.usd) == (50_000, 0.5)


def test_a_session_in_two_logs_is_one_story(home: Path, log: ClaudeLog) -> None:
    log.prompt("One.").response(output=1_000)
    log.project.home.write()
    moved = log.project.session("2026-05-18T10:00:00Z", id=log.session_id, stem="elsewhere", model=HOUSE)
    moved.prompt("Two.").shell("make", "boom", 2).response(output=2_000).write()
    story = tell(home, log)
    assert [(turn.number, turn.text, turn.output) for turn in story.turns] == [(1, "One.", 1_000), (2, "Two.", 2_060)]
    assert story.session.usd == pytest.approx(0.0306)
    assert len(story.metrics["tool_calls"]) == 1


def test_problems_of_its_logs_are_counted(home: Path, log: ClaudeLog) -> None:
    log.prompt().response(output=1).raw(b'{"type":"user","broken\n').raw(b"neither\n")
    assert tell_log(home, log).problems == 2


# ------------------------------------------------------------------------------------------------ any history


def check_against_lists(workspace: Workspace) -> int:
    """Every story says what the lists say; returns the number of stories."""
    with closing(open_reader(workspace.folder)) as connection:
        chosen = make_filter(tz="UTC")
        rows = list_sessions(connection, chosen, limit=0).sessions
        rows += list_sessions(connection, chosen, limit=0, subagents=True).sessions
        for row in rows:
            story = tell_session(connection, row.id, chosen)
            assert story.session == row
            if row.log_missing:
                continue
            turns, metrics = story.turns, story.metrics
            assert sum(turn.usd or 0 for turn in turns) == pytest.approx(row.own_usd or 0), row.id
            assert sum(turn.responses for turn in turns) == metrics["responses"], row.id
            assert (metrics["turns"], metrics["human_prompts"]) == (row.turns, row.prompts), row.id
            below = sum(one.session.usd or 0 for one in story.subagents) if row.kind == "main" else 0
            assert (row.own_usd or 0) + below == pytest.approx(row.usd or 0), row.id
            assert sum(part.responses for part in story.shared) == row.shared_responses, row.id
    return len(rows)


def test_stories_and_lists_agree_on_a_hard_history(home: Path) -> None:
    write_hard_history(home)
    workspace = Workspace(home / "data", Settings())
    for agent in ("claude", "codex"):
        ingest(workspace, path=home / agent)
    assert check_against_lists(workspace) > 10


def test_stories_and_lists_agree_on_real_histories(home: Path, shared_data: Path) -> None:
    workspace = Workspace(home / "data", Settings())
    ingest(workspace, path=shared_data / "claude_home" / "projects" / "JanDeDobbeleer--oh-my-posh")
    ingest(workspace, path=shared_data / "codex_home")
    assert check_against_lists(workspace) > 20


def test_a_codex_fork_shares_its_prefix(home: Path) -> None:
    codex = CodexHome(home / ".codex")
    thread = codex.session("2026-05-18T09:00:00Z", model=HOUSE)
    thread.turn().prompt("One.").answer().tokens(output=1_000).complete()
    fork = thread.fork("2026-05-19T09:00:00Z")
    fork.turn().prompt("Two.").answer().tokens(output=500).complete()
    codex.write()
    with stored(home) as connection:
        rows = list_sessions(connection, make_filter(tz="UTC")).sessions
        story = tell_session(connection, rows[0].id, make_filter(tz="UTC"))
    assert [turn.output for turn in story.turns if turn.responses] == [500]
    assert [(part.session, part.responses) for part in story.shared] in ([(rows[1].id, 1)], [(None, 1)])
