"""The process that does the work: started when there is some, replaced when it fails, ended when it is idle.

So the server's own memory stays flat, and its pages are not held up.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from tachograph.app.watch.records import Alive, Answer, Job, Message, Progress, Reading
from tachograph.app.worker import receive, send

IDLE_SECONDS = 60.0
SILENT_SECONDS = 60.0
"""A process at work says every two seconds that it is there."""
STUCK_SECONDS = 900.0
"""Without using the processor: it waits for something that does not come. A judge may take 300 s."""


class WorkerGone(Exception):
    """The process ended, or hung and was ended, before it had answered."""


def _ignore(reading: Reading) -> None:
    """For jobs that have no progress."""


class Child:
    """One child process for jobs, one at a time. Only :meth:`close` may be called from another thread."""

    def __init__(self, folder: Path) -> None:
        """Nothing is started yet; ``folder`` is the data folder."""
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._used = 0.0
        self._lock = threading.Lock()
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        process = self._process
        return None if process is None else process.pid

    def ask(self, job: Job, on_progress: Callable[[Reading], None] = _ignore) -> Answer:
        """Have ``job`` done. Raises WorkerGone."""
        process = self._start()
        assert process.stdin is not None
        try:
            send(process.stdin, job)
            answer = self._wait(on_progress)
        except (OSError, ValueError, WorkerGone) as error:  # ValueError: closed meanwhile
            self._end()
            raise WorkerGone from error
        self._used = time.monotonic()
        if answer.spent:
            self._end()
        return answer

    def end_if_idle(self) -> None:
        """End the process when it has had nothing to do for a minute."""
        if self._process is not None and time.monotonic() - self._used >= IDLE_SECONDS:
            self._end()

    @property
    def idle_at(self) -> float | None:
        """When that will be, by the monotonic clock; None: there is no process."""
        return None if self._process is None else self._used + IDLE_SECONDS

    def close(self) -> None:
        """End the process for good, whatever it is doing: what it has not stored is found again."""
        self._closed = True
        self._end()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise WorkerGone
            if self._process is None:
                self._messages = queue.SimpleQueue()
                self._process = _start_process(self._folder)
                threading.Thread(target=_listen, args=(self._process, self._messages), daemon=True).start()
            return self._process

    def _end(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        process.kill()  # what it writes is written in whole transactions
        process.wait()
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()

    def _wait(self, on_progress: Callable[[Reading], None]) -> Answer:
        cpu, moved = -1.0, time.monotonic()
        while True:
            try:
                message = self._messages.get(timeout=SILENT_SECONDS)
            except queue.Empty:
                raise WorkerGone from None
            if message is None:
                raise WorkerGone
            if isinstance(message, Answer):
                return message
            if isinstance(message, Progress):
                on_progress(message.reading)
                moved = time.monotonic()
            elif message.cpu_seconds - cpu >= 0.05:
                cpu, moved = message.cpu_seconds, time.monotonic()
            elif time.monotonic() - moved >= STUCK_SECONDS:
                raise WorkerGone


def _start_process(folder: Path) -> subprocess.Popen[bytes]:
    # -P: modules that lie in the folder one happens to stand in are not ours
    command = [sys.executable, "-P", "-m", "tachograph.app.watch.worker"]
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": paths, "TACHO_DATA_DIR": str(folder)}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)


def _listen(process: subprocess.Popen[bytes], messages: queue.SimpleQueue[Message | None]) -> None:
    """Pass on what the process says; None at its end."""
    decode = msgspec.msgpack.Decoder(Alive | Answer | Progress).decode
    assert process.stdout is not None
    with process.stdout as stream:
        try:
            while (payload := receive(stream)) is not None:
                messages.put(decode(payload))
        except (OSError, ValueError, msgspec.MsgspecError):
            pass  # told as its end
    messages.put(None)
