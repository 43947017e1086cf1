"""A YAML file with a list of test cases, edited as text: what is not edited stays as it is, byte for byte.

Every edit is parsed before anything is written: unless exactly what was meant has changed, it is refused.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from tachograph.app.cases.replacing import read_or_none, replace_file
from tachograph.app.expect.document import Document, DocumentTooLarge, read_document
from tachograph.app.expect.errors import ExpectationError
from tachograph.app.expect.yaml_text import indent
from tachograph.errors import TachographError
from tachograph.report.sanitise import harmless

KEY = "test_cases"
_ONE_LINE = re.compile(r"""\{.*\}|"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#{\[&*!|>"'].*?(?=\s+#|\s*$)""")
"""A value of one line, as it is written."""
_NOTHING = re.compile(r"(:)(?:\s*(?:\[\s*\]|null|~))?(?=\s|$)")
"""A list without any item."""


class CaseList:
    """The file at ``path`` and the cases in it; a file that does not exist has none."""

    def __init__(self, path: Path, known: bytes | None, text: str) -> None:
        self.path = path
        self._known = known
        """What the file held when it was read."""
        self._text = text
        self._document = _parse(path, text)
        self.cases: list[dict[str, Any]] = _cases_of(self._document, path)

    @classmethod
    def open(cls, path: Path, title: str = "") -> Self:
        """Read the file. A new one will begin with ``title``, a comment.

        Raises ExpectationError when it is not what it should be, TachographError when it cannot be read.
        """
        known = read_or_none(path)
        try:
            text = title if known is None else known.decode("utf-8-sig")
        except UnicodeDecodeError:
            name = harmless(str(path))
            raise TachographError(f"{name} is not UTF-8 text.", slug="cannot_edit_cases") from None
        return cls(path, known, text)

    @property
    def exists(self) -> bool:
        """Whether there was such a file."""
        return self._known is not None

    def index(self, id: str) -> int | None:
        """Where the case of this id stands; None when there is none."""
        return next((at for at, case in enumerate(self.cases) if str(case.get("id", "")) == id), None)

    def lines_of(self, index: int) -> list[str]:
        """The lines of a case with its comments, moved so that its hyphen stands at the left edge."""
        first, end = self._span(index)
        dash = self._dash(index)[1]
        lines = [line.removesuffix("\r") for line in self._text.split("\n")[first:end]]
        return [line[dash:] if not line[:dash].strip() else line.lstrip() for line in lines]

    def append(self, lines: Sequence[str], case: dict[str, Any]) -> Self:
        """The list with ``case`` behind all others; ``lines`` say it, with the hyphen at the left edge."""
        wanted = [*self.cases, case]
        for changed in self._append_last(lines) if self.cases else self._append_first(lines):
            if self._differs_in(changed, wanted):
                return changed
        raise self._refusal("there is no place for another case in the way it is written")

    def remove(self, index: int) -> Self:
        """The list without a case."""
        wanted = [case for at, case in enumerate(self.cases) if at != index]
        changed = self._splice(*self._span_with_gap(index), []) if wanted else self._emptied(index)
        return self._hold(changed, wanted, "a case cannot be taken out in the way it is written")

    def set_value(self, index: int, path: Sequence[str], value: Any, written: str, after: str = "id") -> Self:
        """The list with the value at ``path`` of a case set to ``value``, which is ``written`` on one line.

        A key of the case that is not there yet gets a line behind that of ``after``.
        """
        wanted = [_with_value(case, path, value) if at == index else case for at, case in enumerate(self.cases)]
        if path[0] in self.cases[index]:
            changed = self._replace_value((KEY, index, *path), written)
        else:
            place = self._document.place((KEY, index, after), "key")
            changed = self._splice(place.line, place.line, [f"{' ' * (place.column - 1)}{path[0]}: {written}"])
        return self._hold(changed, wanted, f"{'.'.join(path)} cannot be set in the way it is written")

    def drop_key(self, index: int, key: str) -> Self:
        """The list without a key of a case, whose value is on its line."""
        if key not in self.cases[index]:
            return self
        left = {name: one for name, one in self.cases[index].items() if name != key}
        line = self._document.place((KEY, index, key), "key").line
        wanted = [left if at == index else case for at, case in enumerate(self.cases)]
        return self._hold(
            self._splice(line - 1, line, []), wanted, f"{key} cannot be taken out in the way it is written"
        )

    def save(self) -> None:
        """Write the file, unless it was changed since it was read."""
        mark = codecs.BOM_UTF8 if (self._known or b"").startswith(codecs.BOM_UTF8) else b""
        replace_file(self.path, mark + self._text.encode(), self._known)

    # ------------------------------------------------------------------------------------------------- places

    def _dash(self, index: int) -> tuple[int, int]:
        """(line, column) of a case's hyphen, from 0."""
        place = self._document.place((KEY, index))
        lines = self._text.split("\n")
        for line in range(place.line - 1, max(place.line - 4, -1), -1):
            before = lines[line][: place.column - 1] if line == place.line - 1 else lines[line].partition("#")[0]
            if before.strip() == "-":
                return line, before.index("-")
            if before.strip():
                break
        raise self._refusal("the list of cases is not written as lines that begin with a hyphen")

    def _span(self, index: int) -> tuple[int, int]:
        """(first line, line after the last one) of a case with the comments that are indented like its parts."""
        first, column = self._dash(index)
        lines = self._text.split("\n")
        end = self._dash(index + 1)[0] if index + 1 < len(self.cases) else self._end_of_list()
        while end > first + 1 and _is_outside(lines[end - 1], column):
            end -= 1
        return first, end

    def _span_with_gap(self, index: int) -> tuple[int, int]:
        """:meth:`_span`, and the blank line behind it where there is one before it as well."""
        first, end = self._span(index)
        around = [
            line.strip() for line in (*self._text.split("\n")[first - 1 : first], *self._text.split("\n")[end:-1][:1])
        ]
        return first, end + (around == ["", ""])

    def _end_of_list(self) -> int:
        """The line on which the key after the list stands, from 0; else the one behind the text's last."""
        own = self._document.place((KEY,), "key").line
        below = [line for key in self._document.value if (line := self._document.place((key,), "key").line) > own]
        return min(below) - 1 if below else self._end_of_text()

    def _end_of_text(self) -> int:
        lines = self._text.split("\n")
        return len(lines) if lines[-1] else len(lines) - 1

    # -------------------------------------------------------------------------------------------------- edits

    def _append_last(self, lines: Sequence[str]) -> Iterator[Self]:
        """The file with ``lines`` behind the last case: right behind it, else before whatever follows the list."""
        last = len(self.cases) - 1
        first, end = self._span(last)
        is_spaced = last > 0 and not self._text.split("\n")[first - 1].strip()
        new = [*([""] if is_spaced else []), *indent(lines, self._dash(last)[1])]
        for at in (end, self._end_of_list()):
            changed = self._splice(at, at, new)
            if changed is not None:
                yield changed

    def _append_first(self, lines: Sequence[str]) -> Iterator[Self]:
        """The file with ``lines`` as its first case."""
        changed: Self | None
        if isinstance(self._document.value, dict) and KEY in self._document.value:
            place = self._document.place((KEY,), "key")
            text = self._text.split("\n")
            line = text[place.line - 1]
            text[place.line - 1] = line[: place.column - 1] + _NOTHING.sub(r"\1", line[place.column - 1 :], count=1)
            # Without a value the key asks for nothing: that is a file of cases as well.
            emptied = self._with_text("\n".join(text))
            changed = emptied and emptied._splice(place.line, place.line, indent(lines))
        else:
            end = self._end_of_text()
            changed = self._splice(end, end, [f"{KEY}:", *indent(lines)])
        if changed is not None:
            yield changed

    def _emptied(self, index: int) -> Self | None:
        """The file without its only case: the key stays, and holds an empty list."""
        first, end = self._span_with_gap(index)
        place = self._document.place((KEY,), "key")
        lines = self._text.split("\n")
        line = lines[place.line - 1]
        lines[place.line - 1] = line[: place.column - 1] + line[place.column - 1 :].replace(":", ": []", 1)
        return self._with_text("\n".join([*lines[:first], *lines[end:]]))

    def _replace_value(self, path: Sequence[str | int], written: str) -> Self | None:
        """Another value of one line at ``path``; None when the one that is there is not of one line."""
        key, place = self._document.place(path, "key"), self._document.place(path)
        lines = self._text.split("\n")
        line = lines[key.line - 1]
        is_beside = place.line == key.line and place != key  # a value left out is where its key is
        start = place.column - 1 if is_beside else line.index(":", key.column - 1) + 1
        found = _ONE_LINE.match(line, start) if is_beside else None
        lines[key.line - 1] = f"{line[:start].rstrip()} {written}{line[found.end() if found else start :]}"
        return self._with_text("\n".join(lines))

    def _splice(self, first: int, end: int, new: Sequence[str]) -> Self | None:
        """The lines from ``first`` to ``end`` (from 0) replaced; None when that makes no file of cases."""
        lines = self._text.split("\n")
        ending = "\r" if lines[0].endswith("\r") else ""
        if new and first == len(lines):  # the last line has no line feed: it gets one, and the new last one none
            lines[-1] += ending
            return self._with_text("\n".join([*lines, *(f"{line}{ending}" for line in new)]).removesuffix(ending))
        return self._with_text("\n".join([*lines[:first], *(f"{line}{ending}" for line in new), *lines[end:]]))

    def _with_text(self, text: str) -> Self | None:
        try:
            return type(self)(self.path, self._known, text)
        except DocumentTooLarge:
            raise self._refusal("it is full") from None
        except ExpectationError:
            return None

    # ---------------------------------------------------------------------------------------------- the proof

    def _hold(self, changed: Self | None, wanted: list[dict[str, Any]], reason: str) -> Self:
        """``changed``, when its cases are those that are wanted."""
        if changed is None or not self._differs_in(changed, wanted):
            raise self._refusal(reason)
        return changed

    def _differs_in(self, changed: Self, wanted: list[dict[str, Any]]) -> bool:
        """Whether ``changed`` has these cases, and is otherwise what this file is."""
        return changed.cases == wanted and _rest(changed._document.value) == _rest(self._document.value)

    def _refusal(self, reason: str) -> TachographError:
        return TachographError(
            f"{harmless(str(self.path))} cannot be edited: {reason}.",
            slug="cannot_edit_cases",
            hint="Write each case as lines below a hyphen, or edit the file yourself.",
        )


