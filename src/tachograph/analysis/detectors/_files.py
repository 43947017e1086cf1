"""File names from tools and commands, made comparable."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from tachograph.model import ToolCall

_DRIVE = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def absolute(path: str, folder: str) -> str:
    """``path`` from the root, seen from ``folder``; with slashes and without ``.`` and ``..``, case as it was."""
    if _DRIVE.match(path) or _DRIVE.match(folder):
        path, folder = path.replace("\\", "/"), folder.replace("\\", "/")
        if _DRIVE.match(path):
            return posixpath.normpath(path)
    return path if path.startswith("~") else posixpath.normpath(posixpath.join(folder, path))


def tail(path: str) -> str:
    """The last two parts of ``path`` in lower case: the same for one file under several names of its folder.

    A folder may be reached through a link, a worktree's path be told in two ways, and letters differ in case. What has
    another tail is another file; what has the same one may be the same.
    """
    return "/".join(path.replace("\\", "/").rstrip("/").lower().rsplit("/", 2)[-2:])


def base_name(path: str) -> str:
    """The last part of ``path``."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def files_of(call: ToolCall, folder: str) -> Iterator[str]:
    """The files a call names, from the root."""
    for path in (call.path, *(touch.path for touch in call.more_files)):
        if path:
            yield absolute(path, folder)
