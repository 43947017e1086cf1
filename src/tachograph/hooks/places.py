"""The files that hooks read and write, all in the folder ``hooks`` of Tachograph's data folder."""

import os
import sys

BRIEFING = "briefing.json"
"""What ``tacho learn`` prepared for the next sessions."""
ASSIGNMENTS = "assignments.ndjson"
"""Which session was given which suggestion; one line each."""
LET_THROUGH = "let-through"
"""Alerts that stop no prompt any more; one a line, with the session or ``*`` for all."""
LEARN_STARTED = "learn-started"
"""Its time of change says when a hook last started ``tacho learn``."""
ENDED = "ended.ndjson"
"""Which sessions are over, and since when; one line each. The dashboard's watcher reads it."""
ENDED_BEFORE = "ended-before.ndjson"
"""What that file was before it had grown too long."""
EXPECTATIONS = "expectations.json"
"""Which work usually goes worse than the rest, as ``tacho learn`` prepared it; there only when it was asked for."""
EXPECTED = "expected"
"""Sessions whose first prompt was looked at, one a line."""
EXPECTED_BEFORE = "expected-before"
"""What that file was before it had grown too long."""
LONGEST_EXPECTED = 64 * 1024
"""Bytes: some 1,000 sessions."""
LONGEST_ENDED = 64 * 1024
"""Bytes: some 600 sessions."""
FOLDER = "hooks"

_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_APPEND = (
    os.O_RDWR | os.O_APPEND | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
)  # fmt: skip
_LONGEST_WRITE = 4096
"""Bytes that go to the end of a file in one piece, also when two hooks write at once."""


def data_folder(named: str = "", *, platform: str = sys.platform, use_variables: bool = True) -> str:
    """The absolute data folder: ``named``, else ``TACHO_DATA_DIR``, else the platform's place; empty: there is none.

    The same place as ``tachograph.paths.data_dir`` finds; where that differs, ``tacho hooks install`` writes the
    place into the hook's command. Without ``use_variables`` as a process finds it to which nobody gave
    ``TACHO_DATA_DIR`` or ``XDG_DATA_HOME``.
    """
    if use_variables:
        named = named or os.environ.get("TACHO_DATA_DIR", "")
    if named:
        return os.path.abspath(os.path.expanduser(named))
    if platform == "win32":
        local = os.environ.get("LOCALAPPDATA", "")
        return os.path.join(os.path.normpath(local), "tachograph") if local else ""
    chosen = os.environ.get("XDG_DATA_HOME", "").strip() if use_variables else ""
    if os.path.isabs(chosen):
        return os.path.join(chosen, "tachograph")
    home = "~/Library/Application Support" if platform == "darwin" else "~/.local/share"
    place = os.path.expanduser(home)
    return os.path.join(place, "tachograph") if os.path.isabs(place) else ""


def read_bytes(path: str, longest: int, *, only_end: bool = False) -> bytes:
    """What the regular file holds; nothing when there is no such file, or when it is longer than ``longest`` bytes.

    With ``only_end`` the last ``longest`` bytes of a longer one.
    """
    import stat

    try:
        descriptor = os.open(path, _READ)
    except OSError:
        return b""
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return b""
        if status.st_size > longest:
            if not only_end:
                return b""
            os.lseek(descriptor, -longest, os.SEEK_END)
        parts = []
        while part := os.read(descriptor, longest):
            parts.append(part)
        return b"".join(parts)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def append(data: str, name: str, lines: bytes) -> bool:
    """Write ``lines`` to the end of a file in ``hooks``, all at once, and return whether that was done.

    The file and the folder are made when they are missing, for their owner alone; the data folder is not. What a full
    disk has cut off at the end of the file stays a line of its own.
    """
    if len(lines) > _LONGEST_WRITE:
        return False
    try:
        descriptor = _open_to_append(os.path.join(data, FOLDER), name)
        try:
            size = _size(descriptor)
            if size and lines:
                os.lseek(descriptor, size - 1, os.SEEK_SET)
                lines = lines if os.read(descriptor, 1) == b"\n" else b"\n" + lines
            return os.write(descriptor, lines) == len(lines)
        finally:
            os.close(descriptor)
    except OSError:
        return False


def put_aside(data: str, name: str, former: str, longest: int) -> None:
    """Call a file in ``hooks`` of more than ``longest`` bytes ``former``, in place of what was called so."""
    path = os.path.join(data, FOLDER, name)
    try:
        if os.lstat(path).st_size > longest:
            os.replace(path, os.path.join(data, FOLDER, former))
    except OSError:
        return


def _open_to_append(folder: str, name: str) -> int:
    path = os.path.join(folder, name)
    try:
        return os.open(path, _APPEND)
    except FileNotFoundError:
        old = os.umask(0o077)  # a stricter one would take the owner's own rights away
        try:
            if not os.path.isdir(folder):
                os.mkdir(folder, 0o700)
            return os.open(path, _APPEND | os.O_CREAT, 0o600)
        finally:
            os.umask(old)


def _size(descriptor: int) -> int:
    """Bytes of a regular file. Raises OSError for anything else: what is written to a FIFO is kept nowhere."""
    import stat

    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise OSError
    return status.st_size
