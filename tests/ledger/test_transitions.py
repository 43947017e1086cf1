"""What may follow what, and what the ledger says when something may not."""

from __future__ import annotations

from typing import Any

import pytest

from tachograph.ledger.transitions import Refused
from tachograph.model.goal import Goal, SyncedUsage

from .making import NOW, Writer


@pytest.fixture
def writer() -> Writer:
    return Writer()


def make(writer: Writer, state: str, **fields: Any) -> str:
    key = writer.start(**fields)
    if state == "success":
        writer.finish(key)
    elif state == "fail":
        writer.finish(key, "fail", failure_reason="tooling_issue")
    return key


def reasons(goal: Goal) -> list[str | None]:
    return [attempt.failure_reason for attempt in goal.attempts]


def test_a_failed_attempt_keeps_its_reason_when_the_goal_succeeds(writer: Writer) -> None:
    key = writer.start()
    writer.resume(key, "validation_failed", notes="again", agent="codex")
    writer.resume(key, "missing_context")
    writer.finish(key, result_fit="partial_fit")
    goal = writer.goals[key]
    assert (goal.status, goal.failure_reason, goal.result_fit) == ("success", None, "partial_fit")
    assert reasons(goal) == ["validation_failed", "missing_context", None]
    assert [one.status for one in goal.attempts] == ["fail", "fail", "success"]
    assert [one.agent for one in goal.attempts] == [None, "codex", "codex"]
    assert goal.attempts[1].notes == "again"


def test_attempts_follow_each_other_without_a_gap(writer: Writer) -> None:
    key = writer.start(started_at=NOW)
    writer.resume(key, started_at=NOW + 50)
    writer.finish(key, finished_at=NOW + 90)
    assert [(one.started_at - NOW, (one.finished_at or 0) - NOW) for one in writer.goals[key].attempts] == [
        (0, 50), (50, 90)
    ]  # fmt: skip


def test_a_failed_goal_is_taken_up_again_with_its_reason_kept(writer: Writer) -> None:
    key = make(writer, "fail")
    end = writer.goals[key].finished_at
    writer.resume(key, "model_mistake")
    goal = writer.goals[key]
    assert (goal.status, goal.failure_reason, goal.finished_at) == ("in_progress", None, None)
    assert reasons(goal) == ["tooling_issue", None]
    assert goal.attempts[0].finished_at == end


POSSIBLE = {  # what may be done with a goal in each state
    "resume": {"in_progress", "fail"},
    "finish": {"in_progress"},
    "reopen": {"success", "fail"},
    "retime the end": {"success", "fail"},
    "give a reason": {"fail"},
    "rename": {"in_progress", "success", "fail"},
    "merge into another": {"success", "fail"},
    "get another": {"in_progress", "success", "fail"},
    "be superseded": {"in_progress", "success", "fail"},
}


@pytest.mark.parametrize("state", ["in_progress", "success", "fail"])
@pytest.mark.parametrize("step", POSSIBLE)
def test_every_step_in_every_state(writer: Writer, step: str, state: str) -> None:
    key = make(writer, state)
    other = make(writer, "success")
    before = dict(writer.goals)
    steps = {
        "resume": lambda: writer.resume(key),
        "finish": lambda: writer.finish(key),
        "reopen": lambda: writer.update(key, status="in_progress"),
        "retime the end": lambda: writer.update(key, finished_at=NOW + 10_000),
        "give a reason": lambda: writer.update(key, failure_reason="other"),
        "rename": lambda: writer.update(key, title="Another"),
        "merge into another": lambda: writer.merge(other, key),
        "get another": lambda: writer.merge(key, other),
        "be superseded": lambda: writer.start(supersedes=key),
    }
    if state in POSSIBLE[step]:
        steps[step]()
        assert writer.goals != before
    else:
        with pytest.raises(Refused):
            steps[step]()
        assert writer.goals == before


REFUSED = {
    "a goal that fails has a failure reason": lambda w, key: w.finish(key, "fail"),
    "a goal that succeeds has no failure reason; those of its attempts stay with them": lambda w, key: w.finish(
        key, failure_reason="other"
    ),
    "a goal that succeeds fits exactly or in part; a miss is a failure": lambda w, key: w.finish(
        key, result_fit="miss"
    ),
    "a goal that fails is a miss, or has no result fit": lambda w, key: w.finish(
        key, "fail", failure_reason="other", result_fit="exact_fit"
    ),
    "a goal that is open has no result fit yet": lambda w, key: w.update(key, result_fit="exact_fit"),
    "a goal has a title": lambda w, key: w.update(key, title=" \n"),
    "a goal cannot be merged with itself": lambda w, key: w.merge(key, key),
    "a goal cannot supersede itself, nor one that supersedes it": lambda w, key: w.update(key, supersedes=key),
    "2026-11-18-001 is open": lambda w, key: w.update(key, status="in_progress"),
    "2026-11-18-001 has attempts 1 to 1": lambda w, key: w.update(key, 2, notes="x"),
    "attempt 1 of 2026-11-18-001 has not failed": lambda w, key: w.update(key, 1, failure_reason="other"),
    "an attempt has no title to change": lambda w, key: w.update(key, 1, title="x"),
    "goal 2026-11-18-001 was never started here": lambda w, key: w.resume("nobody"),
    "goal 2026-11-18-001 was started already": lambda w, key: w.start(key),
    "what is typed in is an amount in USD, or a number of tokens": lambda w, key: w.add_usage(key, "a lot"),
}


@pytest.mark.parametrize(("said", "step"), REFUSED.items())
def test_what_is_refused_says_why(writer: Writer, said: str, step: Any) -> None:
    key = writer.start()
    before = dict(writer.goals)
    with pytest.raises(Refused) as caught:
        step(writer, key)
    assert str(caught.value) == said
    assert writer.goals == before


