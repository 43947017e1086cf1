"""docs/kpis.md: its tables, and the script that makes them."""

from __future__ import annotations

import re
from pathlib import Path

from tachograph.analysis.kpis import load_kpis
from tachograph.learning.records import Group, Point
from tools.list_kpis import BEGIN, END, make_tables

PAGE = Path(__file__).parent.parent.parent / "docs" / "kpis.md"


def point(number: int, family: str = "house", lacking: bool = False, **values: float) -> Point:
    missing = {"cost_per_turn": "no price"} if lacking else {}
    return Point(f"codex:{number}", Group("main", "codex", family), "main", 0, number, values, missing)


def test_a_row_tells_how_a_kpi_is_spread_and_how_many_sessions_have_each_status() -> None:
    points = [point(n, error_rate=n / 100, cost_per_turn=float(n), token_efficiency=0.004) for n in range(1, 21)]
    rows = {
        row.split("|")[1].strip(): row
        for row in make_tables([*points, point(99, lacking=True)]).splitlines()
        if "|" in row
    }
    assert rows["`error_rate`"] == (
        "| `error_rate` | 20 | 0 | 0.02 | 0.06 | 0.11 | 0.16 | 0.2 | 0.0 % | 25.0 % | 25.0 % | 50.0 % |"
    )
    assert rows["`cost_per_turn`"] == "| `cost_per_turn` | 20 | 1 | 2 | 6 | 11 | 16 | 20 | – | – | – | – |"
    assert rows["`rework_rate`"] == "| `rework_rate` | 0 | 0 | – | – | – | – | – | – | – | – | – |"
    assert rows["codex, house"] == "| codex, house | 20 | 0 | 0.004 | 0.004 | 0.004 | 0.004 | 0.004 |"


def test_families_stand_apart_and_sessions_are_counted_by_kind() -> None:
    text = make_tables([point(1, "one", token_efficiency=0.5), point(2, "two", context_peak=123_456.7)])
    assert text.startswith("2 sessions (codex: 2 main).\n")
    assert "| codex, one | 1 | 0 | 0.5 |" in text
    assert "| codex, two | 0 | 0 | – |" in text
    assert "| `context_peak` | 1 | 0 | 123,457 |" in text


def test_the_page_has_the_distribution_of_every_kpi() -> None:
    table = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(load_kpis())


def test_the_page_explains_every_kpi() -> None:
    assert set(re.findall(r"^### (\w+_\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)) == set(load_kpis())