def _parse(path: Path, text: str) -> Document:
    return read_document(text, str(path))


def _cases_of(document: Document, path: Path) -> list[dict[str, Any]]:
    """The cases. Raises ExpectationError when the file is something else."""
    root: Any = document.value
    problem: str = "expected a mapping with test_cases"
    where: tuple[str | int, ...] = ()
    if root is None or isinstance(root, dict):
        found = (root or {}).get(KEY)
        if found is None:
            return []
        if isinstance(found, list):
            odd = next((at for at, case in enumerate(found) if not isinstance(case, dict)), None)
            if odd is None:
                return found
            problem, where = "expected a mapping with id, inputs, expectations", (KEY, odd)
        else:
            problem, where = "expected a list of cases", (KEY,)
    place = document.place(where)
    raise ExpectationError(problem, name=str(path), line=place.line, column=place.column)


def _rest(root: Any) -> dict[str, Any]:
    return {key: value for key, value in (root or {}).items() if key != KEY}


def _with_value(case: dict[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    key, *further = path
    return {**case, key: _with_value(case[key], further, value) if further else value}


def _is_outside(line: str, column: int) -> bool:
    """Whether a line behind a case belongs to what follows: blank, a comment further left, the end of the document."""
    text = line.strip()
    return not text or text == "..." or (text.startswith("#") and line.index("#") <= column)
