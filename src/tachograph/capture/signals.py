"""Signals as a queue: they are noted when they come and dealt with in the course of the program, not in a handler."""

from __future__ import annotations

import math
import os
import select
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType


class Caught:
    """The signals that came and were not dealt with yet, in their order."""

    def __init__(self, pipe: int, ignored: frozenset[int]) -> None:
        self.ignored = ignored
        """Those that this process was told to ignore from its start, as ``nohup`` does; they are not caught."""
        self._pipe = pipe
        self._poll = select.poll()
        self._poll.register(pipe, select.POLLIN)
        self._waiting: list[int] = []

    def wait(self, seconds: float | None) -> list[int]:
        """Return what came; wait up to ``seconds`` for the first one (None: as long as it takes)."""
        if not self._waiting:
            self._poll.poll(None if seconds is None else min(math.ceil(max(seconds, 0) * 1000), 2**31 - 1))
            self._read()
        came, self._waiting = self._waiting, []
        return came

    def forget(self, number: int) -> bool:
        """Drop every signal ``number`` that came; return whether there was one."""
        self._read()
        before = len(self._waiting)
        self._waiting = [other for other in self._waiting if other != number]
        return len(self._waiting) < before

    def _read(self) -> None:
        try:
            while numbers := os.read(self._pipe, 4096):
                self._waiting += numbers
        except BlockingIOError:
            pass


@contextmanager
def catching(numbers: Iterable[int]) -> Iterator[Caught]:
    """Catch these signals, and put everything back as it was. Only in the main thread (ValueError elsewhere)."""
    wanted = list(numbers)
    before = {number: signal.getsignal(number) for number in wanted}
    ignored = frozenset(number for number in wanted if before[number] == signal.SIG_IGN and number != signal.SIGCHLD)
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    woken = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        for number in wanted:
            if number not in ignored:
                signal.signal(number, _noted)
        yield Caught(reading, ignored)
    finally:
        for number in wanted:
            signal.signal(number, before[number] or signal.SIG_DFL)
        signal.set_wakeup_fd(woken)
        os.close(reading)
        os.close(writing)


@contextmanager
def holding_back(numbers: Iterable[int]) -> Iterator[set[signal.Signals]]:
    """Hold these signals back for a moment; hand out those that were held back before."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield {signal.Signals(number) for number in before}
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def raise_in_group(number: int) -> None:
    """Do to this process and its group what the signal does by default, as a key at the terminal would."""
    handler = signal.signal(number, signal.SIG_DFL) if number != signal.SIGSTOP else None
    try:
        if number == signal.SIGSTOP:  # no key sends this one: it was meant for one process
            os.kill(os.getpid(), number)
        else:
            os.killpg(os.getpgrp(), number)
    finally:
        if handler is not None:
            signal.signal(number, handler)


def _noted(number: int, frame: FrameType | None) -> None:
    """Python has written the number into the pipe already."""
