"""Documents as plain text: aligned columns, no colours."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator

from tachograph.report.document import Column, Document, Heading, Line, Style, Table
from tachograph.report.sanitise import harmless

_GAP = 2
_FLEXIBLE = 26
"""Width that a flexible column keeps as long as there are columns to drop."""
_MIN_FLEXIBLE = 12

Paint = Callable[[str, Style], str]
"""Adds a style to text that is already laid out."""


def _no_paint(text: str, style: Style) -> str:
    return text


def render(document: Document, width: int, paint: Paint = _no_paint) -> str:
    """The document as text of at most ``width`` columns (single words may be longer), ending with a line feed."""
    lines: list[str] = []
    for block in document.blocks:
        if isinstance(block, Heading):
            if lines:
                lines.append("")
            remark = f"  {paint(harmless(block.remark), 'dim')}" if block.remark else ""
            lines.append(paint(harmless(block.text), "strong") + remark)
        elif isinstance(block, Line):
            lines.extend(paint(text, block.style) if text else text for text in _wrap(block, width))
        else:
            lines.extend(_table(block, width, paint))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _wrap(line: Line, width: int) -> Iterator[str]:
    start = " " * line.indent
    current = start
    for word in harmless(line.text).split(" "):
        candidate = current + (" " if current.strip() else "") + word
        if text_width(candidate) > width and current.strip():
            yield current
            current = start + word
        else:
            current = candidate
    yield current


def _table(table: Table, width: int, paint: Paint) -> Iterator[str]:
    cells = [[harmless(cell) for cell in row] for row in table.rows]
    footer = [harmless(cell) for cell in table.footer] if table.footer else None
    everything = [[column.title for column in table.columns], *cells, *([footer] if footer else [])]
    natural = [max(text_width(row[n]) for row in everything) for n in range(len(table.columns))]
    kept, widths = _fit(table.columns, natural, width)
    yield _row(table.columns, everything[0], kept, widths, paint, "dim")
    for row in cells:
        yield _row(table.columns, row, kept, widths, paint, None)
    if footer:
        yield _row(table.columns, footer, kept, widths, paint, "strong")


def _fit(columns: list[Column], natural: list[int], width: int) -> tuple[list[int], dict[int, int]]:
    """Which columns stay, and how wide they are."""
    kept = list(range(len(columns)))
    while True:
        droppable = [n for n in kept if columns[n].rank > 0]
        least = _FLEXIBLE if droppable else _MIN_FLEXIBLE
        needed = sum(min(natural[n], least) if columns[n].flexible else natural[n] for n in kept)
        needed += _GAP * (len(kept) - 1)
        if needed <= width or not droppable:
            break
        kept.remove(max(droppable, key=lambda n: (columns[n].rank, n)))
    left = width - needed
    widths = {}
    for n in kept:
        widths[n] = min(natural[n], least) if columns[n].flexible else natural[n]
    for n in (n for n in kept if columns[n].flexible):
        more = max(0, min(left, natural[n] - widths[n]))
        widths[n] += more
        left -= more
    return kept, widths


def _row(
    columns: list[Column], cells: list[str], kept: list[int], widths: dict[int, int], paint: Paint, style: Style | None
) -> str:
    parts = []
    for n in kept:
        text = cut(cells[n], widths[n], columns[n].keep_end)
        pad = " " * (widths[n] - text_width(text))
        painted = paint(text, columns[n].style if style is None else style)
        parts.append(pad + painted if columns[n].align == "right" else painted + pad)
    return (" " * _GAP).join(parts)


def cut(text: str, width: int, keep_end: bool = False) -> str:
    """``text`` in at most ``width`` columns, an ellipsis where something is missing."""
    if text_width(text) <= width:
        return text
    if keep_end:
        while text and text_width(text) > width - 1:
            text = text[1:]
        return "…" + text
    while text and text_width(text) > width - 1:
        text = text[:-1]
    return text + "…"


def text_width(text: str) -> int:
    """Columns that ``text`` takes up in a terminal."""
    if text.isascii():
        return len(text)
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
