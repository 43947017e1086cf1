"""Opening files of expectations: by path, with one of their cases, or as what a skill is tested with."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from tachograph.analysis.expectations import Expectations, Misread, read_expectations
from tachograph.app.expect.cases import Case
from tachograph.app.expect.errors import first_of
from tachograph.app.expect.examine import (
    GROUND_TRUTHS,
    MANIFESTS,
    Examined,
    ExpectationFile,
    Form,
    examine_file,
    find_beside,
    nothing_asked,
)
from tachograph.app.expect.sheet import dotted, shorten
from tachograph.errors import NotFound, TachographError
from tachograph.report.sanitise import harmless

__all__ = [
    "Case",
    "Examined",
    "ExpectationFile",
    "Form",
    "choose_case",
    "examine_file",
    "find_skill",
    "find_skill_files",
    "load_expectation_file",
    "read_block",
]

_SHOWN_IDS = 20
_HOMES = (".claude/skills", "skills", ".test/skills")
"""Where a repository keeps skills, or what they are tested with."""
_BELOW = ("", "tests", "eval", "evals", ".test")
"""Where in a skill's folder its expectations may lie."""


def load_expectation_file(path: Path, case: str | None = None) -> ExpectationFile:
    """The expectations in the file at ``path``; with ``case`` that case alone.

    A manifest finds the ground truth beside it when a case is asked for. Raises the first ExpectationError, also when
    nothing at all is asked for; NotFound for a file or a case that is not there; TachographError when the file cannot
    be read.
    """
    if case is not None and path.name in MANIFESTS:
        path = find_beside(path, GROUND_TRUTHS) or path
    return _load(path, None, case)


def find_skill(name_or_dir: str, here: Path, case: str | None = None) -> ExpectationFile:
    """The ground truth of a skill with its manifest, else the manifest alone; with ``case`` that case alone.

    A folder, or a name: looked for in ``here`` and all folders around it up to the repository's root, then in
    ``~/.claude/skills``. Raises NotFound, with the places looked at, and what :func:`load_expectation_file` does.
    """
    manifest, truth = find_skill_files(name_or_dir, here)
    if truth is not None:
        beside = any((truth.parent / name).is_file() for name in MANIFESTS)
        return _load(truth, None if beside else manifest, case)
    assert manifest is not None
    return load_expectation_file(manifest, case)


def find_skill_files(name_or_dir: str, here: Path) -> tuple[Path | None, Path | None]:
    """The manifest and the ground truth of a skill, one of them at least. Raises NotFound as :func:`find_skill`."""
    folders = list(_folders_of(name_or_dir, here))
    for folder in folders:
        manifest, truth = _find_in(folder, MANIFESTS), _find_in(folder, GROUND_TRUTHS)
        if manifest is not None or truth is not None:
            return manifest, truth
    looked = ", ".join(harmless(str(folder)) for folder in folders) or harmless(str(here))
    raise NotFound(
        f"No manifest.yaml or ground_truth.yaml of the skill {harmless(name_or_dir)} was found.",
        slug="no_such_skill",
        hint=f"Looked at {looked}, and in {', '.join(_BELOW[1:])} there.",
    )


def choose_case(file: ExpectationFile, id: str) -> ExpectationFile:
    """The file with one of its cases. Raises NotFound, with the ids that there are."""
    found = tuple(one for one in file.cases if one.id == id)
    if not found:
        ids = [shorten(one.id) for one in file.cases if one.id is not None]
        shown = ", ".join(ids[:_SHOWN_IDS]) + (f" and {len(ids) - _SHOWN_IDS} more" if len(ids) > _SHOWN_IDS else "")
        hint = f"Its cases: {shown}." if ids else "It has none: cases belong into a ground_truth.yaml."
        raise NotFound(f"{harmless(file.path)} has no case {shorten(id)}.", slug="no_such_case", hint=hint)
    return msgspec.structs.replace(file, cases=found)


def read_block(block: Mapping[str, object]) -> Expectations:
    """The expectations in plain Python values, by key, as a file of its own has them.

    Raises TachographError (``invalid_expectations``) for an unknown key and for a value of the wrong kind.
    """
    try:
        return read_expectations(block)
    except Misread as wrong:
        path = "" if wrong.message.startswith("unknown key") else f"{dotted(wrong.path)}: "
        raise TachographError(f"{path}{wrong.message}", slug="invalid_expectations", hint=wrong.hint) from None


def _load(path: Path, manifest: Path | None, case: str | None) -> ExpectationFile:
    """``manifest``: that of a ground truth, where it is not the one beside it."""
    examined = examine_file(path, manifest)
    if examined.file is None:
        raise first_of(examined.errors)
    nothing = nothing_asked(examined.file)
    if nothing is not None:
        raise nothing
    return examined.file if case is None else choose_case(examined.file, case)


def _folders_of(name: str, here: Path) -> Iterator[Path]:
    """Where a skill's folder may be, the likeliest first; a path is what it says and nothing else."""
    yield here / os.path.expanduser(name)
    if "/" in name or os.sep in name or name in ("", ".", "..", "~"):
        return
    for folder in _upward(here):
        yield from (folder / home / name for home in _HOMES)
    yield Path.home() / ".claude" / "skills" / name


def _upward(here: Path) -> list[Path]:
    """``here`` and the folders around it up to the repository's root; ``here`` alone outside of one."""
    around = [here, *here.parents]
    root = next((number for number, folder in enumerate(around) if (folder / ".git").exists()), 0)
    return around[: root + 1]


def _find_in(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((path for below in _BELOW for name in names if (path := folder / below / name).is_file()), None)
