"""How long work takes, measured so that what else happens on the machine decides nothing."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import TypeVar

TRIES = 5
PATIENT_HOOK = (
    "import tachograph.hooks as hooks, tachograph.hooks.event as event;"
    " hooks._SECONDS = event._SECONDS = 60; hooks.main()"
)
"""A program: ``tacho-hook``, but it does not give up on a machine that is too busy to answer in time."""

T = TypeVar("T")


def takes_at_most(
    seconds: float, work: Callable[[], T], *, tries: int = TRIES, clock: Callable[[], float] = time.thread_time
) -> T:
    """Do ``work`` until one run of it took at most ``seconds``, ``tries`` times at most; returns that run's result.

    The clock is the CPU time of this thread: what other threads of the worker do does not count, nor a collection of
    the garbage of all tests before. ``time.process_time`` counts the threads that the work itself starts, and
    ``time.monotonic`` its waiting. The work must do the same each time: no cache may answer the second run.

    Raises AssertionError, with the least time, when every run took longer.
    """
    least = float("inf")
    for _ in range(tries):
        spent, result = measure(work, clock)
        if spent <= seconds:
            return result
        least = min(least, spent)
    raise AssertionError(f"{least:.3f} s at the least, and at most {seconds} s were allowed")


def measure(work: Callable[[], T], clock: Callable[[], float] = time.thread_time) -> tuple[float, T]:
    """The seconds that ``work`` takes, without any collection of garbage, and its result."""
    collects = gc.isenabled()
    gc.disable()
    try:
        began = clock()
        result = work()
        return clock() - began, result
    finally:
        if collects:
            gc.enable()


def least_seconds(work: Callable[[], object], tries: int = TRIES) -> float:
    """The CPU seconds of the quickest of several runs; for comparing two sizes of work."""
    return min(measure(work)[0] for _ in range(tries))
