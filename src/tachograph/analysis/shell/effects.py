"""What a shell command may have changed and which files it printed."""

from __future__ import annotations

import msgspec


class FileRead(msgspec.Struct, frozen=True):
    """A file whose content a command prints."""

    path: str
    """As written, without its quotes; relative to the folder the command runs in (a ``cd DIR`` before it is joined)."""


class ShellEffects(msgspec.Struct, frozen=True):
    """What a shell command may have done."""

    changes: bool
    """It may change something outside itself (files, packages, a repository, services, remote state), or it could not
    be understood."""
    reason: str
    """Why ``changes``, a few words for people; ``""`` when it changes nothing."""
    reads: tuple[FileRead, ...] = ()
    """The named files whose content it prints, wholly or in part; patterns and variables are not names."""
    prints_only: bool = False
    """Its whole output is nothing but the content of ``reads``, cut by line or byte (line numbers allowed)."""
    changes_folder: bool = False
    """A ``cd`` or ``pushd`` in it outlives it where the shell does."""
    background: bool = False
    """It leaves a command running when it ends (``&``), or may do so where it could not be understood."""
    mentions: tuple[str, ...] = ()
    """Every word in it that could be a path, without its quotes; empty when it could not be parsed."""
