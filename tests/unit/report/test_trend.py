"""A trend: thin bars between the lowest and the highest value."""

from __future__ import annotations

import pytest

from tachograph.report.document import Document, Trend
from tachograph.report.text import render


def show(values: list[float], width: int = 40, height: int = 2) -> list[str]:
    trend = Trend("a title", values, "low", "high", "first", "last", height)
    return render(Document([trend]), width).splitlines()


def test_bars_stand_between_the_lowest_and_the_highest_value() -> None:
    assert show([1.0, 2.0, 1.5, 4.0, 1.0]) == [
        "a title",
        "high       █",
        " low ▁ ▆ ▃ █ ▁",
        "     first last",
    ]


@pytest.mark.parametrize("values", [[3.0, 3.0, 3.0], [0.0], [-2.0, -2.0]])
def test_values_that_are_all_the_same_need_one_line(values: list[float]) -> None:
    bars = " ".join("▄" for _ in values)
    assert show(values) == ["a title", f"high {bars}", "     first last"]


def test_where_the_width_does_not_suffice_the_first_ones_go() -> None:
    assert show([9.0, *[float(number) for number in range(8)]], width=13, height=1) == [
        "a title",
        "high ▁ ▃ ▆ █",
        "     first last",
    ]


def test_without_values_there_are_no_bars() -> None:
    assert show([]) == ["a title", "high", "     first last"]


def test_negative_values_have_their_place() -> None:
    assert show([-1.0, 0.0, 1.0], height=1) == ["a title", "high ▁ ▅ █", "     first last"]
