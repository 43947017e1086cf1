"""Reading many logs at once: in child processes, and here while there is nothing to be stored."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence

import msgspec

from tachograph.app.reading import LogRead, read_log
from tachograph.app.worker import Task, receive, send
from tachograph.model import TextKind
from tachograph.redaction import default_cleaner
from tachograph.sources import LogFile

_TASK_BYTES = 2 * 1024 * 1024
_WAITING = 8
"""Results that may wait to be stored: bounds the memory."""


def read_in_parallel(
    logs: Sequence[LogFile], jobs: int, store_text: bool, wanted: frozenset[TextKind] = frozenset()
) -> Iterator[LogRead]:
    """Read ``logs`` in ``jobs`` processes, this one among them; results come as they are ready.

    Children take the large logs first; whenever none of their results waits, this process reads small ones. Raises
    RuntimeError when a child dies of anything but its parent's wish.
    """
    tasks = deque(_split(logs, wanted))
    results: queue.Queue[list[LogRead] | BaseException | None] = queue.Queue(_WAITING)
    children = [_start_child(store_text) for _ in range(jobs - 1)]
    stop = threading.Event()
    threads = [threading.Thread(target=_drive, args=(child, tasks, results, stop), daemon=True) for child in children]
    for thread in threads:
        thread.start()
    try:
        running = len(threads)
        while running:
            if results.empty() and (task := _take(tasks.pop)) is not None:
                clean = default_cleaner(store_text)
                yield from (read_log(log, clean, wanted=wanted)[0] for log in task.logs)
                continue
            result = results.get()
            if result is None:
                running -= 1
            elif isinstance(result, BaseException):
                raise result
            else:
                yield from result
    finally:
        stop.set()
        for child in children:
            child.kill()
            child.wait()
        while any(thread.is_alive() for thread in threads):
            _drain(results)
        for child in children:
            for stream in (child.stdin, child.stdout):
                if stream is not None:
                    _close(stream)


def _split(logs: Sequence[LogFile], wanted: frozenset[TextKind]) -> list[Task]:
    """Large logs by themselves and first, small ones together."""
    tasks: list[Task] = []
    batch: list[LogFile] = []
    size = 0
    for log in sorted(logs, key=lambda log: (-log.size, log.path)):
        batch.append(log)
        size += log.size
        if size >= _TASK_BYTES or len(batch) >= 200:
            tasks.append(Task(tuple(batch), wanted))
            batch, size = [], 0
    return [*tasks, Task(tuple(batch), wanted)] if batch else tasks


def _start_child(store_text: bool) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "tachograph.app.worker", *([] if store_text else ["--no-text"])]
    # -P: modules that lie in the folder one happens to stand in are not ours
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)


def _take(pop: Callable[[], Task]) -> Task | None:
    """The next task at one end; None when there is none. A deque may be taken from by several threads."""
    try:
        return pop()
    except IndexError:
        return None


def _drive(
    child: subprocess.Popen[bytes],
    tasks: deque[Task],
    results: queue.Queue[list[LogRead] | BaseException | None],
    stop: threading.Event,
) -> None:
    decode = msgspec.msgpack.Decoder(list[LogRead]).decode
    try:
        assert child.stdin is not None
        assert child.stdout is not None
        while not stop.is_set():
            task = _take(tasks.popleft)
            if task is None:
                break
            send(child.stdin, task)
            payload = receive(child.stdout)
            if payload is None:
                raise RuntimeError(f"a reading process ended unexpectedly (exit code {child.wait()})")
            results.put(decode(payload))
    except BaseException as error:  # noqa: BLE001 (it is raised again where the results are taken)
        if not stop.is_set():
            results.put(error)
    results.put(None)


def _drain(results: queue.Queue[list[LogRead] | BaseException | None]) -> None:
    with contextlib.suppress(queue.Empty):
        results.get(timeout=0.02)


def _close(stream: object) -> None:
    with contextlib.suppress(OSError):
        stream.close()  # type: ignore[attr-defined]
