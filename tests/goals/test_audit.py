"""What a ledger probably says wrongly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tachograph.app.goals.audit import AuditReport, audit
from tests.builders.small import MYSTERY
from tests.goals.worked import Worked, at

NOW = at("25T12:00")


@pytest.fixture
def work(home: Path) -> Worked:
    work = Worked(home)
    work.turn(work.session("08:00", "/home/ada/tools"), "08:00", 1)
    return work


def look(work: Worked, stale_days: int = 7, now: int = NOW) -> AuditReport:
    with work.connection() as connection:
        return audit(connection, work.place, work.reading(), now, stale_days)


def kinds(work: Worked, **options: Any) -> dict[str, list[str]]:
    """Kind to the goals' titles, low coverage left out: most goals here have no session."""
    found: dict[str, list[str]] = {}
    for one in look(work, **options).findings:
        if one.kind != "low_coverage":
            found.setdefault(one.kind, []).append(one.title)
    return found


def test_a_failure_without_a_fit_is_a_likely_miss(work: Worked) -> None:
    for title, kind, fields in (
        ("Log in", "product", {}),
        ("Told", "product", {"result_fit": "miss"}),
        ("Look back", "retro", {}),
    ):
        key = work.ledger.start(title=title, goal_type=kind)
        work.ledger.finish(key, "fail", failure_reason="other", **fields)
    assert kinds(work) == {"likely_miss": ["Log in"]}
    first = look(work).findings[0]
    assert first.why == "It failed, and has no result fit."
    assert first.command == f"tacho goal update {first.goal_id} --result-fit miss"


PARTIAL: list[tuple[str, dict[str, Any], str | None]] = [
    ("Retry with another key.", {}, "retry"),
    ("It was retried twice", {}, "retry"),
    ("The review was not accepted.", {}, "not accepted"),
    ("not yet accepted", {}, "not accepted"),
    ("Only partially done", {}, "partial"),
    ("Tests are MISSING.", {}, "missing"),
    ("The wish was unclear", {}, "unclear"),
    ("missing parts, unclear why", {}, "missing, unclear"),
    ("Done, and impartial reviewers agreed.", {}, None),
    ("All tests pass.", {}, None),
    ("", {}, None),
    ("Retry with another key.", {"result_fit": "exact_fit"}, None),
    ("Retry with another key.", {"result_fit": "partial_fit"}, None),
]


@pytest.mark.parametrize(("notes", "fields", "words"), PARTIAL)
def test_words_in_notes_speak_against_an_exact_fit(
    work: Worked, notes: str, fields: dict[str, Any], words: str | None
) -> None:
    key = work.ledger.start()
    work.ledger.finish(key, notes=notes, **fields)
    found = [one for one in look(work).findings if one.kind == "likely_partial_fit"]
    assert [one.why for one in found] == ([f"Its notes speak of: {words}."] if words else [])


def test_words_in_an_attempts_notes_count_and_a_retro_has_no_fit(work: Worked) -> None:
    for kind in ("product", "retro"):
        key = work.ledger.start(title=kind, goal_type=kind)
        work.ledger.finish(key)
        work.ledger.update(key, attempt=1, notes="A part is missing.")
    assert kinds(work) == {"likely_partial_fit": ["product"]}


def test_several_attempts_and_goals_taken_up_again_are_likely_partial_fits(work: Worked) -> None:
    first = work.ledger.start(title="First", started_at=at("09:00"))
    work.ledger.finish(first, result_fit="exact_fit", finished_at=at("10:00"))
    again = work.ledger.start(title="Again", supersedes=first, started_at=at("11:00"))
    work.ledger.resume(again, started_at=at("11:10"))
    work.ledger.finish(again, finished_at=at("12:00"))
    told = {one.title: one for one in look(work).findings if one.kind == "likely_partial_fit"}
    second = work.reading().state.goals[1].id
    assert told["First"].why == f"Goal {second} took it up again."
    assert told["Again"].why == "It took 2 attempts. It takes up an earlier goal again."
    assert told["Again"].command == f"tacho goal update {second} --result-fit partial_fit"


@pytest.mark.parametrize(("days", "stale"), [(4, ["Old"]), (5, ["Old"]), (6, [])])
def test_an_open_goal_is_stale_when_nothing_is_heard_of_it(work: Worked, days: int, stale: list[str]) -> None:
    """Its event is of 1 May, its last response of 20 May, half past ten; it is 25 May, noon."""
    work.turn(work.session("10:00"), "10:30", 5)
    work.goal("a", "09:30", title="Old")
    assert kinds(work, stale_days=days) == ({"stale": stale} if stale else {})


def test_an_unclear_response_and_an_event_are_heard_too(work: Worked) -> None:
    work.turn(work.session("24T10:00"), "24T10:30", 5)
    work.goal("a", "09:30", title="One")
    work.goal("b", "09:30", title="Two")
    assert kinds(work) == {}
    assert kinds(work, now=at("31T10:30")) == {}
    assert kinds(work, now=at("31T10:31")) == {"stale": ["One", "Two"]}


def test_an_event_on_a_goal_that_was_merged_is_one_on_the_goal(work: Worked) -> None:
    work.goal("a", "01T09:00", "01T10:00")
    work.goal("b", "01T09:30", title="Kept")
    work.ledger.merge("b", "a")
    assert kinds(work) == {"stale": ["Kept"]}
    work.ledger.update("a", notes="Nearly there.")
    work.ledger.events[-1] = msgspec.structs.replace(work.ledger.events[-1], ts=at("24T10:00") * 1000)
    assert kinds(work) == {}


def test_closed_goals_whose_cost_is_not_known_are_told(work: Worked) -> None:
    work.turn(work.session("10:00"), "10:00", *[1] * 9)
    work.turn(work.session("10:00", model=MYSTERY), "10:00", 1)
    work.turn(work.session("12:00"), "12:00", 5)
    work.turn(work.session("12:01", model=MYSTERY), "12:01", 5)
    work.goal("a", "09:30", "10:30", title="Nine of ten", goal_type="meta")
    work.goal("b", "11:30", "12:30", title="Half", goal_type="meta")
    work.goal("c", "13:00", "13:30", title="Nothing", goal_type="meta")
    work.goal("d", "25T10:00", title="Open", goal_type="meta")
    goals = work.reading().state.goals
    assert [(one.kind, one.title, one.why, one.command) for one in look(work, stale_days=100).findings] == [
        (
            "low_coverage", "Half", "Of the responses that were, or may have been, made for it, 50.0 % have a known"
            " cost. 1 response of a model without a known price.", f"tacho goal coverage {goals[1].id}",
        ),
        (
            "low_coverage", "Nothing", "Its cost is not known. No session of the project did anything while it was"
            " open.", f"tacho goal coverage {goals[2].id}",
        ),
    ]  # fmt: skip


def test_findings_stand_by_kind(work: Worked) -> None:
    work.goal("a", "09:30", title="Open")
    work.ledger.finish(work.ledger.start(title="Failed"), "fail", failure_reason="other")
    report = look(work, stale_days=1)
    assert [(one.kind, one.title) for one in report.findings] == [
        ("likely_miss", "Failed"), ("stale", "Open"), ("low_coverage", "Failed"),
    ]  # fmt: skip
    assert (report.goals, report.stale_days) == (2, 1)
