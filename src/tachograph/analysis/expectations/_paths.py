"""Names of files, and the patterns that mean them."""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase
from typing import Self

import msgspec

from tachograph.analysis.expectations._reading import Misread
from tachograph.analysis.expectations._values import read_text

_BRACES = re.compile(r"\{[^{}]*,[^{}]*\}")
_DRIVE = re.compile(r"[A-Za-z]:/|//")
_HOME = re.compile(r"(?:~|/root|/(?:home|Users)/[^/]+|[A-Za-z]:/Users/[^/]+)(?=/)")
"""Where a person's home usually is; what lies on disk is not looked at."""


def locate(path: str, folder: str) -> str:
    """``path`` seen from ``folder``, with slashes and without ``.`` and ``..``."""
    path, folder = path.replace("\\", "/"), folder.replace("\\", "/")
    return posixpath.normpath(path if _is_absolute(path) else posixpath.join(folder, path))


class PathPattern(msgspec.Struct, frozen=True):
    """A file's name or a pattern of names. ``*`` and ``?`` stay within one folder, ``**`` crosses; capitals count.

    A pattern from the root (``/…``, ``~/…``, ``C:\\…``) means whole paths, ``./…`` is seen from the session's folder,
    and any other means the end of a path: ``*.sql`` is in any folder.
    """

    text: str

    @classmethod
    def read(cls, value: object) -> Self:
        """The pattern that a file gives. Raises Misread."""
        text = read_text(value, "a file's name or pattern").strip()
        if not text.replace("\\", "/").strip("./"):
            raise Misread(f"{text!r} names no file")
        if _BRACES.search(text):
            raise Misread(f"{text!r}: braces make no pattern here", (), "Write an entry for each.")
        if text.startswith("!"):
            raise Misread(f"{text!r}: an entry cannot take others back", (), "A file that is called so is ./!….")
        return cls(text)

    @property
    def needs_folder(self) -> bool:
        """Whether it is seen from the session's folder."""
        return self.text.replace("\\", "/").startswith(("./", "../"))

    def matches(self, path: str, folder: str = "") -> bool:
        """Whether ``path`` (as :func:`locate` gives it) is meant; ``folder`` is the session's."""
        wanted = self.text.replace("\\", "/")
        if wanted.endswith("/"):
            wanted += "**"  # all that lies in a folder
        if self.needs_folder:
            wanted = locate(wanted, folder)
        if wanted.startswith("~/"):
            home = _HOME.match(path)
            return home is not None and _fits(_parts(wanted)[1:], _parts(path[home.end() :])[1:])
        return _fits(_parts(wanted) if _is_absolute(wanted) else ["**", *_parts(wanted)], _parts(path))


def _is_absolute(path: str) -> bool:
    return path.startswith(("/", "~")) or _DRIVE.match(path) is not None


def _parts(path: str) -> list[str]:
    """The folders of a path or a pattern; one from the root begins with an empty one."""
    parts = path.split("/")
    found = parts[:1] + [part for part in parts[1:] if part and part != "."]
    return [*found, "*"] if found[-1] == "**" else found


def _fits(steps: list[str], parts: list[str]) -> bool:
    """Whether the folders of a path are those of a pattern; goes back to the last ``**`` alone, so it stays quick."""
    at = place = held = 0
    star = -1
    while place < len(parts):
        if at < len(steps) and steps[at] == "**":
            star, held = at, place
            at += 1
        elif at < len(steps) and fnmatchcase(parts[place], steps[at].replace("[", "[[]")):
            at += 1
            place += 1
        elif star >= 0:
            held += 1
            at, place = star + 1, held
        else:
            return False
    return all(step == "**" for step in steps[at:])