@pytest.mark.parametrize("kind", ["retro", "meta"])
def test_a_fit_is_for_products(writer: Writer, kind: str) -> None:
    key = writer.start(goal_type=kind)
    with pytest.raises(Refused, match=f"this one is {kind}"):
        writer.finish(key, result_fit="exact_fit")
    writer.finish(key)
    assert writer.goals[key].status == "success"


def test_a_goal_that_is_no_product_any_more_loses_its_fit(writer: Writer) -> None:
    key = writer.start()
    writer.finish(key, result_fit="exact_fit")
    writer.update(key, goal_type="meta")
    assert (writer.goals[key].type, writer.goals[key].result_fit) == ("meta", None)


def test_a_reason_is_corrected_in_the_goal_and_its_last_attempt(writer: Writer) -> None:
    key = writer.start()
    writer.resume(key, "other")
    writer.finish(key, "fail", failure_reason="other", result_fit="miss")
    writer.update(key, failure_reason="scope_too_large")
    writer.update(key, 1, failure_reason="unclear_task", notes="nobody knew")
    goal = writer.goals[key]
    assert (goal.failure_reason, reasons(goal)) == ("scope_too_large", ["unclear_task", "scope_too_large"])
    writer.update(key, 2, failure_reason="environment_issue")
    assert (writer.goals[key].failure_reason, writer.goals[key].attempts[0].notes) == (
        "environment_issue",
        "nobody knew",
    )


def test_times_are_corrected_as_far_as_they_make_sense(writer: Writer) -> None:
    key = writer.start(started_at=NOW)
    writer.resume(key, started_at=NOW + 50)
    writer.finish(key, finished_at=NOW + 90)
    writer.update(key, started_at=NOW - 7, finished_at=NOW + 99)
    goal = writer.goals[key]
    assert (goal.started_at, goal.attempts[0].started_at) == (NOW - 7, NOW - 7)
    assert (goal.finished_at, goal.attempts[-1].finished_at) == (NOW + 99, NOW + 99)
    for wrong in ({"started_at": NOW + 51}, {"finished_at": NOW + 49}):
        with pytest.raises(Refused, match="would end before it starts"):
            writer.update(key, **wrong)


def test_a_merge_joins_attempts_sessions_and_notes(writer: Writer) -> None:
    first = writer.start(started_at=NOW, notes="a", session="codex:1")
    writer.finish(first, "fail", failure_reason="other", finished_at=NOW + 10)
    second = writer.start(started_at=NOW + 20, notes="b", session="codex:2")
    later = writer.start(supersedes=first)
    writer.add_usage(first, "2.50")
    writer.sync(first, SyncedUsage(session="codex:1", responses=2, output=7, pico_usd=5))
    writer.sync(
        second, SyncedUsage(session="codex:1", responses=1, output=1), SyncedUsage(session="codex:2", responses=4)
    )
    writer.merge(second, first)
    goal = writer.goals[second]
    assert first not in writer.goals
    assert (goal.started_at, goal.status, goal.notes, goal.merged) == (NOW, "in_progress", "b\na", (first,))
    assert [(one.number, one.status, one.failure_reason) for one in goal.attempts] == [
        (1, "fail", "other"), (2, "in_progress", None)
    ]  # fmt: skip
    assert goal.sessions == ("codex:2", "codex:1")
    assert [one.usd for one in goal.manual] == ["2.50"]
    assert [(one.session, one.responses, one.output, one.pico_usd) for one in goal.synced] == [
        ("codex:1", 3, 8, 5), ("codex:2", 4, 0, None)
    ]  # fmt: skip
    assert writer.goals[later].supersedes == second
    writer.finish(first)  # a clone that has not heard of the merge
    assert writer.goals[second].status == "success"


@pytest.mark.parametrize(("kept_closed", "instead"), [(True, ", or merge 2026-11-18-001 into it"), (False, "")])
def test_an_open_goal_is_not_merged_away(writer: Writer, kept_closed: bool, instead: str) -> None:
    opened, kept = writer.start(), writer.start()
    if kept_closed:
        writer.finish(kept)
    with pytest.raises(Refused) as refused:
        writer.merge(kept, opened)
    assert str(refused.value) == f"2026-11-18-001 is open: finish it first{instead}"
    if kept_closed:  # then what it advises is possible
        writer.merge(opened, kept)


def test_goals_do_not_supersede_each_other_in_a_circle(writer: Writer) -> None:
    first = make(writer, "success")
    second = make(writer, "success", supersedes=first)
    third = make(writer, "success", supersedes=second)
    with pytest.raises(Refused, match="cannot supersede"):
        writer.update(first, supersedes=third)
    with pytest.raises(Refused, match="another goal stands between"):
        writer.merge(first, third)
    writer.merge(third, second)
    assert writer.goals[third].supersedes == first


def test_links_are_added_once_and_taken_back(writer: Writer) -> None:
    key = writer.start(session="codex:1")
    writer.update(key, link=("codex:2", "codex:1"))
    assert writer.goals[key].sessions == ("codex:1", "codex:2")
    writer.update(key, unlink=("codex:1",))
    assert writer.goals[key].sessions == ("codex:2",)


def test_what_is_synced_takes_the_place_of_what_was(writer: Writer) -> None:
    key = writer.start()
    writer.sync(key, SyncedUsage(session="codex:1", responses=1), SyncedUsage(session="codex:2", responses=2))
    writer.sync(key, SyncedUsage(session="codex:1", responses=9))
    assert [(one.session, one.responses) for one in writer.goals[key].synced] == [("codex:1", 9), ("codex:2", 2)]
