"""Rows as CSV or JSON lines, on a stream or in a private file."""

from __future__ import annotations

import csv
import io
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Literal

import msgspec

from tachograph.app.export.rows import Row, read_rows
from tachograph.app.export.tables import TABLES, Kind, Table
from tachograph.app.filters import Filter
from tachograph.errors import TachographError
from tachograph.model import to_datetime
from tachograph.paths import open_private

Format = Literal["csv", "jsonl"]
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
"""What makes a spreadsheet take a cell for a formula (or hide that it begins with one), full-width forms included."""
_PICO_DIGITS = 12
_FLUSH_CHARS = 1 << 16


def export_table(
    connection: sqlite3.Connection,
    table: str,
    format: Format,
    chosen: Filter,
    out: BinaryIO,
    clean_cell: Callable[[str], str] | None = None,
) -> int:
    """Write the rows of ``table`` within ``chosen`` as UTF-8 and return how many there were.

    ``clean_cell`` is applied to every text first (for a terminal). Raises OSError as ``out`` does.
    """
    shape = TABLES[table]
    rows = read_rows(connection, table, chosen)
    if clean_cell is not None:
        rows = _clean_rows(shape, rows, clean_cell)
    return _write_csv(shape, rows, out) if format == "csv" else _write_jsonl(shape, rows, out)


def _clean_rows(table: Table, rows: Iterator[Row], clean: Callable[[str], str]) -> Iterator[Row]:
    texts = [column.kind == "text" for column in table.columns]
    for row in rows:
        yield tuple(clean(v) if text and v is not None else v for text, v in zip(texts, row, strict=True))


def defuse(text: str) -> str:
    """``text`` with an apostrophe before it where a spreadsheet would take it for a formula."""
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


@contextmanager
def write_privately(path: Path) -> Iterator[BinaryIO]:
    """A file that only its owner can read and that appears under ``path`` when all is written, or not at all.

    A device or a FIFO is written to as it is. Raises TachographError when the file cannot be made.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        with open_private(path) as stream:
            yield stream
        return
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")  # nobody can put a link there before
    try:
        with _open_unfinished(unfinished, path) as stream:
            yield stream
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _open_unfinished(unfinished: Path, path: Path) -> BinaryIO:
    try:
        return open_private(unfinished)
    except TachographError as error:  # nobody knows the file by that name
        told = error.message.replace(str(unfinished), str(path))
        raise TachographError(told, slug=error.slug, hint=error.hint, exit_code=error.exit_code) from error


def _write_csv(table: Table, rows: Iterator[Row], out: BinaryIO) -> int:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")  # as RFC 4180 has it; only so are lone carriage returns quoted
    writer.writerow([column.name for column in table.columns])
    cells = [_CSV_CELLS[column.kind] for column in table.columns]
    count = 0
    for row in rows:
        writer.writerow([None if v is None else cell(v) for cell, v in zip(cells, row, strict=True)])
        count += 1
        if buffer.tell() >= _FLUSH_CHARS:
            _flush(buffer, out)
    _flush(buffer, out)
    return count


def _flush(buffer: io.StringIO, out: BinaryIO) -> None:
    out.write(buffer.getvalue().encode())
    buffer.seek(0)
    buffer.truncate()


def _write_jsonl(table: Table, rows: Iterator[Row], out: BinaryIO) -> int:
    names = [column.name for column in table.columns]
    values = [_JSON_VALUES[column.kind] for column in table.columns]
    encode = msgspec.json.Encoder(decimal_format="number").encode
    count = 0
    for row in rows:
        fields = {n: None if v is None else value(v) for n, value, v in zip(names, values, row, strict=True)}
        out.write(encode(fields) + b"\n")
        count += 1
    return count


@lru_cache(maxsize=1024)
def _iso(milliseconds: int) -> str:
    moment = to_datetime(milliseconds).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds") + "Z"


def _dollars(pico: int) -> Decimal:
    """Exact dollars, without zeros at the end."""
    return Decimal(f"{Decimal(pico).scaleb(-_PICO_DIGITS):f}".rstrip("0").rstrip("."))


def _dollar_text(pico: int) -> str:
    return f"{_dollars(pico):f}"


_CSV_CELLS: dict[Kind, Callable[[Any], object]] = {
    "text": defuse,
    "count": int,
    "time": _iso,
    "usd": _dollar_text,
    "flag": lambda value: "true" if value else "false",
}
_JSON_VALUES: dict[Kind, Callable[[Any], object]] = {
    "text": str,
    "count": int,
    "time": _iso,
    "usd": _dollars,
    "flag": bool,
}
