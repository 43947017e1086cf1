"""What goals cost, on histories whose truth is known."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tachograph.ledger.reading import read_ledger
from tachograph.model.goal import SyncedUsage
from tests.builders.small import MYSTERY
from tests.goals.worked import Worked, at, moment, name_of, outputs


@pytest.fixture
def work(home: Path) -> Worked:
    return Worked(home)


# ------------------------------------------------------------------------------------------------------- by time


def test_a_goal_costs_what_was_done_while_it_was_open(work: Worked) -> None:
    log = work.session("09:00")
    work.turn(log, "09:00", 1)
    work.turn(log, "10:00", 20_000, 30_000)
    work.turn(log, "12:00", 4)
    work.goal("a", "09:30", "11:00")
    usage = work.measure()
    assert outputs(usage) == {"a": 50_000, "other": 5}
    goal = usage.goals["a"]
    assert (goal.totals.usd, goal.totals.responses, goal.totals.sessions, goal.totals.input) == (0.5, 2, 1, 20)
    assert (goal.sessions, goal.coverage, goal.unclear_responses) == ((name_of(log),), 1.0, 0)
    assert [(one.number, one.totals.output) for one in goal.attempts] == [(1, 50_000)]


def test_two_goals_share_a_session_and_even_a_turn(work: Worked) -> None:
    log = work.session("09:00")
    work.turn(log, "10:00", 1, 20, 300, 4000, 50_000, 600_000)  # at 10:01, 10:02 …
    work.turn(log, "11:00", 7)
    work.goal("a", "10:02", "10:03")
    work.goal("b", "10:05", "10:06")
    assert outputs(work.measure()) == {"a": 1 + 20 + 300 + 4000, "b": 50_000 + 600_000, "other": 7}


def test_a_goal_over_midnight_and_a_fork_counts_the_copied_beginning_once(work: Worked) -> None:
    log = work.session("22:00")
    work.turn(log, "22:00", 1)
    work.turn(log, "23:58", 20, 300, 4000, 50_000)  # two of them tomorrow
    old = log.fork(moment("21T00:30"), sdk=False)
    work.turn(old, "21T00:40", 600_000)
    new = log.fork(moment("21T00:50"))
    work.turn(new, "21T01:00", 7_000_000)
    work.turn(new, "21T03:00", 9)
    work.goal("a", "23:00", "21T02:00")
    usage = work.measure()
    assert outputs(usage) == {"a": 7_654_320, "other": 10}
    assert usage.goals["a"].totals.responses == 6
    assert usage.goals["a"].totals.usd == 76.5432


def test_subagents_count_for_the_session_that_started_them_by_their_own_times(work: Worked) -> None:
    log = work.session("09:00")
    work.turn(log, "10:00", 1)
    log.call("Task", {"description": "look", "prompt": "Look.", "subagent_type": "Explore"}, output=20)
    agent = log.subagent()
    agent.prompt("Look.").response(output=300, seconds=60)
    below = agent.project.home.logs[0].subagent(spawned_by=agent.agent_id)
    below.at(moment("10:50")).prompt("Look deeper.", seconds=0).response(output=4000, seconds=60)
    log.at(moment("11:30")).result("Looked.").response(output=50_000)
    work.goal("a", "09:30", "10:30")
    work.goal("b", "10:45", "11:00")
    usage = work.measure()
    assert outputs(usage) == {"a": 321, "b": 54_000}, "what follows b's end in the turn is b's last words"
    assert usage.goals["a"].totals.sessions == 1


def test_what_a_subagent_does_after_the_turn_that_began_it_counts_by_its_own_moment(work: Worked) -> None:
    log = work.session("09:00")
    work.turn(log, "10:00", 1)
    log.call("Task", {"description": "look", "prompt": "Look.", "subagent_type": "Explore"}, output=20)
    work.turn(log.subagent(), "10:58", 300, 4000, 50_000)  # at 10:59, 11:00, 11:01
    work.turn(log, "11:00", 600_000)
    work.goal("a", "09:30", "10:30")
    assert outputs(work.measure()) == {"a": 321, "other": 654_000}
    work.goal("b", "11:00", "12:00")
    assert outputs(work.measure()) == {"a": 321, "b": 654_000}


def test_a_subagent_whose_main_session_left_no_log_counts(work: Worked) -> None:
    log = work.session("09:00")
    agent = log.subagent()
    work.turn(agent, "10:00", 70)
    work.claude.logs.remove(log)
    work.goal("a", "09:00", "11:00")
    usage = work.measure()
    assert outputs(usage) == {"a": 70}
    assert usage.goals["a"].sessions == (name_of(log),)


def test_a_session_in_several_logs_counts_once(work: Worked) -> None:
    log = work.session("09:00")
    work.turn(log, "10:00", 1, 20)
    resumed = log.fork(sdk=False, id="resumed")
    for record in resumed.records:
        record["sessionId"] = log.session_id
    resumed.session_id = log.session_id
    work.turn(resumed, "10:30", 300)
    work.goal("a", "09:30", "11:00")
    usage = work.measure()
    assert (outputs(usage), usage.goals["a"].totals.responses) == ({"a": 321}, 3)


def test_codex_sessions_count_by_turn_too(work: Worked) -> None:
    log = work.codex.session(moment("10:00"), cwd="/home/ada/site", model="house-model")
    log.turn().prompt("One.").tokens(output=1, seconds=60).complete()
    log.at(moment("11:00")).turn().prompt("Two.").tokens(output=20, seconds=60).tokens(
        output=300, seconds=60
    ).complete()
    work.goal("a", "10:30", "11:30")
    assert outputs(work.measure()) == {"a": 320, "other": 1}


@pytest.mark.parametrize(
    ("cwd", "counted"),
    [
        ("/home/ada/site", True),
        ("/home/ada/site/docs", True),
        ("/home/ada/site/.claude/worktrees/calm-otter", True),
        ("/home/ada/site-2", False),
        ("/home/ada", False),
        ("/home/ada/SITE", False),
    ],
)
def test_sub_folders_and_worktrees_are_the_project(work: Worked, cwd: str, counted: bool) -> None:
    work.turn(work.session("10:00", cwd), "10:00", 7)
    work.goal("a", "09:30", "11:00")
    assert outputs(work.measure()) == ({"a": 7} if counted else {})


def test_a_model_without_a_price_counts_in_tokens_and_lowers_the_coverage(work: Worked) -> None:
    work.turn(work.session("10:00"), "10:00", 1_000, 2_000)
    work.turn(work.session("10:10", model=MYSTERY), "10:10", 40_000)
    work.goal("a", "09:30", "11:00")
    goal = work.measure().goals["a"]
    assert (goal.totals.output, goal.totals.usd, goal.totals.sessions) == (43_000, 0.03, 2)
    assert (goal.totals.unpriced_responses, goal.totals.unpriced_models) == (1, [MYSTERY])
    assert goal.coverage == pytest.approx(2 / 3)


# ------------------------------------------------------------------------------------------- several goals at once


def test_what_nobody_can_tell_apart_counts_for_none(work: Worked) -> None:
    work.turn(work.session("10:00"), "10:00", 1, 20, 300)
    work.goal("a", "10:00", "10:02")
    work.goal("b", "10:01", "10:10")
    usage = work.measure()
    assert outputs(usage) == {"b": 320, "unclear": 1}
    assert [(key, one.unclear_responses, one.coverage) for key, one in usage.goals.items()] == [
        ("a", 1, 0.0), ("b", 1, pytest.approx(2 / 3)),
    ]  # fmt: skip
    assert usage.unclear.sessions == 1


def test_a_linked_session_is_its_goals_though_another_is_open(work: Worked) -> None:
    one, two = work.session("10:00"), work.session("10:00")
    work.turn(one, "10:00", 1)
    work.turn(two, "10:00", 20)
    work.goal("a", "09:30", "11:00", link=(name_of(one),))
    work.goal("b", "09:30", "11:00")
    assert outputs(work.measure()) == {"a": 1, "b": 20}


def test_a_session_linked_with_two_goals_is_split_by_time(work: Worked) -> None:
    log = work.session("10:00")
    work.turn(log, "10:00", 1)
    work.turn(log, "10:30", 20)
    work.turn(log, "11:00", 300)
    work.turn(log, "11:30", 4000)
    work.goal("a", "10:00", "10:45", link=(name_of(log),))
    work.goal("b", "10:20", "11:15", link=(name_of(log),))
    assert outputs(work.measure()) == {"a": 1, "unclear": 20, "b": 300, "other": 4000}


def test_a_linked_session_of_another_project_and_its_forks_count(work: Worked) -> None:
    log = work.session("10:00", "/home/ada/tools")
    work.turn(log, "10:00", 1)
    fork = log.fork(moment("10:10"))
    work.turn(fork, "10:10", 20)
    stranger = work.session("10:00", "/home/ada/tools")
    work.turn(stranger, "10:00", 300)
    work.goal("a", "09:30", "11:00", link=(name_of(log),))
    assert outputs(work.measure()) == {"a": 21}


def test_a_link_to_a_subagent_is_one_to_its_session(work: Worked) -> None:
    log = work.session("10:00", "/home/ada/tools")
    work.turn(log, "10:00", 1)
    log.call("Task", {"description": "look", "prompt": "Look.", "subagent_type": "Explore"}, output=20)
    log.subagent().prompt("Look.").response(output=300)
    with work.connection() as connection:
        (subagent,) = connection.execute("SELECT id FROM sessions WHERE kind = 'subagent'").fetchone()
    work.goal("a", "09:30", "11:00", link=(subagent,))
    assert outputs(work.measure()) == {"a": 321}


def test_a_linked_goal_takes_no_sessions_by_time(work: Worked) -> None:
    work.turn(work.session("10:00"), "10:00", 1)
    work.goal("a", "09:30", "11:00", link=("claude_code:elsewhere",))
    assert outputs(work.measure()) == {"other": 1}


# ------------------------------------------------------------------------------- attempts, failures, other ledgers


def test_time_between_a_failure_and_the_next_attempt_is_nobodys(work: Worked) -> None:
    log = work.session("10:00")
    for number, clock in enumerate(("10:00", "11:00", "12:00", "13:00", "14:00")):
        work.turn(log, clock, 10**number)
    work.ledger.start("a", started_at=at("09:30"))
    work.ledger.resume("a", started_at=at("10:30"))
    work.ledger.finish("a", "fail", finished_at=at("11:30"), failure_reason="other")
    work.ledger.resume("a", started_at=at("12:30"))
    work.ledger.finish("a", finished_at=at("13:30"))
    usage = work.measure()
    assert outputs(usage) == {"a": 1011, "other": 10_100}
    assert [(one.number, one.totals.output) for one in usage.goals["a"].attempts] == [(1, 1), (2, 10), (3, 1000)]


def test_a_goal_opened_again_was_open_all_the_time(work: Worked) -> None:
    log = work.session("10:00")
    for number, clock in enumerate(("10:00", "11:00", "12:00")):
        work.turn(log, clock, 10**number)
    work.goal("a", "09:30", "10:30")
    work.ledger.update("a", status="in_progress")
    work.ledger.finish("a", finished_at=at("12:30"))
    assert outputs(work.measure()) == {"a": 111}


def test_a_merged_goal_has_the_responses_of_both(work: Worked) -> None:
    log = work.session("10:00")
    for number, clock in enumerate(("10:00", "11:00", "12:00")):
        work.turn(log, clock, 10**number)
    work.goal("a", "09:30", "10:30")
    work.goal("b", "11:30", "12:30")
    work.ledger.merge("b", "a")
    usage = work.measure()
    assert outputs(usage) == {"b": 101, "other": 10}
    assert [(one.number, one.totals.output) for one in usage.goals["b"].attempts] == [(1, 1), (2, 100)]


def test_a_goal_of_the_other_tool_has_its_whole_time_and_none_of_its_costs(work: Worked) -> None:
    log = work.session("10:00")
    work.turn(log, "10:00", 1)
    work.turn(log, "10:40", 20)
    work.turn(log, "12:00", 300)
    goal = {
        "goal_id": "2026-05-20-001", "title": "Log in", "goal_type": "product", "status": "success", "attempts": 3,
        "started_at": moment("09:50"), "finished_at": moment("11:00"), "cost_usd": 99.0, "total_tokens": 5,
    }  # fmt: skip
    line = msgspec.json.encode({"event_type": "goal_finished", "ts": moment("11:00"), "goal": goal, "entries": []})
    usage = work.measure(list(read_ledger(line + b"\n").state.goals))
    assert outputs(usage) == {"id:2026-05-20-001": 21, "other": 300}


def test_an_open_goal_counts_up_to_now(work: Worked) -> None:
    work.turn(work.session("21T10:00"), "21T10:00", 7)
    work.goal("a", "09:30")
    assert outputs(work.measure()) == {"a": 7}


def test_without_goals_there_is_nothing(work: Worked) -> None:
    work.turn(work.session("10:00"), "10:00", 7)
    assert outputs(work.measure()) == {}


# --------------------------------------------------------------------------------- what other machines noted


def test_what_was_noted_elsewhere_counts_where_the_session_is_not_known(work: Worked) -> None:
    log = work.session("10:00")
    work.turn(log, "10:00", 1_000)
    here = SyncedUsage(session=name_of(log), responses=9, output=9, pico_usd=9)
    there = SyncedUsage(
        session="codex:there", responses=3, output=50_000, input=7, reasoning=5, pico_usd=10**12 // 4,
        unpriced_responses=1, output_unreliable_responses=1, unclear_responses=2,
    )  # fmt: skip
    gone = SyncedUsage(session="codex:gone", responses=0)
    work.goal("a", "09:30", "11:00")
    work.ledger.sync("a", here, there, gone)
    goal = work.measure().goals["a"]
    assert (goal.totals.output, goal.totals.usd, goal.totals.responses, goal.totals.sessions) == (51_000, 0.26, 4, 2)
    assert (goal.synced.output, goal.synced.usd, goal.synced.responses, goal.synced.sessions) == (50_000, 0.25, 3, 1)
    assert (goal.totals.input, goal.totals.reasoning, goal.totals.unpriced_responses) == (17, 5, 1)
    assert (goal.totals.output_unreliable_responses, goal.unclear_responses) == (1, 2)
    assert goal.sessions == (name_of(log), "codex:there")
    assert goal.coverage == 0.5
    assert [one.totals.output for one in goal.attempts] == [1_000]
