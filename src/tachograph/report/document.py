"""A report before it is rendered. Text in it may come from logs: the layout makes it harmless."""

from __future__ import annotations

from typing import Literal, TypeAlias

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


class Facts(msgspec.Struct, frozen=True):
    """Names and what is to be said of each, in two columns; the second is wrapped."""

    items: list[tuple[str, str]]
    style: Style = "dim"
    """Of the names."""


class Column(msgspec.Struct, frozen=True):
    """A table's column. Flexible ones share the width that is left and are cut with an ellipsis."""

    title: str
    align: Literal["left", "right"] = "right"
    flexible: bool = False
    keep_end: bool = False
    """Cut at the start instead of the end (paths tell more at their end)."""
    least: int = 26
    """Width that a flexible column keeps as long as there are columns to drop."""
    rank: int = 0
    """Where the width does not suffice, columns of the highest rank go first; 0 always stays."""
    style: Style = ""
    meaning: str = ""
    """What it means: said below the table as long as the column is shown."""


class Table(msgspec.Struct, frozen=True):
    """Rows of cells, as many as there are columns. No line of titles when all of them are empty."""

    columns: list[Column]
    rows: list[list[str]]
    footer: list[str] | None = None
    """A last row of totals."""
    notes: dict[int, Line] = {}
    """A line below a row, by the row's index."""
    caption: str = ""
    """Stands instead of the first column's title, as a heading does."""


class Bar(msgspec.Struct, frozen=True):
    """One column of a chart."""

    label: str
    value: str
    """What is written below the bar."""
    size: float
    """Its height, in whatever unit; 0 shows no bar."""


class Chart(msgspec.Struct, frozen=True):
    """Upright bars side by side; where the width does not suffice, the first ones go."""

    bars: list[Bar]
    height: int = 3
    """Lines of the highest bar."""


class Trend(msgspec.Struct, frozen=True):
    """Values over time as thin bars, the oldest first, drawn between the lowest and the highest of them."""

    title: str
    values: list[float]
    lowest: str
    """What is written beside the foot: the lowest value as people read it."""
    highest: str
    first: str
    """What is written below the first bar; so ``last``."""
    last: str
    height: int = 3
    """Lines of the highest bar."""


class Beside(msgspec.Struct, frozen=True):
    """Two parts next to each other where the width suffices for both, else one below the other."""

    left: list[Block]
    right: list[Block]


Block: TypeAlias = Line | Heading | Facts | Table | Chart | Trend | Beside


class Document(msgspec.Struct, frozen=True):
    """Blocks from top to bottom."""

    blocks: list[Block] = []
