"""Events as lines: what they look like, and what of them cannot be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tachograph.ledger.lines import decode, encode, sum_of, to_microseconds, to_text
from tachograph.ledger.reading import read_ledger
from tachograph.ledger.transitions import Refused
from tachograph.model.goal import SyncedUsage

from .making import NOW, Writer


def whole() -> Writer:
    """A writer that has made one event of every kind, with every field."""
    writer = Writer()
    first = writer.start(notes="so\nit is", agent="codex", model="gpt-5", session="codex:1")
    writer.resume(first, "other", notes="n", agent="a", model="m")
    writer.add_usage(first, "1.50", 7)
    writer.sync(first, SyncedUsage(session="codex:1", responses=2, input=3, pico_usd=4, unclear_responses=1))
    writer.update(first, title="Ünïcode ✓", started_at=NOW - 5, link=("codex:2",), unlink=("codex:1",))
    writer.finish(first, "fail", failure_reason="other", result_fit="miss", notes="x")
    writer.merge(writer.start(supersedes=first), first)
    return writer


def test_every_event_comes_back_as_it_was() -> None:
    for event in whole().events:
        assert decode(encode(event)) == event


def test_a_line_is_for_people_to_read() -> None:
    writer = Writer()
    writer.start("c0ffee00", title="Start faster", started_at=NOW + 1)
    assert encode(writer.events[0]).decode() == (
        '{"ts": "2026-11-18T11:06:40Z", "event_type": "goal_started", "goal_id": "2026-11-18-001",'
        ' "event_id": "ev_a1795000000000000", "key": "c0ffee00", "title": "Start faster", "goal_type": "product",'
        ' "started_at": "2026-11-18T11:06:40.001Z", "sum": "0e852e16"}\n'
    )


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("2026-11-18T11:06:40Z", NOW * 1000),
        ("2026-11-18T12:06:40.5+01:00", NOW * 1000 + 500_000),
        ("2026-11-18 11:06:40.000001+00:00", NOW * 1000 + 1),
    ],
)
def test_times_are_read_with_their_zone(text: str, microseconds: int) -> None:
    assert to_microseconds(text) == microseconds
    assert to_microseconds(to_text(microseconds)) == microseconds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-11-18T11:06:40", "does not say in which zone"),
        ("yesterday", "is no time"),
        ("1970-01-01T00:00:00Z", "is not between 2000 and 2200"),
        (None, "missing or is no text"),
        (5, "missing or is no text"),
    ],
)
def test_other_times_are_refused(text: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        to_microseconds(text)


def lines() -> list[bytes]:
    return [encode(event) for event in whole().events]


def changed(number: int, **fields: Any) -> bytes:
    """The ledger with one line of it another way, its sum right."""
    every = lines()
    said = {**json.loads(every[number]), **fields}
    said["sum"] = sum_of(said)
    every[number] = json.dumps(said).encode() + b"\n"
    return b"".join(every)


WRONG = {
    "torn_line": (b"".join(lines()) + lines()[0][:30], 9, "The last line has no end: writing it was interrupted."),
    "conflict_marker": (b"<<<<<<< HEAD\n" + b"".join(lines()), 1,
                        "A merge left this marker; the lines around it count."),
    "not_json": (b"".join(lines()[:2]) + b"note to self\n" + b"".join(lines()[2:]), 3, "This line is no JSON."),
    "unknown_event": (b"[1]\n" + b"".join(lines()), 1, "This line is no event."),
    "duplicate_event": (b"".join(lines()) + lines()[3], 9, "This event stands in line 4, the same."),
    "edited_line": (b"".join(lines()).replace(b"Goal 1", b"Goal one"), 1,
                    "This line was edited by hand; it counts as it is now."),
}  # fmt: skip


@pytest.mark.parametrize("slug", WRONG)
def test_what_is_wrong_is_told_with_its_line(slug: str) -> None:
    content, line, text = WRONG[slug]
    found = read_ledger(content)
    assert [(one.slug, one.line, one.text) for one in found.problems] == [(slug, line, text)]
    assert [goal.merged for goal in found.state.goals] == [("a0000001",)]


INVALID = [
    {"goal_type": "party"}, {"started_at": "2026-11-18"}, {"ts": 5}, {"title": None}, {"event_type": "goal_eaten"},
    {"key": 5}, {"title": "x" * (1 << 20)},
]  # fmt: skip


@pytest.mark.parametrize("fields", INVALID, ids=str)
def test_an_event_that_makes_no_sense_takes_nothing_else_down(fields: dict[str, Any]) -> None:
    found = read_ledger(changed(6, **fields))
    first, *rest = found.problems
    assert (first.line, first.slug in ("invalid_event", "not_json")) == (7, True)
    assert [one.slug for one in rest] == ["refused_event"]  # the merge with the goal that was not started
    assert [(goal.key, goal.status) for goal in found.state.goals] == [("a0000001", "fail")]


def test_a_last_line_without_an_end_counts() -> None:
    found = read_ledger(b"".join(lines()).rstrip(b"\n"))
    assert (len(found.events), found.problems) == (8, ())


def test_goals_of_one_name_are_told_apart() -> None:
    writer = Writer()
    for key in ("11110000", "22220000", "22221111"):
        writer.start(key)
    found = read_ledger(b"".join(map(encode, reversed(writer.events))))
    assert [goal.id for goal in found.state.goals] == [
        "2026-11-18-001", "2026-11-18-001-22220", "2026-11-18-001-22221"
    ]  # fmt: skip
    assert [(one.line, one.slug) for one in found.problems] == [(1, "same_name"), (2, "same_name")]


def test_what_was_not_possible_is_told_and_stays() -> None:
    writer = Writer()
    key = writer.start()
    writer.finish(key)
    late = Writer("b", start=NOW * 1000 + 999_000)
    late.goals = dict(writer.goals)
    with pytest.raises(Refused):
        late.finish(key, "fail", failure_reason="other")
    found = read_ledger(b"".join(map(encode, [*late.events, *writer.events])))
    assert [(one.line, one.slug, one.text) for one in found.problems] == [
        (1, "refused_event",
         "Without effect: 2026-11-18-001 is closed already (success); it can be updated, or opened again.")
    ]  # fmt: skip
    assert found.state.goals[0].status == "success"
