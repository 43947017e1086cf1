"""Finding and reading the retrospectives of projects, and nothing else that lies there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tachograph.paths import open_regular

FOLDERS = ("docs/retros", "retros", "retrospectives")
"""Where a project keeps them."""
MOST_BYTES = 1 << 20
"""A larger file was not written by hand."""
MOST_FILES = 2_000
"""Of one folder, in order of name."""
_NO_RETROS = ("readme.md", "index.md", "template.md")


class Retro(NamedTuple):
    """A retrospective."""

    path: Path
    text: str


class Retros(NamedTuple):
    """What was found."""

    retros: list[Retro]
    present: int
    """Projects that are on this machine."""
    left_out: int
    """Files that are too large or cannot be read."""


def find_retros(projects: Iterable[Path]) -> Retros:
    """The retrospectives below ``projects``, each once, in order of project and name; links are not followed."""
    retros: list[Retro] = []
    present = left_out = 0
    for project in projects:
        if not _is_here(project):
            continue
        present += 1
        for path in _paths(project):
            text = _read(path)
            if text is None:
                left_out += 1
            else:
                retros.append(Retro(path, text))
    return Retros(retros, present, left_out)


def _is_here(project: Path) -> bool:
    """Whether it is a folder of this machine. A log may name any place: a server's is not asked for."""
    return project.is_absolute() and not str(project).startswith(("//", "\\\\")) and os.path.isdir(project)


def _paths(project: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        place = project.joinpath(folder)
        if os.path.islink(place) or (place.parent != project and os.path.islink(place.parent)):
            continue
        try:
            entries = sorted(os.scandir(place), key=lambda one: one.name)
        except OSError:  # there is none, or it is none of ours
            continue
        named = [one for one in entries if one.name.lower().endswith(".md") and one.name.lower() not in _NO_RETROS]
        yield from (place / one.name for one in named[:MOST_FILES] if one.is_file(follow_symlinks=False))


def _read(path: Path) -> str | None:
    """The file's text; None when it is too large or cannot be read."""
    try:
        with open_regular(path) as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError:
        return None
    return content.decode("utf-8", "replace") if len(content) <= MOST_BYTES else None
