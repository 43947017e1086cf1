"""Documents as plain text: aligned columns, no colours."""

from __future__ import annotations

from collections.abc import Callable

from tachograph.report.document import Document, Style
from tachograph.report.layout import lay_blocks
from tachograph.report.width import Row

Paint = Callable[[str, Style], str]
"""Adds a style to text that is already laid out."""


def _no_paint(text: str, style: Style) -> str:  # noqa: ARG001 (the signature of Paint)
    return text


def render(document: Document, width: int, paint: Paint = _no_paint, *, breaks: bool = False) -> str:
    """The document as text of at most ``width`` columns, ending with a line feed.

    Single words may be longer, so that they can be searched for and copied; with ``breaks`` those beside a name are
    broken, as a terminal would do it without the indentation.
    """
    return "".join(_render_row(row, paint) + "\n" for row in lay_blocks(document.blocks, width, breaks=breaks))


def _render_row(row: Row, paint: Paint) -> str:
    """The row without blanks at its end."""
    pieces = list(row)
    while pieces and not pieces[-1][0].rstrip():
        pieces.pop()
    if pieces:
        pieces[-1] = (pieces[-1][0].rstrip(), pieces[-1][1])
    return "".join(paint(text, style) for text, style in pieces)
