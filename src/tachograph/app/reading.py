"""Reading one log from disk: opening, hashing what is read, parsing, counting."""

from __future__ import annotations

import io
import os
import stat
import traceback
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec
import xxhash

from tachograph.app.describing import describe
from tachograph.model import Clean, ParsedLog, Problem, TextKind, Texts
from tachograph.sources import CannotResume, LogFile, Resume, Source, load_sources

_BUFFER = 1 << 20
_COMPRESSED = 1 << 10
"""Bytes of zstd data unpacked at a time: they may hold thousands of times as much."""
_WRAP = 1 << 64


class LogRead(msgspec.Struct, frozen=True, array_like=True):
    """What reading a log gave."""

    log: LogFile
    parsed: ParsedLog
    summaries: tuple[tuple[Any, ...], ...] = ()
    """Summary columns of each session's segment."""
    size: int = 0
    """Bytes of the file that were there to be read."""
    read: int = 0
    """Bytes parsed: less than ``size`` when only what was added was read."""
    content_hash: int = 0
    mtime_ns: int = 0
    inode: int = 0
    device: int = 0
    readable: bool = True
    texts: Texts | None = None
    """What the log says at full length; None: nobody asked for it."""


class Continuation(msgspec.Struct, frozen=True):
    """How far a log was read before: ``size`` bytes of content with ``content_hash``."""

    resume: Resume
    size: int
    content_hash: int
    task_types: tuple[str | None, ...] = ()
    """Of the sessions of ``resume``, in their order."""


class _HashingFile(io.RawIOBase):
    """A file that hashes every byte from ``start`` on, once."""

    def __init__(self, raw: io.FileIO, hasher: Any, start: int) -> None:
        self._raw = raw
        self._hasher = hasher
        self._hashed = start
        self._at = raw.tell()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._raw.readinto(buffer) or 0
        end = self._at + count
        if end > self._hashed:
            self._hasher.update(memoryview(buffer)[count - (end - self._hashed) : count])
            self._hashed = end
        self._at = end
        return count

    @property
    def size(self) -> int:
        return self._at


def read_log(
    log: LogFile, clean: Clean, known: Continuation | None = None, wanted: frozenset[TextKind] = frozenset()
) -> tuple[LogRead, bool]:
    """Read ``log``; also say whether ``known`` could be gone on from (else it was read from its start).

    ``wanted`` are the texts to collect at full length: of what is read, so they ask for a reading from the start.

    Never raises for what the file holds or for its being unreadable: that is a problem in the result. Nor for a
    mistake of the source's: one log that it stumbles over must not keep all others out.
    """
    source = load_sources()[log.agent]
    try:
        with _open(log.path) as raw:
            sidecar = _read_sidecar(source, log)
            if known is not None:
                found = _read_on(source, log, raw, clean, known, sidecar)
                if found is not None:
                    return found, True
                raw.seek(0)
            texts = Texts(wanted) if wanted else None
            return _read(source, log, raw, clean, None, xxhash.xxh3_64(), sidecar, texts), False
    except OSError as error:
        return _unread(log, "unreadable_file", error.strerror or type(error).__name__), False
    except Exception as error:  # noqa: BLE001 (reported: a bug, but one log's)
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{os.path.basename(place.filename)}:{place.lineno}"
        return _unread(log, "reader_failed", f"a bug in tacho: {type(error).__name__} in {where}"), False


def _unread(log: LogFile, slug: str, detail: str) -> LogRead:
    parsed = ParsedLog((), (Problem(slug, 0, 0, detail),))
    return LogRead(
        log, parsed, size=log.size, mtime_ns=log.mtime_ns, inode=log.inode, device=log.device, readable=False
    )


def _open(path: str) -> io.FileIO:
    """Open a regular file, without waiting should it have become a FIFO."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "not a regular file")
        return io.FileIO(descriptor)
    except BaseException:
        os.close(descriptor)
        raise


def _read_sidecar(source: Source, log: LogFile) -> bytes:
    path = source.sidecar_path(log)
    if path is None:
        return b""
    try:
        with _open(path) as file:
            return file.read(1 << 20) or b""
    except OSError:
        return b""


def _read_on(
    source: Source, log: LogFile, raw: io.FileIO, clean: Clean, known: Continuation, sidecar: bytes
) -> LogRead | None:
    """Read what was added; None when the file's beginning is no longer what was read before."""
    hasher = xxhash.xxh3_64()
    left = known.size
    while left > 0:
        chunk = raw.read(min(left, _BUFFER))
        if not chunk:
            return None
        hasher.update(chunk)
        left -= len(chunk)
    if _signed(hasher.intdigest()) != known.content_hash:
        return None
    raw.seek(known.resume.offset)
    try:
        return _read(source, log, raw, clean, known, hasher, sidecar)
    except CannotResume:
        return None


def _read(
    source: Source,
    log: LogFile,
    raw: io.FileIO,
    clean: Clean,
    known: Continuation | None,
    hasher: Any,
    sidecar: bytes,
    texts: Texts | None = None,
) -> LogRead:
    status = os.fstat(raw.fileno())
    hashing = _HashingFile(raw, hasher, known.size if known else 0)
    resume = known.resume if known else None
    start = resume.offset if resume else 0
    stream: BinaryIO = io.BufferedReader(hashing, _BUFFER)
    unpacked = _Decompressed(stream) if log.path.endswith(".zst") else None
    if unpacked is not None:
        stream = io.BufferedReader(unpacked, _BUFFER)
    parsed = source.parse(log, stream, clean, resume, sidecar, texts)
    if unpacked is not None and unpacked.fault:
        problem = Problem("damaged_zstd", 0, 0, unpacked.fault)
        parsed = msgspec.structs.replace(parsed, problems=(*parsed.problems, problem))
    return LogRead(
        log,
        parsed,
        tuple(_describe(parsed, known)),
        hashing.size,
        hashing.size - start,
        _signed(hasher.intdigest()),
        status.st_mtime_ns,
        status.st_ino,
        status.st_dev,
        texts=texts,
    )


def _describe(parsed: ParsedLog, known: Continuation | None) -> Iterator[tuple[Any, ...]]:
    """The summary columns of each session; a task type that was found before stays, as the first prompt does."""
    held = known.task_types if known else ()
    for number, session in enumerate(parsed.sessions):
        yield describe(session, task_type=held[number] if number < len(held) else None)


class _Decompressed(io.RawIOBase):
    """What a zstd file holds, as far as it can be read; ``fault`` tells why it ended early."""

    def __init__(self, stream: BinaryIO) -> None:
        import zstandard

        self._stream = stream
        self._make = zstandard.ZstdDecompressor().decompressobj
        self._error = zstandard.ZstdError
        self._frame = self._make()
        self._begun = False
        self._rest = b""
        self._ready = memoryview(b"")
        self.fault = ""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self.fault:
            chunk = self._rest or self._stream.read(_COMPRESSED)
            if not chunk:
                self.fault = "the compressed data ends early" if self._begun else ""
                break
            self._take(chunk)
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _take(self, chunk: bytes) -> None:
        self._begun, self._rest = True, b""
        try:
            self._ready = memoryview(self._frame.decompress(chunk))
        except self._error as error:
            self.fault = f"damaged zstd data: {error}"
            return
        if self._frame.eof:
            self._rest, self._begun, self._frame = self._frame.unused_data, False, self._make()


def _signed(value: int) -> int:
    return value - _WRAP if value >= _WRAP >> 1 else value
