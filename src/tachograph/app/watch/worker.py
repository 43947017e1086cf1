"""The watcher's child process: jobs come in on stdin, answers go out on stdout, until stdin ends.

It ends with its parent, whatever ended that one, also in the midst of a job: what it stores, it stores in whole
transactions.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import msgspec

from tachograph.app.watch.jobs import Workbench
from tachograph.app.watch.records import Alive, Job, Message
from tachograph.app.worker import receive, send

_SIGN_SECONDS = 2.0
_NICE = 5
"""What a person waits for goes first: pages that are made meanwhile, and their own work."""


class _Speaker:
    """Says things on stdout, one after the other, from any thread."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def say(self, message: Message) -> None:
        """Send ``message``; without a parent to read it the process ends."""
        with self._lock:
            try:
                send(self._stream, message)
            except BrokenPipeError:
                os._exit(0)


def main() -> None:
    """Serve until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    if hasattr(os, "nice"):
        os.nice(_NICE)
    speaker = _Speaker(_take_stdout())
    jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(jobs,), daemon=True).start()
    bench = Workbench(speaker.say)
    while True:
        job = jobs.get()
        with _signs_of_life(speaker):
            answer = bench.do(job)
        speaker.say(answer)


def _take_stdout() -> IO[bytes]:
    """The stream for messages; whatever else is printed goes to stderr."""
    stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return stream


def _listen(jobs: queue.SimpleQueue[Job]) -> None:
    decode = msgspec.msgpack.Decoder(Job).decode
    while (payload := receive(sys.stdin.buffer)) is not None:
        jobs.put(decode(payload))
    os._exit(0)


@contextmanager
def _signs_of_life(speaker: _Speaker) -> Iterator[None]:
    over = threading.Event()

    def tell() -> None:
        while not over.wait(_SIGN_SECONDS):
            speaker.say(Alive(time.process_time()))

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    main()
