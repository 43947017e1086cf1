"""Whether sessions become cheaper, and by which steps of time that is told."""

from __future__ import annotations

from datetime import date

import pytest

from tachograph.app.dashboard.time_axis import start_of
from tachograph.app.reports.html_steps import Trend, judge_trend


@pytest.mark.parametrize(
    ("values", "ratio", "direction"),
    [
        ([1.0, 1.0, 1.0, 1.0], 1.0, "steady"),
        ([2.0, 2.0, 1.0, 1.0], 0.5, "improving"),
        ([1.0, 1.0, 2.0, 2.0], 2.0, "worsening"),
        ([1.0, 3.0, 2.0, 4.0], 1.5, "worsening"),
        ([100.0, 100.0, 85.0, 85.0], 0.85, "steady"),  # the bounds themselves are steady
        ([100.0, 100.0, 84.9, 84.9], 0.849, "improving"),
        ([100.0, 100.0, 115.0, 115.0], 1.15, "steady"),
        ([100.0, 100.0, 115.1, 115.1], 1.151, "worsening"),
        ([1.0, 1.0, 90.0, 2.0, 2.0], 2.0, "worsening"),  # the one in the middle is in neither half
        ([None, 1.0, None, 1.0, 2.0, None, None, 2.0], 2.0, "worsening"),  # without a session: left out, not zero
        ([1.0, 1.0, 0.0, 0.0], 0.0, "improving"),  # known to have cost nothing
    ],
)
def test_the_second_half_by_the_first(values: list[float | None], ratio: float, direction: str) -> None:
    known = sum(value is not None for value in values)
    assert judge_trend(values) == Trend(pytest.approx(ratio), direction, known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "values",
    [[], [1.0, 1.0, 2.0], [1.0, None, 1.0, None, 2.0], [None] * 12, [0.0, 0.0, 1.0, 1.0]],
)
def test_too_little_says_nothing(values: list[float | None]) -> None:
    assert judge_trend(values) is None


@pytest.mark.parametrize(
    ("step", "start"), [("day", date(2026, 11, 18)), ("week", date(2026, 11, 16)), ("month", date(2026, 11, 1))]
)
def test_the_step_of_a_day(step: str, start: date) -> None:
    assert start_of(date(2026, 11, 18), step) == start  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "monday"),
    [
        (date(2026, 11, 16), date(2026, 11, 16)),
        (date(2026, 11, 22), date(2026, 11, 16)),
        (date(2026, 11, 23), date(2026, 11, 23)),
        (date(2027, 1, 1), date(2026, 12, 28)),
    ],
)
def test_a_week_begins_on_monday(day: date, monday: date) -> None:
    assert start_of(day, "week") == monday
