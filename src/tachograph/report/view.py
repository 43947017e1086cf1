"""A page before it is rendered: blocks with raw values, from which HTML, CSV and JSON are made.

Text in it may come from logs; every renderer makes it harmless for its own place. Addresses (``href``) are made by us,
relative, and a page that stands alone leaves them out.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, TypeAlias

import msgspec

Kind = Literal["text", "count", "tokens", "usd", "percent", "seconds", "moment", "day", "number"]
"""How a value is written: ``percent`` is a share (0.25 is 25 %), ``usd`` dollars, ``moment`` a datetime with a zone."""
Tone = Literal["", "good", "warn", "bad", "dim"]
Value: TypeAlias = str | int | float | datetime | date | None


class Cell(msgspec.Struct, frozen=True):
    """A value and what goes with it. None is shown as not known (of dollars: as unpriced), never as zero."""

    value: Value = None
    href: str = ""
    note: str = ""
    """Smaller, below the value."""
    title: str = ""
    """Shown at pointing; repeats nothing that is not elsewhere on the page."""
    tone: Tone = ""
    at_least: bool = False
    """The value is a lower bound."""
    about: bool = False
    """The value is an estimate."""
    tag: bool = False
    """Shown as a label with a border: verdicts, states."""


class Change(msgspec.Struct, frozen=True):
    """A value against the one of the range before."""

    before: float | None
    """None: not known; nothing is compared then."""
    better: Literal["up", "down", ""] = ""
    """Which direction is good; empty: neither."""


class Card(msgspec.Struct, frozen=True):
    """One number of a strip."""

    title: str
    cell: Cell
    kind: Kind = "count"
    change: Change | None = None
    how: str = ""
    """Anchor on the page "How we count"."""


class Cards(msgspec.Struct, frozen=True):
    """A strip of numbers."""

    items: list[Card]


class Column(msgspec.Struct, frozen=True):
    """A column of a table."""

    key: str
    """Name in CSV and JSON."""
    title: str
    kind: Kind = "text"
    hint: str = ""
    """What it means, where the title does not say."""
    sort: str = ""
    """Value of the parameter ``sort`` that orders by it; empty: one cannot."""
    wide: bool = False
    """Takes the room that is left and is cut there; the whole text is a click or a row away."""
    low: bool = False
    """Left out on narrow screens."""


class Paging(msgspec.Struct, frozen=True):
    """Which part of the rows is shown."""

    first: int
    """Number of the first row shown, from 1."""
    size: int
    matching: int
    """All rows."""
    previous: str = ""
    """Address of the part before; empty: there is none."""
    next: str = ""


class Grid(msgspec.Struct, frozen=True):
    """A table. ``id`` is unique on its page, and names the file of a download."""

    id: str
    title: str
    columns: list[Column]
    rows: list[list[Cell]]
    description: str = ""
    footer: list[Cell] = []
    empty: str = "Nothing here."
    """What is said instead of a table without rows."""
    sorted_by: str = ""
    """The ``sort`` in force; its column is marked."""
    paging: Paging | None = None
    how: str = ""
    """Anchor on the page "How we count"."""
    folded: bool = False
    """Shown closed, to be opened."""


class Series(msgspec.Struct, frozen=True):
    """One line, or one part of every bar. None: not known, a gap."""

    name: str
    values: list[float | None]


class Mark(msgspec.Struct, frozen=True):
    """A point in time worth a line in the chart."""

    at: int
    """Index on the axis."""
    label: str
    href: str = ""
    tone: Tone = ""


class Chart(msgspec.Struct, frozen=True):
    """Values along an axis. Rendered with its numbers as a table below it, so that no one needs to see it."""

    id: str
    title: str
    description: str
    """One sentence: what is shown, in which unit, over what."""
    kind: Literal["stacked", "bars", "lines"]
    """Upright stacked bars; level bars, one for each label, of the first series; lines over the axis."""
    axis: list[str]
    """Labels, in order: days as ``2026-11-01``, else as people read them."""
    series: list[Series]
    unit: Kind = "count"
    moments: list[int] = []
    """Where the axis is time and its steps are not equal: ms UTC of every label."""
    band: tuple[float, float] | None = None
    """A range that is usual, drawn behind the lines."""
    band_name: str = ""
    marks: list[Mark] = []
    hrefs: list[str] = []
    """Of the labels, in their order; empty: none."""
    live: bool = False
    """Worth a pointer: the dashboard lets one read values off it and look closer."""
    how: str = ""


class Note(msgspec.Struct, frozen=True):
    """A sentence or two."""

    text: str
    tone: Tone = ""
    href: str = ""
    link: str = ""
    """Text of the link that ends it."""


class Banner(msgspec.Struct, frozen=True):
    """Something to be seen first."""

    text: str
    tone: Tone = "warn"
    href: str = ""
    link: str = ""


class Empty(msgspec.Struct, frozen=True):
    """Nothing is there yet, and what to do about it."""

    text: str
    command: str = ""
    """To be typed into a terminal."""
    href: str = ""
    link: str = ""


class Facts(msgspec.Struct, frozen=True):
    """Names and what is to be said of each."""

    items: list[tuple[str, Cell, Kind]]
    title: str = ""


class Code(msgspec.Struct, frozen=True):
    """Text as it was written: a prompt, a command, an error."""

    text: str
    title: str = ""


class Choice(msgspec.Struct, frozen=True):
    """One value of a field."""

    value: str
    label: str


class Field(msgspec.Struct, frozen=True):
    """One field of a form of filters. Without choices it is for text."""

    name: str
    """Parameter of the address."""
    label: str
    value: str = ""
    choices: list[Choice] = []
    search: bool = False
    """The field that ``/`` goes to."""


class Filters(msgspec.Struct, frozen=True):
    """A form whose fields are parameters of the same page; ``keep`` are those that stay as they are."""

    fields: list[Field]
    action: str
    keep: dict[str, str] = {}


class Section(msgspec.Struct, frozen=True):
    """Blocks under a heading."""

    title: str
    blocks: list[Block]
    id: str = ""
    """Anchor."""
    remark: str = ""
    how: str = ""
    folded: bool = False
    """Shown closed, to be opened."""


class Beside(msgspec.Struct, frozen=True):
    """Parts next to each other where the width suffices, else one below the other."""

    parts: list[list[Block]]


class Special(msgspec.Struct, frozen=True):
    """What has a template of its own: ``template`` is its name, ``data`` what it is given."""

    template: str
    data: msgspec.Struct


Block: TypeAlias = Cards | Grid | Chart | Note | Banner | Empty | Facts | Code | Filters | Section | Beside | Special


class View(msgspec.Struct, frozen=True):
    """A page from top to bottom."""

    title: str
    blocks: list[Block] = []
    lead: str = ""
    """One sentence below the title."""


def find_grid(blocks: list[Block], id: str) -> Grid | None:
    """The table called ``id``; a chart's is called as the chart. None when there is none."""
    for block in blocks:
        found = None
        if isinstance(block, Grid) and block.id == id:
            return block
        if isinstance(block, Chart) and block.id == id:
            return chart_grid(block)
        if isinstance(block, Section):
            found = find_grid(block.blocks, id)
        elif isinstance(block, Beside):
            found = next((grid for part in block.parts if (grid := find_grid(part, id))), None)
        if found is not None:
            return found
    return None


def chart_grid(chart: Chart) -> Grid:
    """The numbers of a chart as a table: a row for each label, a column for each series."""
    columns = [Column("label", "", "text"), *(Column(one.name, one.name, chart.unit) for one in chart.series)]
    rows = [
        [
            Cell(label, href=chart.hrefs[place] if chart.hrefs else ""),
            *(Cell(one.values[place]) for one in chart.series),
        ]
        for place, label in enumerate(chart.axis)
    ]
    return Grid(
        chart.id,
        chart.title,
        columns,
        rows,
        chart.description,
        empty="Nothing to draw: no value is known.",
        folded=True,
    )
