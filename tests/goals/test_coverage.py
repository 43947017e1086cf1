"""Why a goal's cost is not known."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tachograph.app.goals.coverage import Cause, CoverageReport, GoalCoverage, of_goal, report_coverage
from tachograph.model.goal import SyncedUsage
from tests.builders.small import MYSTERY
from tests.goals.worked import Worked, name_of

ELSEWHERE = SyncedUsage(session="codex:there", responses=3, output=9, pico_usd=10**10)


@pytest.fixture
def work(home: Path) -> Worked:
    """A history that begins at eight with a session of another project."""
    work = Worked(home)
    work.turn(work.session("08:00", "/home/ada/tools"), "08:00", 1)
    return work


def look(work: Worked) -> CoverageReport:
    with work.connection() as connection:
        return report_coverage(connection, work.place, work.reading().state)


def only(work: Worked) -> tuple[GoalCoverage, dict[str, Cause]]:
    """The one goal, and its causes by kind."""
    (goal,) = look(work).goals
    return goal, {cause.kind: cause for cause in goal.causes}


def told(cause: Cause) -> tuple[str, bool]:
    return cause.effect, cause.recoverable


def test_a_goal_whose_cost_is_known_has_no_cause(work: Worked) -> None:
    work.turn(work.session("10:00"), "10:00", 1_000)
    work.goal("a", "09:30", "11:00")
    goal, causes = only(work)
    assert (goal.cost, goal.coverage, goal.responses, goal.usd, causes) == ("complete", 1.0, 1, 0.01, {})


def test_nothing_was_done_in_its_time(work: Worked) -> None:
    work.goal("a", "09:30", "11:00")
    goal, causes = only(work)
    assert (goal.cost, goal.coverage, goal.usd, list(causes)) == ("missing", None, None, ["no_session_in_window"])
    cause = causes["no_session_in_window"]
    assert told(cause) == ("missing", True)
    assert (
        cause.how == "tacho goal update 2026-11-18-001 --link SESSION; or tacho goal sync, where its sessions are known"
    )


def test_a_linked_session_is_not_known_here(work: Worked) -> None:
    work.goal("a", "09:30", "11:00", link=("codex:there",))
    goal, causes = only(work)
    assert (goal.cost, list(causes)) == ("missing", ["linked_session_unknown"])
    assert told(causes["linked_session_unknown"]) == ("missing", True)
    assert causes["linked_session_unknown"].sessions == ["codex:there"]


def test_one_of_two_linked_sessions_is_not_known_here(work: Worked) -> None:
    log = work.session("10:00")
    work.turn(log, "10:00", 1_000)
    work.goal("a", "09:30", "11:00", link=("codex:there", name_of(log)))
    goal, causes = only(work)
    assert (goal.cost, list(causes)) == ("partial", ["linked_session_unknown"])
    assert told(causes["linked_session_unknown"]) == ("partial", True)


def test_a_linked_session_did_nothing_in_its_time(work: Worked) -> None:
    log = work.session("10:00")
    work.turn(log, "10:00", 1_000)
    work.goal("a", "13:00", "14:00", link=(name_of(log),))
    goal, causes = only(work)
    assert (goal.cost, list(causes)) == ("missing", ["linked_session_outside"])
    cause = causes["linked_session_outside"]
    assert (told(cause), cause.sessions) == (("missing", True), [name_of(log)])
    assert cause.how == "tacho goal update 2026-11-18-001 --started-at WHEN (or --finished-at WHEN)"


@pytest.mark.parametrize(
    ("start", "end", "cost", "begins"),
    [
        ("07:00", "07:30", "missing", "It ended before the first session"),
        ("19T07:59", "11:00", "partial", "It began before the first session"),
        ("19T07:59", "09:00", "missing", "It began before the first session"),
    ],
)
def test_it_is_older_than_the_history(work: Worked, start: str, end: str, cost: str, begins: str) -> None:
    work.turn(work.session("10:00"), "10:00", 1_000)
    work.goal("a", start, end)
    goal, causes = only(work)
    assert (goal.cost, list(causes)) == (cost, ["before_history"])
    assert told(causes["before_history"]) == (cost, False)
    assert causes["before_history"].text.startswith(begins)


def test_a_goal_noted_before_somebodys_very_first_session_is_not_older(work: Worked) -> None:
    work.turn(work.session("10:00"), "10:00", 1_000)
    work.goal("a", "19T08:00", "11:00")
    assert only(work)[0].cost == "complete"


def test_a_model_has_no_price(work: Worked) -> None:
    work.turn(work.session("10:00"), "10:00", 1_000)
    work.turn(work.session("10:10", model=MYSTERY), "10:10", 5)
    work.goal("a", "09:30", "11:00")
    goal, causes = only(work)
    assert (goal.cost, goal.coverage, goal.usd, list(causes)) == ("partial", 0.5, 0.01, ["unpriced_model"])
    cause = causes["unpriced_model"]
    assert (told(cause), cause.models, cause.responses) == (("partial", True), [MYSTERY], 1)


def test_no_model_has_a_price(work: Worked) -> None:
    work.turn(work.session("10:10", model=MYSTERY), "10:10", 5)
    work.goal("a", "09:30", "11:00")
    goal, causes = only(work)
    assert (goal.cost, goal.usd, goal.responses) == ("missing", None, 1)
    assert told(causes["unpriced_model"]) == ("missing", True)


def test_goals_overlap(work: Worked) -> None:
    log = work.session("10:00")
    work.turn(log, "10:00", 1, 2)
    work.goal("a", "09:30", "10:02")
    work.goal("b", "09:30", "10:03")
    first, second = look(work).goals
    assert (first.cost, first.coverage, first.responses) == ("missing", 0.0, 0)
    assert (second.cost, second.coverage, second.responses) == ("partial", 0.5, 1)
    assert [[(one.kind, one.effect, one.responses) for one in goal.causes] for goal in (first, second)] == [
        [("unclear_overlap", "missing", 1)], [("unclear_overlap", "partial", 1)],
    ]  # fmt: skip
    assert first.causes[0].how == f"tacho goal update {first.goal_id} --link {name_of(log)}"


def test_an_output_count_is_a_placeholder(work: Worked) -> None:
    log = work.session("10:00")
    work.turn(log, "10:00", 1_000)
    log.response(output=2, stop=None)
    work.goal("a", "09:30", "11:00")
    goal, causes = only(work)
    assert (goal.cost, goal.coverage, list(causes)) == ("partial", 1.0, ["output_unreliable"])
    assert (told(causes["output_unreliable"]), causes["output_unreliable"].responses) == (("partial", False), 1)


def test_another_machine_noted_it(work: Worked) -> None:
    work.goal("a", "09:30", "11:00", link=("codex:there",))
    work.ledger.sync("a", ELSEWHERE)
    goal, causes = only(work)
    assert (goal.cost, goal.usd, goal.responses, list(causes)) == ("complete", 0.01, 3, ["only_synced"])
    assert (told(causes["only_synced"]), causes["only_synced"].sessions) == (("none", True), ["codex:there"])


def test_a_part_that_another_machine_noted_needs_no_word(work: Worked) -> None:
    work.turn(work.session("10:00"), "10:00", 1_000)
    work.goal("a", "09:30", "11:00")
    work.ledger.sync("a", ELSEWHERE)
    goal, causes = only(work)
    assert (goal.cost, goal.responses, causes) == ("complete", 4, {})


def test_it_was_typed_in(work: Worked) -> None:
    work.goal("a", "09:30", "11:00")
    work.ledger.add_usage("a", usd="1.50")
    goal, causes = only(work)
    assert (goal.cost, goal.usd, list(causes)) == ("missing", None, ["no_session_in_window", "manual_only"])
    assert told(causes["manual_only"]) == ("none", False)


def test_the_ledgers_known_cost_is_that_of_closed_goals(work: Worked) -> None:
    work.turn(work.session("10:00"), "10:00", 1_000)
    work.turn(work.session("12:00", model=MYSTERY), "12:00", 5)
    work.goal("a", "09:30", "11:00")
    work.goal("b", "11:30", "12:30")
    work.goal("c", "13:00", "13:30")
    work.goal("d", "14:00")
    report = look(work)
    assert (report.closed, report.complete, report.partial, report.missing) == (3, 1, 0, 2)
    assert report.known_cost == pytest.approx(1 / 3)
    one = of_goal(report, report.goals[1].goal_id)
    assert ([goal.usd for goal in one.goals], one.closed) == ([None], 3)


def test_an_empty_ledger_has_no_coverage(work: Worked) -> None:
    report = look(work)
    assert (report.goals, report.closed, report.known_cost) == ([], 0, None)


def test_a_hostile_name_is_quoted_in_a_command(work: Worked) -> None:
    work.ledger.start("a", started_at=1_779_267_000_000)
    state = work.reading().state
    named = msgspec.structs.replace(state.goals[0], id="x; rm -rf ~")
    with work.connection() as connection:
        report = report_coverage(connection, work.place, msgspec.structs.replace(state, goals=(named,)))
    assert report.goals[0].causes[0].how.startswith("tacho goal update 'x; rm -rf ~' --link SESSION")
