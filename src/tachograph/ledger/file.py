"""The file of a ledger: read as it lies, written whole lines at a time by one process after the other."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tachograph.errors import Busy, TachographError
from tachograph.ledger.events import OwnEvent
from tachograph.ledger.lines import encode
from tachograph.ledger.reading import Reading, read_ledger
from tachograph.paths import FILE_MODE

MOST_BYTES = 256 << 20
_WAIT_SECONDS = 10.0
_OTHER_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_OTHER_FLAGS |= getattr(os, "O_NONBLOCK", 0)
_FLAGS = os.O_RDWR | os.O_APPEND | _OTHER_FLAGS


def read(path: Path) -> Reading:
    """What the ledger says; an empty one where there is none.

    Raises TachographError (``ledger_unreadable``) when it is no regular file, cannot be read, or is above 256 MiB.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _OTHER_FLAGS)
    except FileNotFoundError:
        return read_ledger(b"")
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    try:
        return read_ledger(_content(path, descriptor))
    finally:
        os.close(descriptor)


def change(path: Path, make: Callable[[Reading], list[OwnEvent]]) -> None:
    """Append the events that ``make`` makes of what the ledger says, while nobody else writes.

    Each event is on the disk, as a whole line, before this returns. A last line without an end is ended first. The
    file and its folder are made where there is none; ``make`` may raise, and then nothing is written.

    Raises TachographError (``ledger_unreadable``, ``cannot_write``) and Busy.
    """
    append_lines(path, lambda content: [encode(event) for event in make(read_ledger(content, sums=False))])


def append_lines(path: Path, make: Callable[[bytes], list[bytes]]) -> tuple[bytes, bytes]:
    """As ``change``, with whole lines, ends included, made of the ledger's bytes; these before and afterwards."""
    with _locked(path) as descriptor:
        content = _content(path, descriptor)
        added = b"".join(make(content))
        if added and content and not content.endswith(b"\n"):
            added = b"\n" + added
        try:
            _append(descriptor, added)
        except OSError as error:
            raise _cannot_write(path, error) from error
        return content, content + added


def replace(path: Path, make: Callable[[bytes], bytes]) -> bytes:
    """Put what ``make`` makes of the ledger's bytes in their place, all at once; what they were before.

    Nobody else writes meanwhile. Raises as ``change`` does.
    """
    with _locked(path) as descriptor:
        before = _content(path, descriptor)
        after = make(before)
        if after == before:
            return before
        beside = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            part = os.open(
                beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | (_FLAGS & ~(os.O_RDWR | os.O_APPEND)), FILE_MODE
            )
            try:
                os.fchmod(part, stat.S_IMODE(os.fstat(descriptor).st_mode))
                _append(part, after)
            finally:
                os.close(part)
            os.replace(beside, path)
            _sync_folder(path.parent)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise _cannot_write(path, error) from error
        return before


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file, open for appending, locked against other writers; it is the one that the path names now."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        descriptor = _open(path)
        try:
            if not _lock(descriptor, deadline):
                raise Busy("Another process is writing to the goals' ledger.", hint=f"It is {path}.")
            if _is_at(descriptor, path):
                yield descriptor
                return
        finally:
            os.close(descriptor)  # and frees the lock


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, FILE_MODE)
        except FileExistsError:
            return os.open(path, _FLAGS)
        _sync_folder(path.parent)
        return descriptor
    except OSError as error:
        raise _cannot_write(path, error) from error


def _lock(descriptor: int, deadline: float) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.001)
        else:
            return True


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the path still names the open file: a repair may have put another one there."""
    try:
        there = os.stat(path, follow_symlinks=False)
    except OSError:
        return False
    return os.path.samestat(os.fstat(descriptor), there)


def _content(path: Path, descriptor: int) -> bytes:
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        raise _unreadable(path, "it is no regular file")
    if about.st_size > MOST_BYTES:
        raise _unreadable(path, "it is larger than 256 MiB")
    parts: list[bytes] = []
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        while part := os.read(descriptor, 1 << 20):
            parts.append(part)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    return b"".join(parts)


def _append(descriptor: int, content: bytes) -> None:
    if not content:
        return
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unreadable(path: Path, why: str) -> TachographError:
    return TachographError(f"The goals' ledger {path} cannot be read: {why}.", slug="ledger_unreadable")


def _cannot_write(path: Path, error: OSError) -> TachographError:
    return TachographError(f"Cannot write {path}: {error.strerror or error}.", slug="cannot_write")
