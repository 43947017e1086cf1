"""How wide text is on a terminal, and making it fit."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import accumulate

from tachograph.report.document import Style

Row = list[tuple[str, Style]]
"""One line of a report: pieces of text from left to right, each with its style."""

_SEPARATORS = "/\\"
_NARROWEST = 12
"""Columns below which no word is broken."""


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


def wrap(text: str, width: int, indent: int = 0, *, breaks: bool = False) -> Iterator[str]:
    """Lines of at most ``width`` columns, each behind ``indent`` spaces.

    A single word may be longer; with ``breaks`` it goes on below itself, where there is room for it.
    """
    start = " " * indent
    breaks = breaks and width - indent >= _NARROWEST
    current = start
    for word in text.split(" "):
        candidate = current + (" " if current.strip() else "") + word
        if text_width(candidate) > width and current.strip():
            yield current
            current = start + word
        else:
            current = candidate
        while breaks and text_width(current) > width:
            head = _begin(current[indent:], width - indent)
            yield start + head
            current = start + current[indent + len(head) :]
    yield current


def _begin(word: str, width: int) -> str:
    """As much of the start of ``word`` as fits, up to a separator where that leaves at least half the width."""
    used = accumulate(_char_width(char) for char in word)
    head = word[: next((end for end, columns in enumerate(used) if columns > width), len(word))]
    at = 1 + max(head.rfind(char) for char in _SEPARATORS)
    return head[:at] if 2 * text_width(head[:at]) >= width else head
