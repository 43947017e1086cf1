"""Which sessions are going on, and when each has finished."""

from __future__ import annotations

import pytest

from tachograph.app.watch.activity import GRACE_MS, ActiveSessions
from tachograph.app.watch.records import Activity

WINDOW = 300_000
START = 10_000_000


@pytest.fixture
def active() -> ActiveSessions:
    return ActiveSessions(WINDOW, START)


def grown(at: int | None, written: int | None = None, name: str = "s") -> list[Activity]:
    return [Activity(name, at, (at or 0) if written is None else written)]


def test_a_session_is_finished_when_it_has_been_stable_for_the_window(active):
    active.note(grown(START + 1_000), START + 1_000)
    assert active.next_due == START + 1_000 + WINDOW
    assert active.take_finished(START + 1_000 + WINDOW - 1) == []
    assert active.take_finished(START + 1_000 + WINDOW) == ["s"]
    assert active.take_finished(START + 1_000 + WINDOW) == []
    assert active.next_due is None
    assert active.ended == {"s"}


def test_growth_puts_it_off(active):
    active.note(grown(START), START)
    active.note(grown(START + 100_000), START + 100_000)
    assert active.take_finished(START + WINDOW) == []
    assert active.take_finished(START + 100_000 + WINDOW) == ["s"]


def test_a_hook_finishes_it_at_once(active):
    active.note(grown(START), START)
    active.end("s", START + 5_000, START + 5_100)
    assert active.ended == {"s"}
    assert active.take_finished(START + 5_100 + 2_000) == ["s"]


def test_the_last_lines_that_come_after_the_hook_do_not_revive_it(active):
    active.end("s", START, START)
    active.note(grown(START + GRACE_MS), START + GRACE_MS)
    assert active.ended == {"s"}
    assert active.take_finished(START + 2_000) == ["s"]
    assert active.next_due is None


def test_a_session_that_is_resumed_is_live_again_and_finishes_again(active):
    active.end("s", START, START)
    assert active.take_finished(START + 2_000) == ["s"]
    later = START + GRACE_MS + 1
    active.note(grown(later), later)
    assert active.ended == frozenset()
    assert active.take_finished(later + WINDOW) == ["s"]


def test_one_that_was_stable_and_grows_is_live_again(active):
    active.note(grown(START), START)
    assert active.take_finished(START + WINDOW) == ["s"]
    active.note(grown(START), START + WINDOW + 50)  # shown otherwise, though nothing was added
    assert (active.ended, active.next_due) == ({"s"}, None)
    active.note(grown(START + WINDOW + 100), START + WINDOW + 100)
    assert active.ended == frozenset()


def test_a_hook_that_is_heard_late_does_not_end_what_went_on(active):
    active.note(grown(START + 60_000), START + 60_000)
    active.end("s", START + 60_000 - GRACE_MS - 1, START + 60_000)
    assert active.ended == frozenset()
    assert active.next_due == START + 60_000 + WINDOW


@pytest.mark.parametrize(
    ("ended", "written", "now", "due"),
    [
        (START, START, START, START + WINDOW),
        (START, START - 1_000, START, START - 1_000 + WINDOW),  # its clock is ahead of the file's
        (START - 1_000, START, START, START - 1_000 + WINDOW),  # a log that was put into place now
        (START + 10**12, START + 10**12, START, START + WINDOW),  # a moment that is yet to come
        (START - WINDOW, START, START, START),  # over just as we begin
        (START - WINDOW - 1, START, START, None),  # over before we began: none of our business
        (None, START, START, None),
    ],
)
def test_the_last_sign_of_life(active, ended, written, now, due):
    active.note(grown(ended, written), now)
    assert active.next_due == due


def test_what_hooks_said_before_the_start_finishes_nothing(active):
    active.end("s", START - 1, START)
    assert (active.ended, active.next_due) == ({"s"}, None)
    active.note(grown(START - 2_000), START)
    assert active.next_due is None


def test_several_are_told_in_the_order_of_their_end(active):
    for name, at in (("b", 30), ("a", 20), ("c", 10)):
        active.note(grown(START + at, name=name), START + 30)
    assert active.take_finished(START + WINDOW + 30) == ["c", "a", "b"]


def test_nothing_grows_without_limit(active):
    for number in range(5_000):
        active.end(f"s{number}", START + number, START + number)
        active.take_finished(START + number + 10_000)
    assert len(active.ended) == 1_000
    assert "s4999" in active.ended
    assert active.next_due is None
