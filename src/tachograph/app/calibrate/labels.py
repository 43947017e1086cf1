"""Reading a file of labels: what a person thinks of each session's trajectory."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tachograph.analysis.agreement import SCALE
from tachograph.analysis.axes.trajectory import Verdict
from tachograph.errors import NotFound, TachographError

_LARGEST = 16 * 1024 * 1024
"""Bytes; a hundred thousand labels need a tenth of it."""
_HINT = 'Each line is like {"session": "1f0c7a52", "verdict": "BETTER"}, or a row of a CSV with these two columns.'


class Label(msgspec.Struct, frozen=True):
    """One row."""

    line: int
    """1-based line of the file."""
    session: str
    """As it was written: an id, a unique prefix of one, or a log's path."""
    verdict: Verdict | None
    """None where the row gives none."""


class BadRow(msgspec.Struct, frozen=True):
    """A row that cannot be used."""

    line: int
    reason: str


_Fields = tuple[object, object]
"""(session, verdict) as they lie in the file."""


def read_labels(path: Path) -> list[Label | BadRow]:
    """Every row of the file in order: JSON objects, one a line, or a CSV with a header; told apart by what is in it.

    Verdicts may be written in small letters, with a space or hyphen for the underscore. Raises NotFound when there is
    no such file and TachographError (exit code 4) when it cannot be read or is neither of the two.
    """
    lines = _read_text(path).splitlines()
    first = next((line.strip() for line in lines if line.strip()), "")
    rows = _read_objects(lines) if first.startswith("{") or not first else _read_table(lines, path)
    return [_check(number, row) for number, row in rows]


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise NotFound(f"There is no file {path}.", slug="no_such_labels") from None
    except OSError as error:
        raise TachographError(
            f"{path} cannot be read: {error.strerror or type(error).__name__}.", slug="labels_unreadable"
        ) from error
    if len(content) > _LARGEST:
        raise TachographError(f"{path} is too large for a file of labels.", slug="labels_wrong", hint=_HINT)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TachographError(f"{path} is not UTF-8 text.", slug="labels_wrong", hint=_HINT) from error


def _read_objects(lines: list[str]) -> Iterator[tuple[int, _Fields | str]]:
    """(line, fields or what is wrong with it) of each line that is not blank."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError):
            yield number, "not JSON"
            continue
        yield number, (row.get("session"), row.get("verdict")) if isinstance(row, dict) else "not a JSON object"


def _read_table(lines: list[str], path: Path) -> Iterator[tuple[int, _Fields | str]]:
    """The same of a CSV: no field goes over more than one line."""
    header: list[str] | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            cells = [cell.strip() for cell in next(csv.reader([line], strict=True, skipinitialspace=True))]
        except csv.Error as error:
            yield number, f"not CSV: {error}"
            continue
        if header is None:
            header = [cell.lower() for cell in cells]
            if "session" not in header:
                raise TachographError(f"{path} has no column session.", slug="labels_wrong", hint=_HINT)
        else:
            row = dict(zip(header, cells, strict=False))
            yield number, (row.get("session"), row.get("verdict"))


def _check(line: int, row: _Fields | str) -> Label | BadRow:
    if isinstance(row, str):
        return BadRow(line, row)
    session, given = row
    if not isinstance(session, str) or not session.strip():
        return BadRow(line, "no session")
    if given is None or given == "":
        return Label(line, session.strip(), None)
    written = given.strip().upper().replace(" ", "_").replace("-", "_") if isinstance(given, str) else ""
    verdict = next((one for one in SCALE if one == written), None)
    if verdict is None:
        return BadRow(line, f"{str(given)[:40]!r} is no verdict: these are {', '.join(SCALE)}")
    return Label(line, session.strip(), verdict)
