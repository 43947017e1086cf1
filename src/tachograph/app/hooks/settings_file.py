"""Writing an agent's settings file: only over what was read, all at once, and as private as it was."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from tachograph.errors import Busy, TachographError
from tachograph.paths import FILE_MODE

_LONGEST = 10 * 1024 * 1024
_TRIES = 5
_BOM = b"\xef\xbb\xbf"


def read_settings(path: Path) -> bytes | None:
    """The bytes of the file (a link is followed); None when it does not exist.

    Raises TachographError (``settings_unreadable``).
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise unreadable(path, "it is no regular file")
        with path.open("rb") as file:
            held = file.read(_LONGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(path, error.strerror or str(error)) from error
    if len(held) > _LONGEST:
        raise unreadable(path, "it is longer than 10 MB")
    return held


def decode(path: Path, held: bytes | None) -> str:
    """The text of a file's bytes; that of no file is empty. Raises TachographError (``settings_unreadable``)."""
    try:
        return (held or b"").removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        raise unreadable(path, "it is not UTF-8 text") from error


def encode(text: str, held: bytes | None) -> bytes:
    """The bytes of a changed text, with the byte order mark that ``held`` had."""
    return (_BOM if held is not None and held.startswith(_BOM) else b"") + text.encode("utf-8")


def unreadable(path: Path, reason: str) -> TachographError:
    """The error about a file that is left alone because of ``reason``."""
    return TachographError(
        f"{path} is left as it is: {reason}.",
        slug="settings_unreadable",
        hint="It must be plain JSON, without comments, as the agent itself wants it. Correct it and try again.",
    )


def rewrite(path: Path, change: Callable[[bytes | None], bytes | None]) -> None:
    """Put what ``change`` makes of the file's bytes in their place; None stands for no file.

    The new file takes the old one's place in one step and has its mode; where ``path`` is a link, the file behind it
    is replaced. When somebody else wrote in between, ``change`` is asked again with the bytes that are there now.

    Raises TachographError (``settings_unreadable``, ``cannot_write``) and Busy when the file changes all the time.
    """
    real = path.resolve() if path.is_symlink() else path
    for _ in range(_TRIES):
        held = read_settings(real)
        fresh = change(held)
        if fresh == held or _swap(real, held, fresh):
            return
    raise Busy(f"{path} is being changed by another program all the time.", hint="Try again when that has ended.")


def _swap(path: Path, held: bytes | None, fresh: bytes | None) -> bool:
    """Replace the file if it still holds ``held``; whether it did."""
    try:
        if held is not None and not os.access(path, os.W_OK):
            raise PermissionError(0, "it is write-protected")
        if fresh is None:
            if read_settings(path) != held:
                return False
            path.unlink()
            return True
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _write_beside(path, fresh, FILE_MODE if held is None else stat.S_IMODE(path.stat().st_mode))
        try:
            if read_settings(path) != held:
                return False
            temporary.replace(path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
    except OSError as error:
        raise TachographError(f"Cannot write {path}: {error.strerror or error}.", slug="cannot_write") from error
    return True


def _write_beside(path: Path, fresh: bytes, mode: int) -> Path:
    """A new file in the same folder with these bytes, safely on the disk."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tacho", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(fresh)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
    except OSError:
        os.unlink(name)
        raise
    return Path(name)
