"""Tables of pages as files."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime

import pytest

from tachograph.report.record_json import encode_json
from tachograph.report.view import Cell, Column, Grid
from tachograph.web.reply import file_headers
from tachograph.web.tables import grid_csv, grid_record

COLUMNS = [Column("name", "Name"), Column("usd", "Spend", "usd"), Column("at", "When", "moment")]
AT = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)


def table(rows: list[list[Cell]], columns: list[Column] = COLUMNS) -> Grid:
    return Grid("models", "Models", columns, rows, footer=[Cell("total"), Cell(9.0), Cell()])


def read_csv(grid: Grid) -> list[list[str]]:
    return list(csv.reader(io.StringIO(grid_csv(grid).decode(), newline="")))


def test_values_are_written_as_they_are() -> None:
    rows = [[Cell("opus", href="/x", note="n"), Cell(1.25), Cell(AT)], [Cell("new"), Cell(None), Cell(None)]]
    assert read_csv(table(rows)) == [
        ["name", "usd", "at"], ["opus", "1.25", "2026-11-03T09:30:00+00:00"], ["new", "", ""],
    ]  # fmt: skip


def test_lines_end_as_the_standard_has_it() -> None:
    assert grid_csv(table([])) == b"name,usd,at\r\n"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "＝1+1", "＠x", '=HYPERLINK("http://x")']
)
def test_no_cell_is_a_formula(text: str) -> None:
    assert read_csv(table([[Cell(text), Cell(-0.5), Cell(AT)]]))[1][:2] == ["'" + text, "-0.5"]


@pytest.mark.parametrize("text", ['a,"b"', "two\nlines", "two\r\nlines", "é", "\x00", "‮", "<script>"])
def test_any_text_is_one_cell(text: str) -> None:
    assert read_csv(table([[Cell(text), Cell(1), Cell(AT)]]))[1] == [text, "1", "2026-11-03T09:30:00+00:00"]


def test_half_a_character_is_a_question_mark() -> None:
    grid = table([[Cell("a\udc80b"), Cell(1), Cell(AT)]])
    assert read_csv(grid)[1][0] == "a?b"
    assert json.loads(encode_json(grid_record("models", grid)))["rows"][0]["name"] == "a?b"


def test_a_number_that_is_not_exact_says_so() -> None:
    rows = [
        [Cell("a"), Cell(1.0, at_least=True), Cell(AT)], [Cell("b"), Cell(2.0, about=True), Cell(AT)],
        [Cell("c"), Cell(3.0), Cell(AT)], [Cell("d"), Cell(None, at_least=True), Cell(AT)],
    ]  # fmt: skip
    found = [[row[1], row[3]] for row in read_csv(table(rows))]
    assert found == [["usd", "usd_is"], ["1.0", "at_least"], ["2.0", "about"], ["3.0", ""], ["", ""]]


def test_json_has_titles_and_nulls() -> None:
    days = table([[Cell("a"), Cell(None), Cell(date(2026, 11, 3))]])
    assert json.loads(encode_json(grid_record("models", days))) == {
        "schema": "tachograph.grid/1",
        "page": "models",
        "grid": "models",
        "title": "Models",
        "columns": [
            {"key": "name", "title": "Name", "kind": "text"},
            {"key": "usd", "title": "Spend", "kind": "usd"},
            {"key": "at", "title": "When", "kind": "moment"},
        ],
        "rows": [{"name": "a", "usd": None, "at": "2026-11-03"}],
    }


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("tachograph-models-spend.csv", "tachograph-models-spend.csv"),
        ('a"; filename="b', "a---filename--b"),
        ("a\r\nSet-Cookie: x", "a--Set-Cookie--x"),
        ("é/../x", "--..-x"),
    ],
)
def test_the_name_of_a_file_is_harmless(name: str, told: str) -> None:
    assert file_headers(name) == {"Content-Disposition": f'attachment; filename="{told}"'}
