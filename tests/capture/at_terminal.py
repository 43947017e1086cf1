"""A person at a terminal: a real bash with job control behind a real pseudo-terminal, typed into and read from."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import shlex
import signal
import struct
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.capture.runner import RUN_ONE

CTRL_C, CTRL_D, CTRL_Z, CTRL_BACKSLASH = "\x03", "\x04", "\x1a", "\x1c"
PROMPT = "ready> "
_PATIENCE_S = 30.0


class Person:
    """Types, and waits for what appears."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        self.pid, self._file = pty.fork()
        if self.pid == 0:
            try:
                for number in (
                    signal.SIGHUP,
                    signal.SIGINT,
                    signal.SIGQUIT,
                    signal.SIGTSTP,
                ):  # whatever runs the tests may ignore them
                    signal.signal(number, signal.SIG_DFL)
                os.execvpe(argv[0], list(argv), dict(environment))
            finally:
                os._exit(127)
        self._seen = ""
        self._has_ended = False

    def types(self, text: str) -> None:
        os.write(self._file, text.encode())

    def sees(self, pattern: str) -> str:
        """Wait until something that matches appears, and return all that appeared up to its end."""
        until = time.monotonic() + _PATIENCE_S
        while (match := re.search(pattern, self._seen, re.DOTALL)) is None:
            assert time.monotonic() < until, f"never saw {pattern!r} in {self._seen!r}"
            if not select.select([self._file], [], [], 0.1)[0]:
                continue
            try:
                came = os.read(self._file, 65536)
            except OSError:  # all who had the terminal are gone
                came = b""
            assert came, f"the terminal closed before {pattern!r} in {self._seen!r}"
            self._seen += came.decode()
        text, self._seen = self._seen[: match.end()], self._seen[match.end() :]
        return text

    def runs(self, command: str) -> str:
        """Type a command at the prompt, and return what appears until the next prompt."""
        self.types(command + "\n")
        return self.sees(re.escape(PROMPT)).removesuffix(PROMPT).replace("\r\n", "\n")

    def resizes(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def has_echo(self) -> bool:
        return bool(termios.tcgetattr(self._file)[3] & termios.ECHO)

    def ends(self) -> int:
        """Wait until the program has ended, and return its exit code."""
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self._has_ended = True
        return code

    def closes(self) -> None:
        """Close the window: all who have the terminal are hung up on."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1

    def leaves(self) -> None:
        """Close the terminal and end what was started in it."""
        self.closes()
        if not self._has_ended:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


class Desk:
    """A shell at a terminal, in which `run …` is the runner.

    What is to be hit by a key is no shell but `tail -f sign`, which says "at 42": dash and bash lose a signal that
    comes while they start a program, also without the runner.
    """

    def __init__(self, folder: Path) -> None:
        self._report = folder / "report.json"
        environment = {**os.environ, "PS1": PROMPT, "TERM": "dumb", "HISTFILE": "", "LC_ALL": "C.UTF-8"}
        self.person = Person(["bash", "--norc", "--noprofile", "--noediting", "-i"], environment)
        self.person.sees(PROMPT)
        words = shlex.join([sys.executable, str(RUN_ONE), str(self._report)])
        run = folder / "run"  # one process, as the installed command is one
        run.write_text(f'#!/bin/sh\nexec {words} "${{LIMIT:--}}" "$@"\n')
        run.chmod(0o755)
        (folder / "sign").write_text("at 42\n")
        self.person.runs(f"ulimit -c 0; cd {shlex.quote(str(folder))}; PATH=$PWD:$PATH")

    def finished(self) -> dict[str, Any]:
        until = time.monotonic() + 30
        while not self._report.exists():  # the shell does not always wait for what it brought back
            assert time.monotonic() < until, "the runner never ended"
            time.sleep(0.01)
        result: dict[str, Any] = json.loads(self._report.read_bytes())
        self._report.unlink()
        return result

    def end(self) -> tuple[int, int | None, bool]:
        """Exit code, signal and whether time ran out."""
        finished = self.finished()
        return finished["exit_code"], finished["signal"], finished["timed_out"]
