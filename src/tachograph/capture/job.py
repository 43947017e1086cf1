"""One command in a process group of its own: starting it, stopping and continuing with it, ending it."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from tachograph.capture.processes import descendant_groups, is_anybody_left, send
from tachograph.capture.signals import Caught, holding_back, raise_in_group
from tachograph.capture.terminal import Terminal

PASSED_ON = (
    *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT),
    *(signal.SIGUSR1, signal.SIGUSR2),
)
_FOR_ONE = (signal.SIGUSR1, signal.SIGUSR2)
"""They mean something to one program only and would end its children; the others go to the whole group."""
_WANTS_TERMINAL = (signal.SIGTTIN, signal.SIGTTOU)
_GRACE_S = 2.0
"""Between the request to end and the end. ``docker stop`` waits 10 s and systemd 90 s, but for services; a command
under a time limit has had its time."""
_DEATH_S = 5.0
"""How long to wait for a command that was killed: the system may hold on to one that waits for a dead disk."""
_LOOK_S = 0.02
"""Nobody tells when somebody else's child ends: how often to look whether a group is empty."""


class Job:
    """A command that was started; ``code`` once it has ended: its exit code, or minus the signal that ended it."""

    def __init__(self, pid: int, terminal: Terminal | None, caught: Caught) -> None:
        self.pid = pid
        self.code: int | None = None
        self._terminal = terminal
        self._caught = caught
        self._was_hung_up = False
        self._wants_terminal = terminal is not None and terminal.is_lent

    def look(self) -> None:
        """Take note of the command's end; stop with it when it was stopped, and go on with it."""
        how = os.WNOHANG if self._terminal is None else os.WNOHANG | os.WUNTRACED
        while self.code is None:
            pid, status = os.waitpid(self.pid, how)
            if pid == 0:
                return
            if os.WIFSTOPPED(status):
                self._stopped(os.WSTOPSIG(status))
            else:
                self.code = os.waitstatus_to_exitcode(status)

    def pass_on(self, number: int) -> None:
        """Hand a signal that this process got to the command."""
        if number == signal.SIGCHLD:
            return
        if number == signal.SIGCONT and self._terminal is not None:
            self._terminal.look()
            self._go_on()
        elif number in _FOR_ONE:
            if self.code is None:  # otherwise its number may be somebody else's by now
                with suppress(PermissionError):
                    os.kill(self.pid, number)
        else:
            send(self.pid, number)

    def end(self) -> int | None:
        """End the command with all that belongs to it; return its ``code``; None: it is still there."""
        groups = {self.pid} | descendant_groups(self.pid)
        for number in (signal.SIGTERM, signal.SIGCONT):
            for group in groups:
                send(group, number)
        until = time.monotonic() + _GRACE_S
        while self.code is None or is_anybody_left(groups):
            if time.monotonic() > until:
                return self._kill(groups)
            self._wait()
        return self.code

    def _kill(self, groups: set[int]) -> int | None:
        if self.code is None:
            groups |= descendant_groups(self.pid)
        for group in groups:
            send(group, signal.SIGKILL)
        until = time.monotonic() + _DEATH_S
        while self.code is None and send(self.pid, 0) and time.monotonic() < until:
            self._wait()
        return self.code

    def _wait(self) -> None:
        for number in self._caught.wait(_LOOK_S):
            self.pass_on(number)
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)

    def _stopped(self, number: int) -> None:
        """Somebody stopped the command: give it what it waits for, or stop too, so that the shell can tell."""
        terminal = self._terminal
        assert terminal is not None
        if number in _WANTS_TERMINAL and terminal.lend(self.pid):
            self._wants_terminal = True
            send(self.pid, signal.SIGCONT)
            return
        terminal.take_back()
        self._caught.forget(signal.SIGCONT)
        raise_in_group(number)
        was_continued = self._caught.forget(signal.SIGCONT)
        if not was_continued and number in _WANTS_TERMINAL:
            # Our group has no shell that could bring it back. The system hangs up on stopped orphans, and so do we;
            # one that does not care (nohup) and tries again would try for ever.
            send(self.pid, signal.SIGKILL if self._was_hung_up else signal.SIGHUP)
            self._was_hung_up = True
        self._go_on()

    def _go_on(self) -> None:
        if self._terminal is not None and self._wants_terminal and not self._terminal.is_lent:
            self._terminal.lend(self.pid)
        send(self.pid, signal.SIGCONT)


def start(argv: Sequence[str], terminal: Terminal | None, caught: Caught) -> Job:
    """Start ``argv`` in a process group of its own, in the foreground when that is all ours.

    Raises OSError: the command was not found or cannot be executed.
    """
    lend = terminal is not None and terminal.is_all_ours()
    reading, writing = os.pipe()
    with holding_back(signal.valid_signals()) as held_back:
        pid = os.fork()
        if pid == 0:
            _become(argv, terminal.file if lend and terminal is not None else None, writing, held_back, caught.ignored)
    os.close(writing)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    if lend and terminal is not None:
        terminal.was_lent(pid)
    with open(reading, "rb") as pipe:
        failure = pipe.read()
    if failure:
        os.waitpid(pid, 0)
        raise OSError(int(failure), os.strerror(int(failure)))
    return Job(pid, terminal, caught)


def _become(
    argv: Sequence[str], terminal: int | None, report: int, held_back: set[signal.Signals], ignored: frozenset[int]
) -> NoReturn:
    """In the new process: be the command. What Python did to signals when it started is undone."""
    number = errno.EIO
    try:
        os.setpgid(0, 0)
        if terminal is not None:
            os.tcsetpgrp(terminal, os.getpid())
        for each in {*PASSED_ON, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ} - ignored:
            signal.signal(each, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, held_back)
        _execute(argv)
    except OSError as error:
        number = error.errno or errno.EIO
    finally:
        os.write(report, str(number).encode())
        os._exit(127)


def _execute(argv: Sequence[str]) -> NoReturn:
    """As ``execvp`` of C does it: look through ``PATH``; the shell takes scripts that do not say whose they are."""
    name = argv[0]
    places = [name] if os.sep in name else [os.path.join(place, name) for place in os.get_exec_path() if name]
    reason: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    for place in places:
        try:
            os.execv(place, list(argv))  # noqa: S606
        except OSError as error:
            if error.errno == errno.ENOEXEC and _is_text(Path(place)):
                os.execv("/bin/sh", ["/bin/sh", place, *argv[1:]])  # noqa: S606
            if error.errno not in (errno.ENOENT, errno.ENOTDIR) or place == name:
                reason = error
    raise reason


def _is_text(path: Path) -> bool:
    """As shells tell a script from a program for another machine: no zero in the first line."""
    with path.open("rb") as file:
        return b"\0" not in file.readline(80)
