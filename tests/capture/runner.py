"""Running commands through the runner, in a process and a session of its own without a terminal."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="a system without /proc")
RUN_ONE = Path(__file__).with_name("run_one.py")


class Runner:
    """Starts commands and tells how they ended."""

    def __init__(self, folder: Path) -> None:
        self.report = folder / "report.json"
        self._started: list[subprocess.Popen[bytes]] = []

    def words(self, *command: str, timeout: float | None = None) -> list[str]:
        return [sys.executable, str(RUN_ONE), str(self.report), "-" if timeout is None else str(timeout), *command]

    def start(self, *command: str, timeout: float | None = None, **how: Any) -> subprocess.Popen[bytes]:
        words = self.words(*command, timeout=timeout)
        process = subprocess.Popen(words, start_new_session=True, **{"stdout": subprocess.PIPE, **how})
        self._started.append(process)
        return process

    def run(self, *command: str, timeout: float | None = None, **how: Any) -> tuple[int, bytes]:
        """Exit code and what was printed."""
        process = self.start(*command, timeout=timeout, **how)
        printed = process.communicate(timeout=60)[0]
        return process.returncode, printed

    def finished(self) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(self.report.read_bytes())
        return result

    def end_all(self) -> None:
        """What is left in the sessions that were started."""
        sessions = {process.pid for process in self._started}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                if int(stat.read_bytes().rpartition(b")")[2].split()[3]) in sessions:
                    os.kill(int(stat.parent.name), signal.SIGKILL)
        for process in self._started:
            with process:
                pass


def is_alive(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False).stdout.strip()
    return bool(state) and not state.startswith(b"Z")


def wait_for(path: Path) -> str:
    """The text of a file that is about to be written."""
    until = time.monotonic() + 30
    while not path.exists() or not path.read_text().endswith("\n"):
        assert time.monotonic() < until, f"{path.name} was never written"
        time.sleep(0.01)
    return path.read_text()
