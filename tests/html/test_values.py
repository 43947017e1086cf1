"""How values are written."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from datetime import UTC, date, datetime
from importlib import resources
from zoneinfo import ZoneInfo

import pytest

from tachograph.report.html.values import compare, write_cell, write_number, write_value
from tachograph.report.view import Cell, Change

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 7, 1, 12, 0, 30, tzinfo=UTC)

NUMBERS = [
    (0, "count", "0"),
    (1234567, "count", "1,234,567"),
    (-12, "count", "−12"),
    (2.5, "count", "2.5"),
    (812, "tokens", "812"),
    (12_345, "tokens", "12.3k"),
    (4_560_000, "tokens", "4.56M"),
    (7_890_000_000, "tokens", "7.89G"),
    (0, "usd", "$0.00"),
    (12.345, "usd", "$12.35"),
    (1234.5, "usd", "$1,234.50"),
    (0.0042, "usd", "$0.0042"),
    (0.123, "percent", "12.3 %"),
    (1, "percent", "100.0 %"),
    (0.4, "seconds", "0.4s"),
    (200, "seconds", "3m 20s"),
    (7500, "seconds", "2h 05m"),
    (273_600, "seconds", "3d 4h"),
    (3.14159, "number", "3.14"),
    (123.456, "number", "123.5"),
    (12345.6, "number", "12,346"),
    (42.0, "number", "42"),
]


@pytest.mark.parametrize(("value", "kind", "text"), NUMBERS)
def test_numbers_are_written_by_their_kind(value, kind, text):
    assert write_number(value, kind) == text


def test_less_than_can_be_written_is_not_zero():
    assert write_number(0.00001, "usd") == "<$0.0001"


@pytest.mark.skipif(shutil.which("node") is None, reason="no node to run the script with")
def test_the_script_writes_numbers_as_the_server_does():
    script = (resources.files("tachograph.report.html") / "static" / "format.js").read_text(encoding="utf-8")
    cases = json.dumps([[value, kind] for value, kind, _ in NUMBERS])
    told = f"JSON.stringify({cases}.map(([value, unit]) => tacho.format(value, unit)))"
    program = f"globalThis.window = globalThis;{script};console.log({told})"
    answer = subprocess.run(
        ["node", "-e", program], capture_output=True, check=True, text=True, encoding="utf-8"
    ).stdout
    assert json.loads(answer) == [text for _, _, text in NUMBERS]


@pytest.mark.parametrize(
    ("value", "kind", "text", "title"),
    [
        (None, "count", "–", "not known"),
        (None, "usd", "unpriced", "no price is known"),
        (math.nan, "tokens", "–", "not known"),
        (math.inf, "usd", "unpriced", "no price is known"),
        ("as it is", "text", "as it is", ""),
        ("", "text", "", ""),
        (True, "text", "yes", ""),
        (False, "count", "no", ""),
        (NOON, "moment", "2026-07-01 14:00", "2026-07-01 14:00:30 CEST"),
        (NOON, "day", "2026-07-01", "2026-07-01 14:00:30 CEST"),
        (date(2026, 7, 1), "day", "2026-07-01", ""),
        (1_234_567, "tokens", "1.23M", "1,234,567 tokens"),
    ],
)
def test_values_in_words(value, kind, text, title):
    shown = write_value(value, kind, BERLIN)
    assert (shown.text, shown.title) == (text, title)
    assert shown.missing == (title in ("not known", "no price is known"))


def test_moments_carry_their_offset_for_programs():
    assert write_value(NOON, "moment", BERLIN).iso == "2026-07-01T14:00:30+02:00"


@pytest.mark.parametrize(
    ("cell", "kind", "text", "title"),
    [
        (Cell(3.0, at_least=True), "usd", "≥$3.00", "at least this"),
        (Cell(3.0, about=True), "usd", "≈$3.00", "an estimate"),
        (Cell(3.0, at_least=True, about=True), "usd", "≥≈$3.00", "at least this; an estimate"),
        (Cell(3, title="of ten", about=True), "count", "≈3", "of ten; an estimate"),
        (Cell(None, at_least=True, about=True), "usd", "unpriced", "no price is known"),
        (Cell(None, title="the log is gone"), "count", "–", "the log is gone"),
    ],
)
def test_bounds_and_estimates_are_marked(cell, kind, text, title):
    shown = write_cell(cell, kind, UTC)
    assert (shown.text, shown.title) == (text, title)


@pytest.mark.parametrize(
    ("now", "kind", "before", "better", "arrow", "text", "was", "tone"),
    [
        (110.0, "usd", 100.0, "down", "↑", "up 10 %", "$100.00", "bad"),
        (90.0, "usd", 100.0, "down", "↓", "down 10 %", "$100.00", "good"),
        (90.0, "usd", 100.0, "up", "↓", "down 10 %", "$100.00", "bad"),
        (90.0, "usd", 100.0, "", "↓", "down 10 %", "$100.00", ""),
        (1012, "count", 1000, "", "↑", "up 1.2 %", "1,000", ""),
        (128, "count", 128, "up", "→", "no change", "128", ""),
        (0, "count", 0, "up", "→", "no change", "0", ""),
        (5, "count", 0, "up", "↑", "up", "0", "good"),
        (0, "count", 5, "up", "↓", "down 100 %", "5", "bad"),
        (1000, "tokens", 10, "", "↑", "up to 100 times", "10", ""),
        (0.913, "percent", 0.871, "up", "↑", "up 4.2 points", "87.1 %", "good"),
        (0.5, "percent", 0.5001, "up", "→", "no change", "50.0 %", ""),
    ],
)
def test_a_change_is_told_in_words_with_an_arrow(now, kind, before, better, arrow, text, was, tone):
    moved = compare(Cell(now), kind, Change(before, better), UTC)
    assert moved is not None
    assert (moved.arrow, moved.text, moved.before, moved.tone) == (arrow, text, was, tone)


@pytest.mark.parametrize(
    ("cell", "change"),
    [(Cell(3), None), (Cell(3), Change(None, "up")), (Cell(None), Change(3.0, "up")), (Cell(math.nan), Change(1.0))],
)
def test_what_is_not_known_is_compared_with_nothing(cell, change):
    assert compare(cell, "count", change, UTC) is None
