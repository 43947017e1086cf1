"""A report before it is rendered: headings, lines, tables. Text in it may come from logs: renderers make it harmless."""

from __future__ import annotations

from typing import Literal

import msgspec

Style = Literal["", "strong", "dim", "good", "bad", "warn", "accent"]


class Line(msgspec.Struct, frozen=True):
    """One line of text (wrapped where it does not fit)."""

    text: str = ""
    style: Style = ""
    indent: int = 0


class Heading(msgspec.Struct, frozen=True):
    """A section's title, with an optional remark beside it."""

    text: str
    remark: str = ""


class Column(msgspec.Struct, frozen=True):
    """A table's column. Flexible ones share the width that is left and are cut with an ellipsis."""

    title: str
    align: Literal["left", "right"] = "right"
    flexible: bool = False
    keep_end: bool = False
    """Cut at the start instead of the end (paths tell more at their end)."""
    rank: int = 0
    """Where the width does not suffice, columns of the highest rank go first; 0 always stays."""
    style: Style = ""


class Table(msgspec.Struct, frozen=True):
    """Rows of cells, as many as there are columns."""

    columns: list[Column]
    rows: list[list[str]]
    footer: list[str] | None = None
    """A last row of totals."""


Block = Line | Heading | Table


class Document(msgspec.Struct, frozen=True):
    """Blocks from top to bottom."""

    blocks: list[Block] = []
