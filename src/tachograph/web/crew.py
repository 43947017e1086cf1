"""Threads that make answers, so many at a time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Crew(Generic[Result]):
    """Does jobs in the order in which they come.

    Unlike those of the standard library's pools, its threads end with the process whatever they are doing: nobody
    waits for a long query at the end.
    """

    def __init__(self, threads: int, most: int) -> None:
        """``most``: jobs that may be there at a time, being done or waiting."""
        self._most = most
        self._held = 0
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[tuple[Future[Result], Callable[[], Result]] | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._run, name="page", daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, job: Callable[[], Result]) -> Future[Result] | None:
        """What ``job`` will give; None: there are too many already."""
        with self._lock:
            if self._held >= self._most:
                return None
            self._held += 1
        future: Future[Result] = Future()
        self._jobs.put((future, job))
        return future

    def end(self) -> None:
        """Begin no other job, and return at once. What waits is cancelled."""
        while not self._jobs.empty():
            if (one := self._jobs.get()) is not None:
                one[0].cancel()
        for _ in self._threads:
            self._jobs.put(None)

    def _run(self) -> None:
        while (one := self._jobs.get()) is not None:
            future, job = one
            if future.set_running_or_notify_cancel():
                _do(job, future)
            with self._lock:
                self._held -= 1


def _do(job: Callable[[], Result], future: Future[Result]) -> None:
    try:
        future.set_result(job())
    except BaseException as error:  # noqa: BLE001 (raised where the result is awaited)
        future.set_exception(error)
