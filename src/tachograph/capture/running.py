"""Running a command as if nothing stood between it and whoever called: same streams, same terminal, same signals.

The command gets this process's own standard streams, so its output costs nothing here and a terminal stays one. It
gets a process group of its own, so that a time-out can end all of it. Whoever kills this process with SIGKILL leaves
the command running; no other signal does.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

import msgspec

NOT_EXECUTABLE = 126
NOT_FOUND = 127
TIMED_OUT = 124
"""What ``timeout`` of GNU returns; the other two are the shells'."""
BY_SIGNAL = 128
"""And the number of the signal that ended it."""


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """How a command ended."""

    exit_code: int
    """Its own; 124 after a time-out, 128 + n when signal n ended it, 127 not found, 126 not executable."""
    timed_out: bool = False
    signal: int | None = None
    """The one that ended it, also after a time-out."""
    started_at_ms: int
    """Since 1970-01-01 UTC."""
    duration_ms: int
    """By a clock that nobody sets."""
    problem: str = ""
    """Why it could not be started, or ended after a time-out; empty: it could."""


class _End(msgspec.Struct, frozen=True):
    code: int
    """Minus the signal, when one ended it."""
    timed_out: bool = False
    problem: str = ""


def run_command(argv: Sequence[str], timeout: float | None = None) -> Finished:
    """Run ``argv`` (at least its program) for at most ``timeout`` seconds, and tell how it ended.

    A time-out asks everything that belongs to the command to end, and after 2 seconds kills what is left. After an
    end of its own accord, what it left in the background stays. Only in the main thread (ValueError elsewhere).
    """
    started_at_ms, start = time.time_ns() // 1_000_000, time.monotonic()
    try:
        end = _follow(argv, timeout) if os.name == "posix" else _wait_plainly(argv, timeout)
    except OSError as error:
        end = _End(
            NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE, problem=error.strerror or str(error)
        )
    return Finished(
        exit_code=TIMED_OUT if end.timed_out else BY_SIGNAL - end.code if end.code < 0 else end.code,
        timed_out=end.timed_out,
        signal=-end.code if end.code < 0 else None,
        started_at_ms=started_at_ms,
        duration_ms=round((time.monotonic() - start) * 1000),
        problem=end.problem,
    )


def repeat_interrupt(finished: Finished) -> None:
    """End this process by SIGINT if that is how the command ended at a terminal; otherwise just return.

    A shell stops its loop or script only when what it ran was ended by that signal itself. Its ``$?`` is 130 all
    the same. To be called last.
    """
    if os.name != "posix" or finished.signal != signal.SIGINT or finished.timed_out or not _has_terminal():
        return
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # whoever read it may be gone
            stream.flush()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)


def _follow(argv: Sequence[str], timeout: float | None) -> _End:
    from tachograph.capture.job import PASSED_ON, start  # Windows has neither groups nor terminals of this kind
    from tachograph.capture.signals import catching
    from tachograph.capture.terminal import controlling_terminal

    with catching((signal.SIGCHLD, *PASSED_ON)) as caught, controlling_terminal() as terminal:
        deadline = None if timeout is None else time.monotonic() + timeout
        job = start(argv, terminal, caught)
        job.look()
        while job.code is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                code = job.end()
                end = _End(code or 0, timed_out=True, problem="it could not be ended" if code is None else "")
                break
            for number in caught.wait(left):
                job.pass_on(number)
            job.look()
        else:
            end = _End(job.code)
        if terminal is not None and (end.timed_out or end.code < 0):
            terminal.recover(is_interrupted=end.code == -signal.SIGINT and not end.timed_out)
    return end


def _wait_plainly(argv: Sequence[str], timeout: float | None) -> _End:
    """Without groups: the console sends Ctrl-C to both; a time-out ends the command and what it started."""
    import subprocess

    process = subprocess.Popen(list(argv))
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        try:
            left = None if deadline is None else max(deadline - time.monotonic(), 0)
            return _End(process.wait(left))
        except KeyboardInterrupt:
            continue  # the command decides what that means
        except subprocess.TimeoutExpired:
            if os.name == "nt":
                tree = ["taskkill", "/T", "/F", "/PID", str(process.pid)]
                subprocess.run(tree, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            process.kill()
            return _End(process.wait(), timed_out=True)


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
