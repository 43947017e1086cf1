"""What there is to do, and when."""

from __future__ import annotations

import threading
import time

import pytest

from tachograph.app.watch import pending as module
from tachograph.app.watch.pending import Pending


class Clock:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(module, "time", found)
    return found


@pytest.fixture
def pending(clock: Clock) -> Pending:
    """The first look at everything is over; it took half a second."""
    found = Pending(120.0)
    assert found.take_sweep()
    found.sweep_done(0.5)
    return found


def test_everything_is_looked_at_at_once_and_then_once_an_interval(pending, clock):
    assert not pending.take_sweep()
    clock.now += 119.9
    assert not pending.take_sweep()
    clock.now += 0.2
    assert pending.take_sweep()


@pytest.mark.parametrize(("took", "rest"), [(0.1, 1.0), (0.5, 1.0), (7.0, 7.0), (400.0, 30.0)])
def test_a_look_that_is_asked_for_waits_as_long_as_the_last_one_took(pending, clock, took, rest):
    pending.sweep_done(took)
    pending.want_sweep()
    clock.now += rest - 0.01
    assert not pending.take_sweep()
    clock.now += 0.02
    assert pending.take_sweep()
    assert not pending.take_sweep()


def test_logs_are_read_on_at_most_once_a_second(pending, clock):
    pending.add(["b", "a", "b"])
    assert pending.take_logs() == ["a", "b"]
    pending.add(["c"])
    assert pending.take_logs() == []
    clock.now += 1.01
    assert pending.take_logs() == ["c"]
    clock.now += 1.01
    assert pending.take_logs() == []


def test_many_logs_are_a_look_at_everything(pending, clock):
    clock.now += 2
    pending.add(map(str, range(51)))
    assert pending.take_logs() == []
    assert pending.take_sweep()


def test_a_look_at_everything_takes_care_of_the_logs(pending, clock):
    clock.now += 2
    pending.add(["a"])
    pending.want_sweep()
    assert pending.take_sweep()
    assert pending.take_logs() == []


def test_what_is_no_log_is_left_alone_until_the_next_regular_look(pending, clock):
    pending.ignore(["odd"])
    pending.add(["odd", "a"])
    assert pending.take_logs() == ["a"]
    clock.now += 2
    pending.want_sweep()
    assert pending.take_sweep()
    pending.add(["odd"])
    assert pending.take_logs() == []
    clock.now += 120
    assert pending.take_sweep()
    pending.add(["odd"])
    assert pending.take_logs() == ["odd"]


def test_what_is_left_alone_is_bounded(pending):
    for number in range(0, 30_000, 1_000):
        pending.ignore(map(str, range(number, number + 1_000)))
    assert len(pending._ignored) <= 10_000


def test_after_failures_it_rests_longer_and_longer_then_looks_at_everything(pending, clock):
    for pause in (5, 10, 20, 40, 80, 120, 120):
        pending.failed(want_sweep=True)
        clock.now += pause - 0.01
        assert not pending.take_sweep()
        clock.now += 0.02
        assert pending.take_sweep()
    pending.succeeded()
    pending.failed(want_sweep=True)
    clock.now += 5.01
    assert pending.take_sweep()


def test_while_another_process_writes_it_is_tried_every_two_seconds(pending, clock):
    for _ in range(4):
        pending.failed(want_sweep=False)
        pending.add(["a"])
        clock.now += 1.99
        assert pending.take_logs() == []
        clock.now += 0.02
        assert pending.take_logs() == ["a"]
    assert not pending.take_sweep()


@pytest.mark.parametrize("ask", [Pending.want_endings, Pending.wake])
def test_waiting_ends_when_something_is_asked_for(ask):
    pending = Pending(120.0)
    pending.take_sweep()
    pending.sweep_done(0.1)
    threading.Timer(0.1, ask, [pending]).start()
    began = time.monotonic()
    pending.wait(None, None)
    assert 0.05 < time.monotonic() - began < 5
    assert pending.take_endings() == (ask is Pending.want_endings)


def test_waiting_ends_in_time():
    pending = Pending(120.0)
    pending.wait(None, None)  # the first look is due
    pending.take_sweep()
    pending.sweep_done(0.1)
    began = time.monotonic()
    pending.wait(0.1, None)
    pending.wait(50.0, time.monotonic() + 0.1)
    pending.wait(-5.0, None)
    assert 0.15 < time.monotonic() - began < 5
