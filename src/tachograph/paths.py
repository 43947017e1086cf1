"""Where Tachograph keeps its files, and how they stay private: folders 0700, files 0600."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from tachograph.errors import TachographError

DIR_MODE = 0o700
FILE_MODE = 0o600

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_CREATE = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_REUSE = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def data_dir() -> Path:
    """Return the absolute folder of the warehouse: ``TACHO_DATA_DIR``, else the platform's place. Creates nothing."""
    named = os.environ.get("TACHO_DATA_DIR")
    if named:
        return _absolute(named)
    import platformdirs  # only when it is asked for: start-up time

    return platformdirs.user_data_path("tachograph", appauthor=False)


def config_file() -> Path:
    """Return the absolute path of ``config.toml``: ``TACHO_CONFIG``, else the platform's place. It need not exist."""
    named = os.environ.get("TACHO_CONFIG")
    if named:
        return _absolute(named)
    import platformdirs

    return platformdirs.user_config_path("tachograph", appauthor=False) / "config.toml"


def private_dir(path: Path) -> Path:
    """Make sure that ``path`` is a folder, created with mode 0700, and return it.

    Missing parents are created with the process's usual mode. A folder that was there already is tightened only
    while it is empty: in ``TACHO_DATA_DIR=/tmp`` there are other people's things.

    Raises TachographError (``not_a_folder``, ``cannot_write``).
    """
    hint = "TACHO_DATA_DIR names the folder that Tachograph keeps its files in."
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.mkdir(mode=DIR_MODE)
        except FileExistsError:
            if not path.is_dir():
                raise TachographError(f"{path} is not a folder.", slug="not_a_folder", hint=hint) from None
            if not path.stat().st_mode & stat.S_ISVTX and not any(path.iterdir()):
                tighten(path)
        else:
            path.chmod(DIR_MODE)  # a umask may have taken away even the owner's rights
    except OSError as error:
        raise _cannot_write(path, error) from error
    return path


def private_file(path: Path) -> Path:
    """Make sure that ``path`` is a regular file with mode 0600, created empty when missing, and return it.

    There is no moment at which others could read it. What an existing file holds is left alone.

    Raises TachographError (``not_a_file``, ``cannot_write``).
    """
    os.close(_open_descriptor(path))
    return path


def open_private(path: Path) -> BinaryIO:
    """Open ``path`` for writing from scratch, with mode 0600 before the first byte is written.

    A device or a FIFO (``/dev/stdout``) is opened as it is. The caller closes the file.

    Raises TachographError (``not_a_file``, ``cannot_write``).
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        try:
            return path.open("wb")
        except OSError as error:
            raise _cannot_write(path, error) from error
    descriptor = _open_descriptor(path)
    os.ftruncate(descriptor, 0)
    return os.fdopen(descriptor, "wb")


def open_regular(path: Path | str) -> BinaryIO:
    """Open a regular file for reading; a pipe or a device in its place is not waited for. Raises OSError."""
    descriptor = os.open(path, _READ)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def tighten(path: Path) -> bool:
    """Take all rights to ``path`` from everyone but its owner; return whether there were any.

    Does nothing on Windows, where a profile's folders are private already.
    """
    if os.name == "nt":
        return False
    mode = stat.S_IMODE(path.stat().st_mode)
    if not mode & _OTHERS:
        return False
    path.chmod(mode & ~_OTHERS)
    return True


def _absolute(text: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(text)))


def _open_descriptor(path: Path) -> int:
    """Open a regular file for reading and writing, created and kept with mode 0600; nothing is truncated."""
    try:
        try:
            descriptor = os.open(path, _CREATE, FILE_MODE)
        except FileExistsError:
            if not path.is_file():
                raise TachographError(f"{path} is not a regular file.", slug="not_a_file") from None
            descriptor = os.open(path, _REUSE)
        if os.name != "nt":
            _tighten_open(descriptor)
    except OSError as error:
        raise _cannot_write(path, error) from error
    return descriptor


def _tighten_open(descriptor: int) -> None:
    try:
        os.fchmod(descriptor, FILE_MODE)
    except OSError:
        os.close(descriptor)
        raise


def _cannot_write(path: Path, error: OSError) -> TachographError:
    return TachographError(f"Cannot write {path}: {error.strerror or error}.", slug="cannot_write")
