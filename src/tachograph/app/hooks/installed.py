"""What was installed where: ``hooks/installed.json`` in the data folder, and the files as they were before."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Literal

import msgspec

from tachograph.app.hooks.entries import Agent, Scope
from tachograph.errors import Busy
from tachograph.hooks.places import FOLDER, read_bytes
from tachograph.paths import open_private, private_dir
from tachograph.warehouse.lock import writer_lock

Activation = Literal["auto", "manual"]

FILE = "installed.json"
_WAIT_SECONDS = 10.0
_LONGEST = 1024 * 1024
"""Bytes; what is longer was not written by us."""


class InstalledFile(msgspec.Struct, frozen=True, kw_only=True):
    """A settings file with our entries."""

    agent: Agent
    scope: Scope
    path: str
    written: str
    """SHA-256 of the file as it was written, in hex: as long as it is so, the bytes of before can be put back."""
    existed: bool
    """Whether there was a file before; its bytes are in the data folder then, see :func:`backup_of`."""
    made: tuple[str, ...] = ()
    """Objects and arrays in it that were made for our entries."""
    made_folder: bool = False


class Installed(msgspec.Struct, frozen=True):
    """All of it."""

    version: int = 1
    activation: Activation | None = None
    """Whether ``tacho learn`` tries suggestions out by itself; null: nobody was asked yet."""
    files: tuple[InstalledFile, ...] = ()

    def find(self, path: Path) -> InstalledFile | None:
        """What is known of the file at ``path``."""
        return next((file for file in self.files if file.path == str(path)), None)

    def with_file(self, path: Path, file: InstalledFile | None) -> Installed:
        """The same with ``file`` instead of what was known of ``path``; None: nothing is known any more."""
        others = tuple(one for one in self.files if one.path != str(path))
        return msgspec.structs.replace(self, files=others if file is None else (*others, file))


def read_installed(folder: Path) -> Installed:
    """What is written in the data folder; nothing when that cannot be read."""
    try:
        return msgspec.json.decode(read_bytes(str(folder / FOLDER / FILE), _LONGEST), type=Installed)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Installed()


def write_installed(folder: Path, installed: Installed) -> None:
    """Write it, in one step. Raises TachographError."""
    place = _hooks_folder(folder)
    temporary = place / f"{FILE}.{os.getpid()}"
    with open_private(temporary) as file:
        file.write(msgspec.json.format(msgspec.json.encode(installed), indent=1) + b"\n")
    temporary.replace(place / FILE)


def backup_of(folder: Path, path: Path) -> Path:
    """Where the bytes are kept that the settings file at ``path`` had before."""
    return folder / FOLDER / f"before-{sha256(os.fsencode(path)).hexdigest()[:12]}"


def keep_backup(folder: Path, path: Path, held: bytes | None) -> None:
    """Keep the bytes of before; None: there was no file. Raises TachographError."""
    _hooks_folder(folder)
    if held is None:
        with contextlib.suppress(FileNotFoundError):
            backup_of(folder, path).unlink()
        return
    with open_private(backup_of(folder, path)) as file:
        file.write(held)


def read_backup(folder: Path, file: InstalledFile) -> bytes | None:
    """The bytes of before; None when there was no file. Raises OSError when they are gone."""
    return backup_of(folder, Path(file.path)).read_bytes() if file.existed else None


@contextmanager
def settings_lock(folder: Path) -> Iterator[None]:
    """One process at a time changes settings. Raises Busy."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(writer_lock(_hooks_folder(folder), _WAIT_SECONDS))
        except Busy:
            raise Busy("Another tacho process is changing the hooks.", hint="Try again when it has ended.") from None
        yield


def _hooks_folder(folder: Path) -> Path:
    return private_dir(private_dir(folder) / FOLDER)
