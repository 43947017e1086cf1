"""The controlling terminal: who is in its foreground, and the modes it is in. What a shell does for its jobs."""

from __future__ import annotations

import os
import signal
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tachograph.capture.signals import holding_back


class Terminal:
    """The terminal of this process, to be lent to one process group and taken back."""

    def __init__(self, file: int) -> None:
        self.file = file
        self._own = os.getpgrp()
        self._lent_to: int | None = None
        self._modes = _modes(file)

    @property
    def is_lent(self) -> bool:
        """Whether a group has it from us."""
        return self._lent_to is not None

    def is_ours(self) -> bool:
        """Whether this process is in the foreground."""
        return self._foreground() == self._own

    def is_all_ours(self) -> bool:
        """Whether nobody else of this process's group can miss it: no pipeline, no script around us."""
        return self.is_ours() and self._own == os.getpid() and os.isatty(0) and os.isatty(1)

    def lend(self, group: int) -> bool:
        """Put ``group`` into the foreground if this process is there; return whether that was so."""
        if not self.is_ours() or not _put_forward(self.file, group):
            return False
        self._lent_to = group
        return True

    def was_lent(self, group: int) -> None:
        """``group`` has put itself there, with our consent."""
        self._lent_to = group

    def take_back(self) -> None:
        """Put this process's group into the foreground again if we had lent it; a command may have lent it further."""
        if self._lent_to is not None:
            _put_forward(self.file, self._own)
        self._lent_to = None

    def look(self) -> None:
        """A shell may have taken it from the group that we lent it to, or given it to us again."""
        if self._foreground() != self._lent_to:
            self._lent_to = None

    def recover(self, is_interrupted: bool) -> None:
        """After a command that was ended by force and had the terminal: see to what it could not see to itself.

        It may have left echo off or lines unbuffered. And its interruption by a key was meant for our whole group.
        """
        if not self.is_lent:
            return
        self.take_back()
        try:
            with holding_back([signal.SIGTTOU]):
                if self._modes is not None:
                    termios.tcsetattr(self.file, termios.TCSANOW, self._modes)  # to wait for output could take for ever
        except termios.error:
            pass  # it hung up: it has no modes any more
        if is_interrupted and self._own != os.getpid():
            os.killpg(self._own, signal.SIGINT)

    def _foreground(self) -> int:
        try:
            return os.tcgetpgrp(self.file)
        except OSError:  # it hung up
            return -1


@contextmanager
def controlling_terminal() -> Iterator[Terminal | None]:
    """The terminal of this process, which is ours again at the end; None when there is none, as under cron."""
    try:
        file = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    try:
        terminal = Terminal(file)
        try:
            yield terminal
        finally:
            terminal.take_back()
    finally:
        os.close(file)


def _put_forward(file: int, group: int) -> bool:
    """Whoever does this from the background would be stopped, were SIGTTOU not held back."""
    try:
        with holding_back([signal.SIGTTOU]):
            os.tcsetpgrp(file, group)
    except OSError:
        return False
    return True


def _modes(file: int) -> list[Any] | None:
    try:
        return termios.tcgetattr(file)
    except termios.error:  # it hung up
        return None
