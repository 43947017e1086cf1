"""Laying out tables: which columns stay, how wide they are, where cells stand."""

from __future__ import annotations

from tachograph.report.document import Column, Style, Table
from tachograph.report.sanitise import harmless
from tachograph.report.width import Row, cut, text_width, wrap

_GAP = 2
_MIN_FLEXIBLE = 12


def lay_table(table: Table, width: int) -> list[Row]:
    """The rows of the table in ``width`` columns: titles, cells with their notes, totals, what columns mean."""
    titles = [harmless(column.title) for column in table.columns]
    titles[0] = harmless(table.caption) or titles[0]
    cells = [[harmless(cell) for cell in row] for row in table.rows]
    footer = [harmless(cell) for cell in table.footer] if table.footer else None
    everything = [titles, *cells, *([footer] if footer else [])]
    natural = [max(text_width(row[n]) for row in everything) for n in range(len(table.columns))]
    kept, widths = _fit(table.columns, natural, width)
    rows = [_title_row(table, titles, kept, widths)] if any(titles) else []
    for number, row in enumerate(cells):
        rows.append(_row(table.columns, row, kept, widths, None))
        note = table.notes.get(number)
        if note is not None:
            rows.extend([(text, note.style)] for text in wrap(harmless(note.text), width, note.indent))
    if footer:
        rows.append(_row(table.columns, footer, kept, widths, "strong"))
    legend = " · ".join(harmless(table.columns[n].meaning) for n in kept if table.columns[n].meaning)
    return rows + [[(text, "dim")] for text in wrap(legend, width, 0)] if legend else rows


def _fit(columns: list[Column], natural: list[int], width: int) -> tuple[list[int], dict[int, int]]:
    """Which columns stay, and how wide they are."""
    kept = list(range(len(columns)))
    while True:
        droppable = [n for n in kept if columns[n].rank > 0]
        widths = {n: _least(columns[n], natural[n], bool(droppable)) for n in kept}
        needed = sum(widths.values()) + _GAP * (len(kept) - 1)
        if needed <= width or not droppable:
            break
        kept.remove(max(droppable, key=lambda n: (columns[n].rank, n)))
    return kept, _spread(widths, natural, [n for n in kept if columns[n].flexible], width - needed)


def _least(column: Column, natural: int, droppable: bool) -> int:
    """The width that a column needs at least."""
    return min(natural, column.least if droppable else _MIN_FLEXIBLE) if column.flexible else natural


def _spread(widths: dict[int, int], natural: list[int], flexible: list[int], left: int) -> dict[int, int]:
    """Give the flexible columns the width that is ``left``: evenly, but none more than it can use."""
    hungry = [n for n in flexible if natural[n] > widths[n]]
    while left > 0 and hungry:
        for n in hungry[:left]:
            widths[n] += 1
            left -= 1
        hungry = [n for n in hungry if natural[n] > widths[n]]
    return widths


def _title_row(table: Table, titles: list[str], kept: list[int], widths: dict[int, int]) -> Row:
    row = _row(table.columns, titles, kept, widths, "dim")
    return [(text, "strong" if table.caption and text == titles[0] else style) for text, style in row]


def _row(columns: list[Column], cells: list[str], kept: list[int], widths: dict[int, int], style: Style | None) -> Row:
    row: Row = []
    for n in kept:
        text = cut(cells[n], widths[n], columns[n].keep_end)
        pad = " " * (widths[n] - text_width(text))
        before, after = (pad, "") if columns[n].align == "right" else ("", pad)
        row += [(before, ""), (text, columns[n].style if style is None else style), (after + " " * _GAP, "")]
    return row[:-1]
