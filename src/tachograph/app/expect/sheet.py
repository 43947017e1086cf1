"""A YAML file while its expectations are read: its values, and everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from tachograph.analysis.expectations import Misread
from tachograph.app.expect.errors import ExpectationError, quoted
from tachograph.errors import NotFound, TachographError
from tachograph.report.sanitise import harmless

if TYPE_CHECKING:
    from tachograph.app.expect.document import Document

Steps = Sequence[str | int]
"""Keys and indices that lead to a value from the document's root."""

_NEAR = 0.88
"""Likeness (difflib's ratio) from which a name is taken for a slip: a letter or two of a long word, not another word
(expected_facts is 0.79 like expected_files)."""
_LONGEST = 60
"""Characters of a file's own words that a message shows."""
_LONGEST_PROBLEM = 300


class Sheet:
    """A file's values, and what has been found wrong with them so far."""

    def __init__(self, name: str, document: Document) -> None:
        """``name``: the file, as messages call it."""
        self.name = name
        self.root = document.value
        self.errors: list[ExpectationError] = []
        self._document = document

    def at(self, path: Steps) -> object:
        """The value that ``path`` leads to; None when there is none."""
        value: object = self.root
        for step in path:
            if isinstance(value, dict):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return None
        return value

    def line(self, path: Steps) -> int:
        """The 1-based line on which the value at ``path`` begins."""
        return self._document.place(path).line

    def mapping(self, path: Steps, needed: str = "expected a mapping") -> dict[str, object]:
        """The mapping at ``path``; empty when nothing is there, or something else, which is refused."""
        value = self.at(path)
        if isinstance(value, dict):
            return value
        if value is not None:
            self.refuse(needed, path)
        return {}

    def items(self, path: Steps, needed: str) -> list[object]:
        """The list at ``path``; empty when nothing is there, or something else, which is refused."""
        value = self.at(path)
        if isinstance(value, list):
            return value
        if value is not None:
            self.refuse(needed, path)
        return []

    def text(self, path: Steps) -> str | None:
        """The text at ``path``; None when nothing is there, or something else, which is refused."""
        value = self.at(path)
        if isinstance(value, str) and value.strip() and "\0" not in value:
            return value
        if value is not None:
            hint = "In quotes it is text." if isinstance(value, int | float) else ""
            self.refuse("expected text", path, hint)
        return None

    def refuse(self, problem: str, path: Steps, hint: str = "", *, key: bool = False) -> None:
        """Note that something is wrong with the value at ``path``, or with its key."""
        place = self._document.place(path, "key" if key else "value")
        names = "" if key or not path else f"{dotted(path)}: "
        told = shorten(f"{names}{problem}", _LONGEST_PROBLEM)
        self.errors.append(ExpectationError(told, name=self.name, line=place.line, column=place.column, hint=hint))

    def misread(self, wrong: Misread, path: Steps) -> None:
        """Note what the language has to say against the block at ``path``."""
        is_key = wrong.message.startswith("unknown ") and repr(wrong.path[-1]) in wrong.message  # else a value is
        self.refuse(wrong.message, (*path, *wrong.path), wrong.hint, key=is_key)

    def refuse_slip(self, path: Steps, known: Iterable[str]) -> bool:
        """Whether the key at the end of ``path`` is nearly one of ``known``; it is refused then.

        Left alone, as other people's keys are, it would be a check that cannot fail.
        """
        key = str(path[-1])
        meant = nearest(key, known)
        if meant is None:
            return False
        self.refuse(f"unknown key {quoted(key)}", path, f"Did you mean {meant}?", key=True)
        return True


def read_sheet(path: Path) -> Sheet:
    """The file at ``path``, parsed. Raises NotFound, ExpectationError, and TachographError when it cannot be read."""
    from tachograph.app.expect.document import MOST_BYTES, read_document

    name = harmless(str(path))
    try:
        with open(path, "rb") as stream:
            data = stream.read(MOST_BYTES + 1)  # enough to see that there is too much
    except FileNotFoundError:
        raise NotFound(f"There is no file {name}.", slug="no_such_expectations") from None
    except OSError as error:
        raise TachographError(f"{name} cannot be read: {error.strerror}.", slug="unreadable_expectations") from None
    sheet = Sheet(name, read_document(data, name))
    if not isinstance(sheet.root, dict):
        empty = sheet.root is None
        sheet.refuse("the file is empty" if empty else "expected a mapping of keys to values", ())
        raise sheet.errors[0]
    return sheet


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one of ``known`` that ``name`` was surely meant to be; capitals and hyphens do not count."""
    plain = name.replace("-", "_").lower()
    close = get_close_matches(plain, list(known), n=1, cutoff=_NEAR) if len(plain) < 2 * _LONGEST else []
    return close[0] if close else None


def dotted(path: Steps) -> str:
    """``("steps", 0, "tool")`` as people write it: ``steps[0].tool``."""
    parts = (f"[{step}]" if isinstance(step, int) else f".{shorten(step)}" for step in path)
    return "".join(parts).removeprefix(".")


def shorten(text: str, limit: int = _LONGEST) -> str:
    """``text`` as it may be printed: harmless, on one line, cut."""
    line = harmless(text[: 4 * limit])
    return line if len(line) <= limit else line[: limit - 1] + "…"
