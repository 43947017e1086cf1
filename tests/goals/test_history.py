"""A ledger held against the history."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tachograph.app.goals.history import AttemptMismatch, HistoryComparison, LooseSession, Overlap, compare_history
from tachograph.model.goal import SyncedUsage
from tests.builders.small import MYSTERY
from tests.goals.worked import SITE, Worked, at, moment, name_of

NOW = at("25T12:00")


@pytest.fixture
def work(home: Path) -> Worked:
    return Worked(home)


def compare(work: Worked, limit: int = 20, now: int = NOW) -> HistoryComparison:
    with work.connection() as connection:
        return compare_history(connection, work.place, work.reading().state, now, limit)


def test_sessions_without_a_goal_the_most_expensive_first(work: Worked) -> None:
    early, small, large, odd, late, shared = (
        work.session(clock, **options)
        for clock, options in (
            ("08:00", {}), ("11:00", {}), ("11:10", {}), ("11:20", {"model": MYSTERY}), ("21T09:00", {}), ("10:00", {}),
        )
    )  # fmt: skip
    large.custom_title("Large")
    for log, clock, output in (
        (early, "08:00", 7), (small, "11:00", 1_000), (large, "11:10", 50_000), (odd, "11:20", 9),
        (late, "21T09:00", 2_000), (shared, "10:00", 100_000), (shared, "11:40", 300_000),
    ):  # fmt: skip
        work.turn(log, clock, output)
    stranger = work.session("11:00", "/home/ada/tools")
    work.turn(stranger, "11:00", 5)
    work.goal("a", "09:30", "10:30")
    report = compare(work)
    found = [(one.id, one.usd, one.responses) for one in report.sessions_without_goal]
    assert found == [
        (name_of(large), 0.5, 1), (name_of(late), 0.02, 1), (name_of(small), 0.01, 1), (name_of(odd), None, 1),
    ], "one was over before the first goal, one made something for a goal, one is another project's"  # fmt: skip
    assert report.loose_sessions == 4
    assert report.sessions_without_goal[0] == LooseSession(
        id=name_of(large), title="Large", project=SITE, started_at=datetime(2026, 5, 20, 11, 10, tzinfo=UTC),
        ended_at=datetime(2026, 5, 20, 11, 11, tzinfo=UTC), responses=1, usd=0.5, unpriced_responses=0,
        unclear_responses=0,
    )  # fmt: skip
    assert report.sessions_without_goal[1].title == "Go on."
    assert (report.for_goals.usd, report.for_goals.sessions) == (1.0, 1)
    assert (report.for_no_goal.usd, report.for_no_goal.sessions) == (3.53, 5)
    assert report.share_of_usd == pytest.approx(1 / 4.53)
    few = compare(work, limit=1)
    assert ([one.id for one in few.sessions_without_goal], few.loose_sessions) == ([name_of(large)], 4)
    assert len(compare(work, limit=0).sessions_without_goal) == 4


def test_a_session_of_which_all_is_unclear_has_no_goal_yet(work: Worked) -> None:
    log = work.session("10:00")
    work.turn(log, "10:00", 1_000, 2_000)
    work.goal("a", "09:30", "11:00")
    work.goal("b", "09:30", "10:02")
    report = compare(work)
    assert report.sessions_without_goal == [], "its second response is the first goal's"
    work.ledger.update("b", finished_at=at("11:00"))
    (one,) = compare(work).sessions_without_goal
    assert (one.id, one.responses, one.unclear_responses, one.usd) == (name_of(log), 2, 2, 0.03)
    assert (compare(work).unclear.usd, compare(work).share_of_usd) == (0.03, 0.0)


def test_goals_without_a_session(work: Worked) -> None:
    work.turn(work.session("10:00"), "10:00", 1_000)
    work.goal("a", "09:30", "11:00", title="Worked on")
    work.goal("b", "12:00", "13:00", title="Never")
    work.goal("c", "14:00", title="Open")
    work.goal("d", "15:00", "16:00", title="Elsewhere", link=("codex:there",))
    work.ledger.sync("d", SyncedUsage(session="codex:there", responses=1, output=1, pico_usd=2 * 10**10))
    report = compare(work)
    assert [(one.title, one.status) for one in report.goals_without_session] == [
        ("Never", "success"), ("Open", "in_progress"),
    ]  # fmt: skip
    never = report.goals_without_session[0]
    assert (never.started_at, never.finished_at) == (
        datetime.fromisoformat(moment("12:00")), datetime.fromisoformat(moment("13:00")),
    )  # fmt: skip
    assert (report.goals, report.with_sessions, report.for_goals.usd, report.for_goals.sessions) == (4, 2, 0.03, 2)
    assert report.share_of_usd == 1.0


def test_goals_that_overlap(work: Worked) -> None:
    log = work.session("10:00")
    work.turn(log, "10:00", 1, 2, 3)
    work.goal("a", "09:00", "10:02", title="A")
    work.goal("b", "09:30", "10:03", title="B")
    work.goal("c", "10:03", "24T12:00", title="C")
    work.goal("d", "24T11:00", title="D")
    work.goal("e", "24T11:30", title="E", link=("codex:there",))
    report = compare(work)
    ids = {goal.title: goal.id for goal in work.reading().state.goals}
    pairs = [(("A", "B"), 32 * 60, 1), (("D", "E"), 24 * 3600 + 1800, 0), (("C", "D"), 3600, 0), (("C", "E"), 1800, 0)]
    assert report.overlaps == [
        Overlap((ids[one], ids[other]), (one, other), seconds, unclear) for (one, other), seconds, unclear in pairs
    ]
    few = compare(work, limit=2)
    assert (len(few.overlaps), few.overlapping) == (2, 4)


def test_a_gap_between_attempts_is_no_overlap(work: Worked) -> None:
    work.ledger.start("a", started_at=at("09:00"))
    work.ledger.finish("a", "fail", finished_at=at("10:00"), failure_reason="other")
    work.ledger.resume("a", started_at=at("12:00"))
    work.ledger.finish("a", finished_at=at("13:00"))
    work.goal("b", "10:00", "12:00")
    assert compare(work).overlaps == []
    work.ledger.update("b", finished_at=at("12:10"))
    assert [one.seconds for one in compare(work).overlaps] == [600]


def test_attempts_and_sessions_that_do_not_go_together(work: Worked) -> None:
    for clock in ("10:00", "10:10", "12:00", "14:00", "14:10"):
        work.turn(work.session(clock), clock, 1)
    work.goal("a", "09:30", "10:30", title="Two sessions, one attempt")
    work.ledger.start("b", started_at=at("11:00"), title="One session, two attempts")
    work.ledger.resume("b", started_at=at("11:30"))
    work.ledger.finish("b", finished_at=at("12:30"))
    work.ledger.start("c", started_at=at("13:30"), title="One for each")
    work.ledger.resume("c", started_at=at("14:05"))
    work.ledger.finish("c", finished_at=at("14:30"))
    work.goal("d", "15:00", "16:00", title="None")
    ids = {goal.title: goal.id for goal in work.reading().state.goals}
    assert compare(work).mismatches == [
        AttemptMismatch(ids[title], title, attempts, sessions, idle)
        for title, attempts, sessions, idle in (
            ("Two sessions, one attempt", 1, 2, []), ("One session, two attempts", 2, 1, [1]),
        )
    ]  # fmt: skip


def test_nothing_is_compared_with_an_empty_ledger(work: Worked) -> None:
    work.turn(work.session("10:00"), "10:00", 1)
    report = compare(work)
    assert (report.goals, report.loose_sessions, report.share_of_usd, report.for_no_goal.responses) == (0, 0, None, 0)
