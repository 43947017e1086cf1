from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.analysis.intervals import wilson
from tachograph.app.filters import make_filter
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.unit.app.mechanisms.working import figure, find_one, session_id, shares

ASK = "Repair the gate."


def main_session(claude: ClaudeHome, at: str, ask: str, branch: str = "main", subagents: int = 0) -> ClaudeLog:
    log = claude.project().session(at, branch=branch).prompt(ask)
    for _ in range(subagents):
        log.call("Task", {"prompt": "Look.", "subagent_type": "Explore"})
        log.subagent().prompt("Look.").response()
        log.result("Looked.")
    return log.response()


@pytest.fixture
def logs(home: Path) -> list[ClaudeLog]:
    """Three sessions with the same prompt, of which the second comes within a day; a fork; four subagents in all."""
    claude = ClaudeHome(home / ".claude")
    logs = [
        main_session(claude, "2026-05-01T09:00:00Z", ASK, subagents=3),
        main_session(claude, "2026-05-02T08:00:00Z", ASK, branch="gate"),
        main_session(claude, "2026-05-03T09:00:00Z", ASK),
        main_session(claude, "2026-05-10T09:00:00Z", "Paint it.", branch="paint", subagents=1),
    ]
    logs.append(logs[3].fork("2026-05-20T10:00:00Z").prompt("Another colour.").response())
    claude.write()
    return logs


def test_subagents_are_told_from_second_attempts(home: Path, logs: list[ClaudeLog]) -> None:
    found = find_one(home, "apparent_retries")
    assert shares(found) == {
        "subagents": (4, 6),
        "below": (2, 5),
        "same_prompt": (1, 5),
        "forked": (1, 5),
        "same_branch": (0, 5),
    }
    first = figure(found, "subagents")
    assert (first.value, first.sessions) == (4 / 6, 4)
    assert first.evidence == [session_id(logs[0]), session_id(logs[3])], "the one with most subagents first"
    assert (first.low, first.high, first.reason) == (None, None, "too few sessions, or too much alike, for an interval")


def test_shares_of_sessions_have_wilsons_interval_and_evidence(home: Path, logs: list[ClaudeLog]) -> None:
    again = figure(find_one(home, "apparent_retries"), "same_prompt")
    assert (again.low, again.high) == wilson(1, 5)
    assert (again.of, again.reason, again.evidence) == ("main sessions", "", [session_id(logs[1])])


def test_a_branch_worked_on_twice_within_a_day(home: Path, logs: list[ClaudeLog]) -> None:
    claude = ClaudeHome(home / ".claude")
    claude.ids.uuid("session")
    late = claude.project().session("2026-05-10T20:00:00Z", branch="paint", id="11111111-2222-4333-8444-555555555555")
    late.prompt("Go on.").response()
    claude.write()
    found = figure(find_one(home, "apparent_retries"), "same_branch")
    assert (found.n, found.evidence) == (6, [session_id(late)])


def test_what_went_before_the_span_still_counts_as_the_first_attempt(home: Path, logs: list[ClaudeLog]) -> None:
    found = find_one(home, "apparent_retries", make_filter(since="2026-05-02", until="2026-05-03", tz="UTC"))
    assert shares(found)["same_prompt"] == (1, 1)
    assert shares(found)["subagents"] == (0, 1)


def test_enough_sessions_give_an_interval_by_session(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    for day in range(1, 13):
        main_session(claude, f"2026-06-{day:02d}T09:00:00Z", ASK, subagents=day % 3)
    claude.write()
    found = figure(find_one(home, "apparent_retries"), "subagents")
    assert (found.n, found.sessions) == (12 + 11, 12), "each but the first repeats the prompt of the day before"
    assert found.value == 12 / 23
    assert found.low is not None
    assert found.high is not None
    assert 0.3 < found.low < 12 / 23 < found.high < 0.7


def test_no_retries_at_all(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    main_session(claude, "2026-05-01T09:00:00Z", ASK)
    claude.write()
    first = figure(find_one(home, "apparent_retries"), "subagents")
    assert (first.value, first.n, first.reason) == (None, 0, "there are no apparent retries")
