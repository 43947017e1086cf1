"""One writer at a time, across processes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tachograph.errors import Busy
from tachograph.paths import private_file


@contextmanager
def writer_lock(folder: Path, wait_seconds: float) -> Iterator[None]:
    """Hold the writer's lock of the warehouse in ``folder``; the system frees it when the process ends, however.

    The descriptor is not inherited by child processes. Raises Busy when another process still holds it after
    ``wait_seconds``.
    """
    with file_lock(folder / "writer.lock", wait_seconds) as held:
        if not held:
            raise Busy(
                "Another tacho process is updating the warehouse.",
                hint="Wait until it has ended, or report from what is stored with --no-ingest.",
            )
        yield


@contextmanager
def file_lock(path: Path, wait_seconds: float) -> Iterator[bool]:
    """Hold the lock that the file at ``path`` stands for; whether it is held: not when another process still has it.

    The file is made when there is none. The system frees the lock when the process ends, however, and no child process
    inherits it.
    """
    descriptor = os.open(private_file(path), os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
    try:
        deadline = time.monotonic() + wait_seconds
        while not (held := _try_lock(descriptor)) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield held
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        return _try_lock_windows(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _try_lock_windows(descriptor: int) -> bool:
    import msvcrt  # pragma: no cover

    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    return True
