"""Reading many logs at once, in child processes."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence

import msgspec

from tachograph.app.reading import LogRead
from tachograph.app.worker import Task, receive, send
from tachograph.sources import LogFile

_TASK_BYTES = 2 * 1024 * 1024
_WAITING = 8
"""Results that may wait to be stored: bounds the memory."""


def read_in_parallel(logs: Sequence[LogFile], jobs: int, store_text: bool) -> Iterator[LogRead]:
    """Read ``logs`` in ``jobs`` child processes; results come as they are ready.

    Raises RuntimeError when a child dies of anything but its parent's wish.
    """
    tasks = iter(_split(logs))
    lock = threading.Lock()
    results: queue.Queue[list[LogRead] | BaseException | None] = queue.Queue(_WAITING)
    children = [_start_child(store_text) for _ in range(jobs)]
    stop = threading.Event()
    threads = [
        threading.Thread(target=_drive, args=(child, tasks, lock, results, stop), daemon=True) for child in children
    ]
    for thread in threads:
        thread.start()
    try:
        running = len(threads)
        while running:
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


def _split(logs: Sequence[LogFile]) -> list[Task]:
    """Large logs by themselves and first, small ones together."""
    tasks: list[Task] = []
    batch: list[LogFile] = []
    size = 0
    for log in sorted(logs, key=lambda log: (-log.size, log.path)):
        batch.append(log)
        size += log.size
        if size >= _TASK_BYTES or len(batch) >= 200:
            tasks.append(Task(tuple(batch)))
            batch, size = [], 0
    return [*tasks, Task(tuple(batch))] if batch else tasks


def _start_child(store_text: bool) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "tachograph.app.worker", *([] if store_text else ["--no-text"])]
    # -P: modules that lie in the folder one happens to stand in are not ours
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)


def _drive(
    child: subprocess.Popen[bytes],
    tasks: Iterator[Task],
    lock: threading.Lock,
    results: queue.Queue[list[LogRead] | BaseException | None],
    stop: threading.Event,
) -> None:
    decode = msgspec.msgpack.Decoder(list[LogRead]).decode
    try:
        assert child.stdin is not None
        assert child.stdout is not None
        while not stop.is_set():
            with lock:
                task = next(tasks, None)
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
