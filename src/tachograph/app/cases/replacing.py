"""Files that people edit too: read whole, and replaced whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from tachograph.app.expect.document import MOST_BYTES
from tachograph.errors import Busy, TachographError
from tachograph.report.sanitise import harmless


def read_or_none(path: Path) -> bytes | None:
    """What the file holds; None when there is none.

    Raises TachographError when it cannot be read, is no regular file (a device never ends), or larger than a reader
    takes.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as stream:
            regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
            content = stream.read(MOST_BYTES + 1) if regular else b""
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error.strerror or type(error).__name__) from error
    if not regular or len(content) > MOST_BYTES:
        raise _unreadable(path, f"it is larger than {MOST_BYTES >> 10} KiB" if regular else "it is not a regular file")
    return content


def _unreadable(path: Path, reason: str) -> TachographError:
    return TachographError(f"{harmless(str(path))} cannot be read: {reason}.", slug="unreadable_cases")


def replace_file(path: Path, content: bytes, known: bytes | None) -> None:
    """Let ``path`` hold ``content``, with the mode that it had; ``known`` is what it held when it was read.

    There is no moment at which it holds a part. Raises Busy when somebody changed it meanwhile, and TachographError
    when it cannot be written.
    """
    path = Path(os.path.realpath(path))  # a link stays one
    unfinished: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        unfinished = Path(name)
        with open(descriptor, "wb") as stream:
            stream.write(content)
        unfinished.chmod(_mode_of(path))
        if read_or_none(path) != known:
            raise Busy(
                f"{harmless(str(path))} was changed meanwhile; nothing was written.",
                slug="cases_changed",
                hint="Run the command again.",
            )
        os.replace(unfinished, path)
    except OSError as error:
        raise TachographError(
            f"{harmless(str(path))} cannot be written: {error.strerror}.", slug="cannot_write"
        ) from error
    finally:
        if unfinished is not None:
            with contextlib.suppress(FileNotFoundError):
                unfinished.unlink()


def _mode_of(path: Path) -> int:
    """The file's mode; of a new one what the process gives every new file."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0o077)
        os.umask(mask)
        return 0o666 & ~mask
