"""What templates ask while they write a page: values in words, addresses, charts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

import msgspec
from markupsafe import Markup

from tachograph.report.html.addresses import HOW, local_href, with_params
from tachograph.report.html.cells import cell_markup, row_markup
from tachograph.report.html.chart_data import chart_json
from tachograph.report.html.charts import Entry, draw_chart, has_values, list_entries
from tachograph.report.html.shell import MenuItem, Shell
from tachograph.report.html.values import Moved, compare
from tachograph.report.view import (
    Beside,
    Block,
    Card,
    Cell,
    Chart,
    Column,
    Grid,
    Kind,
    Section,
    View,
    chart_grid,
)

_RIGHT = frozenset[Kind]({"count", "tokens", "usd", "percent", "seconds", "number"})


class Key(msgspec.Struct, frozen=True):
    """An entry of the menu and the letter that leads to it after ``g``."""

    item: MenuItem
    letter: str


class Canvas:
    """One page being written. Without a shell it stands alone: no address of the dashboard is on it."""

    def __init__(self, zone: tzinfo, shell: Shell | None = None, view: View | None = None) -> None:
        self.zone = zone
        self.shell = shell
        self._anchors = frozenset(_anchors(view.blocks)) if view is not None else frozenset()

    @property
    def alone(self) -> bool:
        """Whether the page is a file by itself."""
        return self.shell is None

    def block_name(self, block: Block) -> str:
        """``cards``, ``grid``, …: the macro that writes the block."""
        return type(block).__name__.lower()

    def value(self, cell: Cell, kind: Kind = "text") -> Markup:
        """The cell's value with what goes with it."""
        return cell_markup(cell, kind, self.href(cell.href) if cell.href else "", self.zone)

    def row(self, cells: list[Cell], columns: list[Column], classes: list[str]) -> Markup:
        """What is between ``<tr>`` and ``</tr>``; ``classes`` are those of :meth:`column_classes`."""
        return row_markup((self.value(cell, column.kind) for cell, column in zip(cells, columns, strict=True)), classes)

    def moved(self, card: Card) -> Moved | None:
        """How the card's value moved against the range before."""
        return compare(card.cell, card.kind, card.change, self.zone)

    def column_classes(self, columns: list[Column]) -> list[str]:
        """Classes of each column's cells: numbers are aligned by their ends."""
        return [" ".join(["num"] * (one.kind in _RIGHT) + ["wide"] * one.wide + ["low"] * one.low) for one in columns]

    def href(self, href: str) -> str:
        """The address if the page may lead there, else an empty text."""
        found = local_href(href)
        return "" if self.alone and not found.startswith("#") else found

    def how(self, name: str) -> str:
        """Where it is told how a number comes about: a section of this page, or the dashboard's page on that."""
        if not name:
            return ""
        return f"#{name}" if self.alone and name in self._anchors else self.href(f"{HOW}#{name}")

    def only_grid(self, section: Section) -> Grid | None:
        """The table that begins the section under the same title, which is not said twice; else None."""
        first = section.blocks[0] if section.blocks else None
        named = isinstance(first, Grid) and first.title == section.title and bool(first.rows) and not first.folded
        return first if isinstance(first, Grid) and named else None

    def sort_href(self, column: Column) -> str:
        """The same page ordered by the column, from its first row on; empty: one cannot."""
        return (
            self.href(with_params(self.shell.address, sort=column.sort, page=None))
            if self.shell and column.sort
            else ""
        )

    def sorted_as(self, column: Column, grid: Grid) -> str:
        """``aria-sort`` of the column: text from A to Z, the rest from the largest down."""
        if not column.sort or column.sort != grid.sorted_by:
            return ""
        return "ascending" if column.kind == "text" else "descending"

    def download(self, id: str, ending: str) -> str:
        """Where the table is to be had as a file; empty: nowhere."""
        if not self.shell or not self.shell.downloads:
            return ""
        return self.href(f"{self.shell.downloads}/{id}.{ending}" + (f"?{self.shell.query}" if self.shell.query else ""))

    def draw(self, chart: Chart) -> Markup:
        """The chart's picture."""
        return draw_chart(self._within(chart))

    def has_values(self, chart: Chart) -> bool:
        """Whether there is anything to draw."""
        return has_values(chart)

    def legend(self, chart: Chart) -> list[Entry]:
        """The chart's names beside their colours and patterns."""
        return list_entries(chart)

    def numbers(self, chart: Chart) -> Markup:
        """The chart for the script that lets one look closer, as JSON."""
        return chart_json(self._within(chart))

    def _within(self, chart: Chart) -> Chart:
        """The chart with those links alone that this page may hold."""
        hrefs = [self.href(href) for href in chart.hrefs]
        marks = [msgspec.structs.replace(mark, href=self.href(mark.href)) for mark in chart.marks]
        return msgspec.structs.replace(chart, hrefs=hrefs if any(hrefs) else [], marks=marks)

    def table_of(self, chart: Chart) -> Grid:
        """The chart's numbers."""
        return chart_grid(chart)

    def keys(self) -> list[Key]:
        """The menu with the first letter of each title that no other has yet; none is left: no letter."""
        taken: set[str] = set()
        found = []
        for item in self.shell.menu if self.shell else []:
            free = (letter for letter in item.title.lower() if "a" <= letter <= "z" and letter not in taken)
            letter = next(free, "")
            taken.add(letter)
            found.append(Key(item, letter))
        return found


def _anchors(blocks: Iterable[Block]) -> Iterable[str]:
    for block in blocks:
        if isinstance(block, Section):
            yield block.id
            yield from _anchors(block.blocks)
        elif isinstance(block, Beside):
            for part in block.parts:
                yield from _anchors(part)
