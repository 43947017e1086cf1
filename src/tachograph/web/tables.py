"""A table of a page as a file."""

from __future__ import annotations

import csv
import io
from datetime import date

import msgspec

from tachograph.app.export.write import defuse
from tachograph.report.view import Cell, Grid, Value

_BOUND = "_is"
"""Ends the name of the column that says which numbers of another one are not exact, where there are such."""


def grid_csv(grid: Grid) -> bytes:
    """UTF-8 with a line of names, as RFC 4180 has it; texts that a spreadsheet would run are defused."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    names, rows = _rows(grid)
    writer.writerow([defuse(name) for name in names])
    for row in rows:
        writer.writerow([_text(value) for value in row])
    return out.getvalue().encode("utf-8", "replace")


class _Column(msgspec.Struct, frozen=True):
    key: str
    title: str
    kind: str


class GridFile(msgspec.Struct, frozen=True):
    """The JSON of a table."""

    schema: str
    page: str
    grid: str
    title: str
    columns: list[_Column]
    rows: list[dict[str, Value]]
    """Values by the columns' keys; null: not known. ``<key>_is``: at_least or about, of a number that is not exact."""


def grid_record(slug: str, grid: Grid) -> GridFile:
    """The same as a record, with the table's title and columns."""
    columns = [_Column(one.key, one.title, one.kind) for one in grid.columns]
    names, rows = _rows(grid)
    told = [dict(zip(names, row, strict=True)) for row in rows]
    return GridFile("tachograph.grid/1", slug, grid.id, grid.title, columns, told)


def _rows(grid: Grid) -> tuple[list[str], list[list[Value]]]:
    """Names and values, with a column beside each number that is a lower bound or an estimate anywhere."""
    inexact = [n for n in range(len(grid.columns)) if any(_nature(row[n]) for row in grid.rows)]
    names = [one.key for one in grid.columns] + [grid.columns[n].key + _BOUND for n in inexact]
    rows = [[cell.value for cell in row] + [_nature(row[n]) for n in inexact] for row in grid.rows]
    return names, rows


def _nature(cell: Cell) -> str:
    if cell.value is None:
        return ""
    return "at_least" if cell.at_least else "about" if cell.about else ""


def _text(value: Value) -> object:
    if isinstance(value, str):
        return defuse(value)
    return value.isoformat() if isinstance(value, date) else value
