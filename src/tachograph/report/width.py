"""How wide text is on a terminal, and making it fit."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from tachograph.report.document import Style

Row = list[tuple[str, Style]]
"""One line of a report: pieces of text from left to right, each with its style."""

_SEPARATORS = "/\\"


def text_width(text: str) -> int:
    """Columns that ``text`` takes up in a terminal."""
    if text.isascii():
        return len(text)
    return sum(_char_width(char) for char in text)


def row_width(row: Row) -> int:
    """Columns that a row takes up."""
    return sum(text_width(text) for text, _ in row)


def _char_width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, width: int, keep_end: bool = False) -> str:
    """``text`` in at most ``width`` columns, an ellipsis where something is missing.

    ``keep_end`` cuts the start, of a path at a separator where that leaves at least half the width.
    """
    if text_width(text) <= width:
        return text
    if not keep_end:
        return _shorten(text, width - 1, -1) + "…"
    rest = _shorten(text, width - 1, 0)
    at = min((rest.index(char) for char in _SEPARATORS if char in rest), default=0)
    return "…" + (rest[at:] if 2 * text_width(rest[at:]) >= width else rest)


def _shorten(text: str, width: int, end: int) -> str:
    """``text`` without as many characters at its start (``end`` 0) or end (-1) as have to go."""
    while text and text_width(text) > width:
        text = text[1:] if end == 0 else text[:-1]
    return text


def wrap(text: str, width: int, indent: int = 0) -> Iterator[str]:
    """Lines of at most ``width`` columns (single words may be longer), each behind ``indent`` spaces."""
    start = " " * indent
    current = start
    for word in text.split(" "):
        candidate = current + (" " if current.strip() else "") + word
        if text_width(candidate) > width and current.strip():
            yield current
            current = start + word
        else:
            current = candidate
    yield current
