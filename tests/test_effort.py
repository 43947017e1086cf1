"""Limits of time hold for the work, and for nothing beside it."""

from __future__ import annotations

import gc
import re
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.effort import least_seconds, measure, takes_at_most


class Clock:
    """A clock that goes on by given steps while work is done."""

    def __init__(self, *steps: float) -> None:
        self.now = 0.0
        self.steps = list(steps)

    def __call__(self) -> float:
        return self.now

    def work(self) -> int:
        self.now += self.steps.pop(0)
        return len(self.steps)


@pytest.mark.parametrize(
    ("steps", "left"), [((0.5, 9), 1), ((1, 9), 1), ((2, 2, 0.5, 9), 1), ((9, 9, 9, 9, 1), 0)], ids=str
)
def test_the_first_run_that_is_quick_enough_is_the_last(steps: tuple[float, ...], left: int) -> None:
    clock = Clock(*steps)
    assert takes_at_most(1, clock.work, clock=clock) == left
    assert len(clock.steps) == left


def test_when_none_is_the_least_time_is_told() -> None:
    clock = Clock(3, 1.25, 2, 0.5)
    with pytest.raises(AssertionError, match=re.escape("1.250 s at the least, and at most 1 s were allowed")):
        takes_at_most(1, clock.work, tries=3, clock=clock)
    assert clock.steps == [0.5]


def test_a_failure_of_the_work_is_no_matter_of_time() -> None:
    def fail() -> None:
        raise KeyError("wrong")

    with pytest.raises(KeyError, match="wrong"):
        takes_at_most(1, fail)
    assert gc.isenabled()


@pytest.fixture
def busy() -> Iterator[None]:
    """Another thread that takes all the CPU time that it gets."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            pass

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


def wait() -> None:
    """Takes 100 ms of the other thread's CPU time, however long that needs."""
    until = time.process_time() + 0.1
    while time.process_time() < until:
        time.sleep(0.01)


def count() -> None:
    """Takes 100 ms of this thread's CPU time."""
    until = time.thread_time() + 0.1
    while time.thread_time() < until:
        pass


@pytest.mark.parametrize(
    ("work", "clock", "counts"),
    [
        (wait, time.thread_time, False),
        (wait, time.process_time, True),
        (wait, time.monotonic, True),
        (count, time.thread_time, True),
    ],
)
@pytest.mark.usefixtures("busy")
def test_other_threads_do_not_count(work: Callable[[], None], clock: Callable[[], float], counts: bool) -> None:
    assert (measure(work, clock)[0] > 0.05) == counts


def test_no_garbage_is_collected_meanwhile() -> None:
    assert measure(gc.isenabled)[1] is False
    assert gc.isenabled()
    gc.disable()
    try:
        measure(gc.isenabled)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_quickest_run_is_the_one_that_is_compared() -> None:
    sizes = iter([400_000, 1, 400_000])
    assert least_seconds(lambda: sum(range(next(sizes))), tries=3) < 0.002
