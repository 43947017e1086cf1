"""The three forms in which expectations come: a file of their own, a manifest, a ground truth with its cases."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from tachograph.app.expect.blocks import BLOCK, CASES, CHOICE, Base, override, read_base, read_block_at
from tachograph.app.expect.cases import Case, make_case, read_cases
from tachograph.app.expect.errors import ExpectationError
from tachograph.app.expect.session_names import read_named_session
from tachograph.app.expect.sheet import Sheet, read_sheet, shorten

Form = Literal["expectations", "manifest", "ground_truth"]

MANIFESTS = ("manifest.yaml", "manifest.yml")
GROUND_TRUTHS = ("ground_truth.yaml", "ground_truth.yml")
_OTHERS = ("description", "session", "metadata", BLOCK, CHOICE, CASES)
"""Keys at the top of a file that are no expectations; with one of the last three it is a file of another form."""
_NOTHING = "the file holds no expectations"
_HINTS: dict[Form, str] = {
    "expectations": "Name one at the top, such as tool_limits; docs/expectations.md lists them.",
    "manifest": f"They belong under {BLOCK}:, at the top or under scorers:.",
    "ground_truth": f"They belong into the expectations of a case, or into the manifest beside it, under {BLOCK}:.",
}


class ExpectationFile(msgspec.Struct, frozen=True):
    """A file that was read, a ground truth together with the manifest beside it."""

    path: str
    """As it was named."""
    form: Form
    cases: tuple[Case, ...]
    """In the order of the file; one without an id for the first two forms."""
    not_ours: tuple[str, ...] = ()
    """Keys that are other tools' and were left alone, as paths such as ``scorers.enabled.python_syntax``; harmless."""
    description: str = ""
    """What a file of its own says of itself."""
    common: Case = Case()
    """What is asked of any session: the manifest's part of a ground truth, else the only case."""


class Examined(msgspec.Struct, frozen=True):
    """A file and everything that is wrong with it."""

    file: ExpectationFile | None
    """None when anything is wrong."""
    errors: tuple[ExpectationError, ...] = ()
    """By file, line and column; those of the manifest beside a ground truth too."""


def examine_file(path: Path, manifest: Path | None = None) -> Examined:
    """The file at ``path`` and everything that is wrong with it, the manifest of its cases included.

    ``manifest``: that of a ground truth, where it is not the one beside it. A file that asks for nothing is not wrong
    here. Raises NotFound when it is not there, TachographError when it cannot be read.
    """
    try:
        sheet = read_sheet(path)
    except ExpectationError as error:
        return Examined(None, (error,))
    form = _form_of(sheet, path)
    if form == "ground_truth":
        return _examine_ground_truth(sheet, path, manifest)
    file = _read_manifest(sheet, path) if form == "manifest" else _read_own(sheet, path)
    errors = _in_order(sheet)
    return Examined(None, errors) if errors else Examined(file)


def nothing_asked(file: ExpectationFile) -> ExpectationError | None:
    """What is wrong with a file that asks for nothing at all; None when it asks for something."""
    if any(_asks(case) for case in (*file.cases, file.common)):
        return None
    return ExpectationError(_NOTHING, name=file.path, line=1, column=1, hint=_HINTS[file.form])


def find_beside(path: Path, names: tuple[str, ...]) -> Path | None:
    """The first file of ``names`` in the folder of ``path``; never ``path`` itself."""
    return next((path.parent / name for name in names if name != path.name and (path.parent / name).is_file()), None)


def _form_of(sheet: Sheet, path: Path) -> Form:
    """What the keys at the top say, else the name."""
    root = sheet.mapping(())
    if CASES in root or path.name in GROUND_TRUTHS:
        return "ground_truth"
    return "manifest" if {BLOCK, CHOICE, "scorers"} & root.keys() or path.name in MANIFESTS else "expectations"


def _read_own(sheet: Sheet, path: Path) -> ExpectationFile:
    """A file of its own: our keys at the top, and which session they are about."""
    plain = read_block_at(sheet, (), _OTHERS)
    named = read_named_session(sheet, (), path.parent)
    case = make_case(plain, None, named)
    if not _asks(case) and not sheet.errors:
        sheet.refuse(_NOTHING, (), _HINTS["expectations"])
    return ExpectationFile(str(path), "expectations", (case,), named.foreign, sheet.text(("description",)) or "", case)


def _read_manifest(sheet: Sheet, path: Path) -> ExpectationFile:
    base = read_base(sheet)
    case = make_case(base.plain, base.chosen)
    return ExpectationFile(str(path), "manifest", (case,), base.foreign, "", case)


def _examine_ground_truth(sheet: Sheet, path: Path, manifest: Path | None) -> Examined:
    """The cases, on top of what the manifest asks; the ground truth's own words come before the manifest's."""
    beside = manifest or find_beside(path, MANIFESTS)
    base, errors = _examine_base(beside) if beside else (Base(), ())
    own = read_base(sheet)
    joined = Base(override(base.plain, own.plain), own.chosen or base.chosen)
    cases, foreign = read_cases(sheet, joined, path.parent)
    errors = (*_in_order(sheet), *errors)
    if errors:
        return Examined(None, errors)
    theirs = [f"{beside.name}: {shorten(key)}" for key in base.foreign] if beside else []
    not_ours = tuple(dict.fromkeys([*own.foreign, *foreign, *theirs]))
    common = make_case(joined.plain, joined.chosen)
    return Examined(ExpectationFile(str(path), "ground_truth", cases, not_ours, "", common))


def _examine_base(path: Path) -> tuple[Base, tuple[ExpectationError, ...]]:
    try:
        sheet = read_sheet(path)
    except ExpectationError as error:
        return Base(), (error,)
    return read_base(sheet), _in_order(sheet)


def _in_order(sheet: Sheet) -> tuple[ExpectationError, ...]:
    return tuple(sorted(sheet.errors, key=lambda error: (error.line, error.column)))


def _asks(case: Case) -> bool:
    return bool(case.expectations.asked or case.expectations.empty)
