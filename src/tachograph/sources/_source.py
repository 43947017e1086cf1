"""What a source is, and where the sources are found."""

from __future__ import annotations

import errno
import importlib
import os
import pkgutil
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

import msgspec

from tachograph.model import Clean, ParsedLog, Problem, Session, Texts

_HEAD_BYTES = 64 * 1024


class LogFile(msgspec.Struct, frozen=True, array_like=True):
    """A file that a source wants to read."""

    agent: str
    path: str
    """Absolute, as found (not redacted: for opening, never for storing)."""
    size: int
    mtime_ns: int
    inode: int
    device: int
    sidecar_mtime_ns: int = 0
    """Modification time of a companion file that the source reads too; 0 when there is none."""


class Resume(msgspec.Struct, frozen=True, array_like=True):
    """What is known of a log's beginning, for a source that reads only what was added."""

    sessions: tuple[Session, ...]
    carry: bytes
    offset: int
    lines: int
    problems: tuple[Problem, ...] = ()
    """Those of the lines before ``offset``."""
    unknown_types: tuple[tuple[str, int], ...] = ()


class CannotResume(Exception):
    """Raised by ``parse`` when what was added changes what was read before: read the log from its start."""


class Source(Protocol):
    """One agent's log format: a module of this package that has these names."""

    AGENT: str
    """Short name, the prefix of every session id."""
    VERSION: int
    """Raised when parsing changes, so that stored logs are read again."""

    NEWEST_KNOWN: str
    """The agent's newest version whose logs this source was checked with."""

    def places(self) -> list[Path]:
        """Folders in which the agent's logs are looked for, whether they exist or not."""
        ...

    def roots(self) -> list[Path]:
        """Those of :meth:`places` that may hold the agent's logs."""
        ...

    def homes(self, root: Path) -> list[Path]:
        """Folders below ``root``, or itself, in which its logs appear, whether they exist or not: to be watched."""
        ...

    def retention_days(self, place: Path) -> int | None:
        """Days after its last change at which the agent deletes a log under ``place``; None when it keeps them."""
        ...

    def discover(self, folder: Path) -> Iterator[LogFile | Problem]:
        """Every log under ``folder``, in a fixed order."""
        ...

    def sidecar_path(self, log: LogFile) -> str | None:
        """The companion file whose content :meth:`parse` wants; None when the log has none."""
        ...

    def companions(self, log: LogFile) -> Iterator[Path]:
        """Files and folders beside ``log`` that may hold more of its session: its subagents, its continuation."""
        ...

    def parse(
        self,
        log: LogFile,
        stream: BinaryIO,
        clean: Clean,
        resume: Resume | None = None,
        sidecar: bytes = b"",
        texts: Texts | None = None,
    ) -> ParsedLog:
        """Read a log from ``stream``, which stands at ``resume.offset`` when that is given.

        ``texts`` is given what the log says at full length, as far as it wants it.

        Raises OSError as the stream does, and CannotResume; anything odd within the log is a problem in the result.
        """
        ...


@cache
def load_sources(package: str = "tachograph.sources") -> dict[str, Source]:
    """All sources by agent name: every module of ``package`` without a leading underscore."""
    found: dict[str, Source] = {}
    home = importlib.import_module(package)
    for info in pkgutil.iter_modules(home.__path__):
        if not info.name.startswith("_"):
            module = importlib.import_module(f"{package}.{info.name}")
            found[module.AGENT] = module
    return found


def walk(folder: Path, wanted: Iterable[str]) -> Iterator[tuple[os.DirEntry[str], os.stat_result] | Problem]:
    """Every regular file under ``folder`` whose name ends in one of ``wanted``, by name, symlinked folders included.

    Where ``folder`` is a file, it and what lies beside it under its own name.

    A symlink loop ends where it comes round again; devices, sockets and FIFOs are reported and left alone, unreadable
    folders are reported. Problems carry the path in ``detail``.
    """
    suffixes = tuple(wanted)
    if folder.is_file():
        yield from _walk_file(folder, suffixes)
        return
    seen: set[tuple[int, int]] = set()
    pending = [str(folder)]
    while pending:
        here = pending.pop()
        try:
            with os.scandir(here) as listing:
                entries = sorted(listing, key=_entry_name)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                yield Problem("unreadable_folder", 0, 0, f"{here}: {error.strerror}")
            continue
        folders: list[str] = []
        for entry in entries:
            kind = _kind(entry)
            if kind == "folder":
                if not entry.is_symlink() or _is_new(entry, seen):
                    folders.append(entry.path)
            elif entry.name.endswith(suffixes):
                yield from _regular(entry, kind)
        pending.extend(reversed(folders))


def mentions(path: Path, name: str) -> bool:
    """Whether the first 64 KiB of a file hold ``name``."""
    try:
        with path.open("rb") as file:
            return name.encode() in file.read(_HEAD_BYTES)
    except OSError:
        return False


def _walk_file(path: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[os.DirEntry[str], os.stat_result] | Problem]:
    """The entry of one file, and those of its companions (``<name>.meta.json`` beside ``<name>.jsonl``)."""
    if not path.name.endswith(suffixes):
        yield Problem("unreadable_folder", 0, 0, f"{path}: {os.strerror(errno.ENOTDIR)}")
        return
    stem = path.name.partition(".")[0]
    with os.scandir(path.parent) as listing:
        beside = sorted((e for e in listing if e.name == path.name or e.name == f"{stem}.meta.json"), key=_entry_name)
    for entry in beside:
        if entry.name.endswith(suffixes) and _kind(entry) == "file":
            yield from _regular(entry, "file")


def _entry_name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _kind(entry: os.DirEntry[str]) -> Literal["folder", "file", "odd"]:
    try:
        if entry.is_dir():
            return "folder"
        return "file" if entry.is_file() else "odd"
    except OSError:
        return "odd"


def _is_new(entry: os.DirEntry[str], seen: set[tuple[int, int]]) -> bool:
    """Whether a symlinked folder leads somewhere not yet visited and not to one of its own ancestors."""
    target = os.path.realpath(entry.path)
    here = os.path.realpath(os.path.dirname(entry.path))
    if here == target or here.startswith(os.path.join(target, "")):
        return False
    try:
        stat = os.stat(target)
    except OSError:
        return False
    identity = (stat.st_dev, stat.st_ino)
    if identity in seen:
        return False
    seen.add(identity)
    return True


def _regular(entry: os.DirEntry[str], kind: str) -> Iterator[tuple[os.DirEntry[str], os.stat_result] | Problem]:
    if kind != "file":
        yield Problem("not_a_file", 0, 0, f"{entry.path}: not a regular file")
        return
    try:
        yield entry, entry.stat()
    except OSError as error:
        yield Problem("unreadable_file", 0, 0, f"{entry.path}: {error.strerror}")
