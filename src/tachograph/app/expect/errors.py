"""What is wrong with a file of expectations, and where."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tachograph.errors import TachographError
from tachograph.report.sanitise import harmless, harmless_lines
from tachograph.report.units import counted

_LONGEST = 60
"""Characters of a file's own words that a message shows."""


class Place(msgspec.Struct, frozen=True):
    """Where something stands in a file: line and column, both from 1, the column in characters."""

    line: int
    column: int


class ExpectationError(TachographError):
    """A file of expectations is wrong at one place: ``name:line:column: problem``, exit code 4."""

    def __init__(self, problem: str, *, name: str, line: int, column: int, hint: str = "") -> None:
        self.problem = harmless(problem)
        self.name = harmless(name)
        self.line = line
        self.column = column
        message = f"{self.name}:{line}:{column}: {self.problem}"
        super().__init__(message, slug="invalid_expectations", hint=harmless_lines(hint))


def first_of(errors: Sequence[ExpectationError]) -> ExpectationError:
    """The first of ``errors``, to be raised; its hint says how many more there are and what shows them."""
    first, *others = errors
    if not others:
        return first
    more = f"{counted(len(others), 'more error')}: tacho expect lint shows all."
    hint = "\n".join(part for part in (first.hint, more) if part)
    return ExpectationError(first.problem, name=first.name, line=first.line, column=first.column, hint=hint)


def quoted(text: str) -> str:
    """Words of a file as a message shows them: in quotes, on one line, harmless, at most 60 characters."""
    line = harmless(text[: 4 * _LONGEST])
    return f"'{line if len(line) <= _LONGEST else line[: _LONGEST - 1] + '…'}'"
