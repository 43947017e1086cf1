"""Which sessions are taken for one goal, and why."""

from __future__ import annotations

from typing import Any

import pytest

from tachograph.analysis.goal_grouping import DAY_MS, SessionFacts, group_sessions, likeness
from tests.effort import takes_at_most

EXPORT = "Please add an export of all invoices as CSV files"
EXPORT_AGAIN = "Please add the export of all our invoices as CSV, with tests"
OTHER = "Why does the login page take ten seconds on a phone"


def session(name: str, day: float = 0, **fields: Any) -> SessionFacts:
    start = round(day * DAY_MS)
    return SessionFacts(id=name, **{"started_at": start, "ended_at": start + 3_600_000, **fields})


A_PR = frozenset({"https://example.com/a/pull/1"})
CASES: dict[str, tuple[list[SessionFacts], list[tuple[str, tuple[str, ...]]]]] = {
    "a branch of its own": (
        [session("a", branch="fix/login"), session("b", 3, branch="fix/login"), session("c", 1, branch="docs")],
        [("a b", ("same branch",)), ("c", ())],
    ),
    "a default branch says nothing": (
        [session("a", branch="main"), session("b", branch="main")], [("a", ()), ("b", ())]
    ),
    "nor does a detached head": (
        [session("a", branch="HEAD"), session("b", branch="HEAD")], [("a", ()), ("b", ())]
    ),
    "a branch that rested for two weeks": (
        [session("a", branch="fix"), session("b", 15, branch="fix")], [("a", ()), ("b", ())]
    ),
    "a pull request, however long": (
        [session("a", pull_requests=A_PR), session("b", 90, pull_requests=A_PR)], [("a b", ("same pull request",))]
    ),
    "a fork": ([session("a"), session("b", 2, forked_from="a")], [("a b", ("fork",))]),
    "a fork of what is not here": ([session("b", 2, forked_from="a")], [("b", ())]),
    "the same prompt": (
        [session("a", opening=EXPORT, opening_hash=1), session("b", 6, opening=EXPORT, opening_hash=1)],
        [("a b", ("same first prompt",))],
    ),
    "the same short prompt": (
        [session("a", opening="go on", opening_hash=1), session("b", 1, opening="go on", opening_hash=1)],
        [("a", ()), ("b", ())],
    ),
    "a similar prompt": (
        [session("a", opening=EXPORT, opening_hash=1), session("b", 1, opening=EXPORT_AGAIN, opening_hash=2)],
        [("a b", ("similar first prompt",))],
    ),
    "a similar prompt much later": (
        [session("a", opening=EXPORT), session("b", 4, opening=EXPORT_AGAIN)], [("a", ()), ("b", ())]
    ),
    "a similar prompt on another branch of its own": (
        [session("a", opening=EXPORT, branch="x"), session("b", 1, opening=EXPORT_AGAIN, branch="y")],
        [("a", ()), ("b", ())],
    ),
    "another prompt": ([session("a", opening=EXPORT), session("b", opening=OTHER)], [("a", ()), ("b", ())]),
    "one after the other": (
        [session("a", branch="x"), session("b", 1, branch="x", opening=EXPORT),
         session("c", 2, opening=EXPORT_AGAIN, pull_requests=A_PR), session("d", 3, pull_requests=A_PR)],
        [("a b c d", ("same pull request", "same branch", "similar first prompt"))],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_sessions_go_together_for_a_reason(case: str) -> None:
    sessions, expected = CASES[case]
    for order in (sessions, sessions[::-1]):
        found = [(" ".join(one.id for one in group.sessions), group.reasons) for group in group_sessions(order)]
        assert found == expected


def test_who_began_as_an_earlier_one_did_asked_again() -> None:
    sessions = [
        session("a", branch="x", opening=EXPORT, opening_hash=1),
        session("b", 1, branch="x", opening=OTHER, opening_hash=2),
        session("c", 2, branch="x", opening=EXPORT, opening_hash=1),
        session("d", 3, branch="x", opening=EXPORT_AGAIN),
    ]  # fmt: skip
    (group,) = group_sessions(sessions)
    assert group.asked_again == ("c", "d")


def test_likeness_is_the_share_of_common_words() -> None:
    assert likeness(EXPORT, EXPORT) == 1.0
    assert likeness(EXPORT, OTHER) == 0.0
    assert likeness("fix it", "fix it") == 0.0  # too few words
    assert likeness("one two three four", "one two three five") == 3 / 5


def test_thousands_of_sessions_are_grouped_in_a_moment() -> None:
    asked = [f"Change part{n % 97} of the module{n % 89} for customer{n % 83}" for n in range(3000)]
    asked = [text.replace("part", "p").translate(str.maketrans("0123456789", "abcdefghij")) for text in asked]
    sessions = [session(str(n), n / 200, opening=text, opening_hash=n) for n, text in enumerate(asked)]
    takes_at_most(5.0, lambda: group_sessions(sessions))
