"""A store of commands inside a repository, which git does not see."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from tachograph.capture.store import commands_file, open_commands
from tachograph.errors import UsageError
from tachograph.paths import open_regular, private_dir

_OURS = ("commands.", ".commands.", "model-xgb", "models", ".gitignore")
"""How the names begin of what may lie in such a folder."""
_NAME_A_FOLDER = "Name a folder of its own, such as .tacho; it need not exist."
_MOST_IGNORED = 65536
"""Bytes of a ``.gitignore`` that are looked at."""


class StoreInit(msgspec.Struct, frozen=True):
    """A folder with a store of commands."""

    folder: str
    made: bool
    """False: there was one already."""


def init_store(folder: Path) -> StoreInit:
    """Make ``folder`` a store of commands of its own, with a ``.gitignore`` that hides all of it.

    Raises UsageError for a file, and for a folder in which other things lie: all of them would be hidden from git, too.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            f"{folder} is a file; a store of commands is a folder.", slug="not_a_store", hint=_NAME_A_FOLDER
        )
    made = not commands_file(folder).exists()
    if made:
        _hide(folder)
    with open_commands(folder):
        pass
    return StoreInit(str(folder), made)


def _hide(folder: Path) -> None:
    entries = folder.iterdir() if folder.is_dir() else ()
    others = sorted(entry.name for entry in entries if not entry.name.startswith(_OURS))
    if others:
        raise UsageError(
            f"{folder} is no store of commands, and other things lie in it: {others[0]}.",
            slug="not_a_store",
            hint=_NAME_A_FOLDER,
        )
    private_dir(folder)
    ignored = folder / ".gitignore"
    with contextlib.suppress(FileExistsError), ignored.open("x", encoding="utf-8") as stream:
        stream.write("# Commands that ran here, for this machine alone (tacho commands).\n*\n")
    if not _hides_all(ignored):  # it may have come with the repository
        raise UsageError(
            f"{ignored} does not hide the store from git: it has no line of just *.",
            slug="not_a_store",
            hint="Add that line, or name another folder.",
        )


def _hides_all(ignored: Path) -> bool:
    try:
        with open_regular(ignored) as stream:
            return not ignored.is_symlink() and b"*" in stream.read(_MOST_IGNORED).splitlines()
    except OSError:
        return False
