"""Whether files of expectations make sense, all that is wrong with each at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from tachograph.app.expect.errors import ExpectationError
from tachograph.app.expect.examine import GROUND_TRUTHS, MANIFESTS, examine_file
from tachograph.errors import NotFound
from tachograph.report.sanitise import harmless

_NAMES = {*MANIFESTS, *GROUND_TRUTHS}
_ENDINGS = (".expect.yaml", ".expect.yml")
_PASSED_BY = {".git", ".hg", ".svn", ".tox", ".venv", "__pycache__", "node_modules", "site-packages", "venv"}
"""Folders that hold other people's files."""


class Flaw(msgspec.Struct, frozen=True):
    """Something in a file that makes no sense."""

    file: str
    line: int
    column: int
    """1-based, in characters."""
    message: str
    """The hint included."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class LintReport(msgspec.Struct, frozen=True):
    """What is wrong with some files."""

    files: tuple[str, ...]
    """Those that were read, in order."""
    flaws: tuple[Flaw, ...]
    """In order of files, lines and columns; a manifest's flaws once, however many files build on it."""
    not_ours: dict[str, tuple[str, ...]]
    """Other tools' keys by file, of the files without flaws that hold some."""


def lint_files(targets: Sequence[Path]) -> LintReport:
    """Examine files, and the manifests, ground truths and ``*.expect.yaml`` in folders.

    Raises NotFound for a target that is not there, and for a folder that holds none of these; TachographError when a
    file cannot be read.
    """
    paths = dict.fromkeys(path for target in targets for path in _expand(target))
    flaws: dict[Flaw, None] = {}
    not_ours: dict[str, tuple[str, ...]] = {}
    for path in paths:
        examined = examine_file(path)
        flaws |= dict.fromkeys(_flaw(error) for error in examined.errors)
        if examined.file is not None and examined.file.not_ours:
            not_ours[harmless(str(path))] = examined.file.not_ours
    return LintReport(tuple(harmless(str(path)) for path in paths), tuple(flaws), not_ours)


def _expand(target: Path) -> list[Path]:
    if not target.is_dir():
        return [target]
    found = list(_search(target))
    if not found:
        names = "manifest.yaml, ground_truth.yaml or *.expect.yaml"
        here = "this folder" if target == Path() else harmless(str(target))
        raise NotFound(f"There is no {names} in {here}.", slug="no_such_expectations")
    return found


def _search(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _PASSED_BY)
        named = [Path(place, name) for name in sorted(files) if name in _NAMES or name.endswith(_ENDINGS)]
        yield from (path for path in named if path.is_file())  # a pipe would be waited for


def _flaw(error: ExpectationError) -> Flaw:
    return Flaw(error.name, error.line, error.column, f"{error.problem}. {error.hint}" if error.hint else error.problem)
