"""Numbers as people read them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tachograph.report import units

BERLIN = ZoneInfo("Europe/Berlin")
LATE = datetime(2026, 5, 20, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        (units.count, None, "–"),
        (units.count, 1_234_567, "1,234,567"),
        (units.count, -12, "-12"),
        (units.tokens, None, "–"),
        (units.tokens, 0, "0"),
        (units.tokens, 999, "999"),
        (units.tokens, 1_000, "1.00k"),
        (units.tokens, 12_345, "12.3k"),
        (units.tokens, 123_456, "123k"),
        (units.tokens, 4_560_000, "4.56M"),
        (units.tokens, 7_890_000_000, "7.89G"),
        (units.usd, None, "unpriced"),
        (units.usd, 0.0, "$0.00"),
        (units.usd, 0.0042, "$0.0042"),
        (units.usd, 1234.5, "$1,234.50"),
        (units.usd_short, None, "–"),
        (units.usd_short, 0.0, "$0.00"),
        (units.usd_short, 9.994, "$9.99"),
        (units.usd_short, 9.996, "$10"),
        (units.usd_short, 999.4, "$999"),
        (units.usd_short, 999.6, "$1.0k"),
        (units.size, 812, "812 B"),
        (units.size, 12_300, "12.3 kB"),
        (units.size, 4_600_000, "4.6 MB"),
        (units.size, 7_900_000_000, "7.9 GB"),
        (units.duration, None, "–"),
        (units.duration, 0, "0s"),
        (units.duration, 400, "0.4s"),
        (units.duration, 12_000, "12s"),
        (units.duration, 9_960, "10s"),
        (units.duration, 59_900, "1m 00s"),
        (units.duration, 200_000, "3m 20s"),
        (units.duration, 7_500_000, "2h 05m"),
        (units.duration, 273_600_000, "3d 4h"),
        (units.seconds, None, "–"),
        (units.seconds, 7.25, "7.2s"),
        (units.seconds, 0.0, "0s"),
    ],
)
def test_a_number_has_as_many_digits_as_one_can_use(unit: Callable[[Any], str], value: Any, text: str) -> None:
    assert unit(value) == text


@pytest.mark.parametrize(("unit", "text"), [(units.usd, "≥$3.00"), (units.usd_short, "≥$3.00")])
def test_a_lower_bound_is_marked(unit: Callable[..., str], text: str) -> None:
    assert unit(3.0, lower_bound=True) == text
    assert unit(None, lower_bound=True) == unit(None)


@pytest.mark.parametrize(("part", "whole", "text"), [(1, 8, "12.5 %"), (0, 5, "0.0 %"), (5, 5, "100.0 %"), (1, 0, "–")])
def test_a_share_of_nothing_is_unknown(part: float, whole: float, text: str) -> None:
    assert units.percent(part, whole) == text


@pytest.mark.parametrize(
    ("unit", "utc", "berlin"),
    [
        (units.day, "2026-05-20", "2026-05-21"),
        (units.minute, "2026-05-20 23:30", "2026-05-21 01:30"),
        (units.month_minute, "05-20 23:30", "05-21 01:30"),
        (units.clock, "23:30", "01:30"),
    ],
)
def test_moments_are_told_in_the_reader_s_zone(unit: Callable[..., str], utc: str, berlin: str) -> None:
    assert (unit(LATE, UTC), unit(LATE, BERLIN), unit(None, UTC)) == (utc, berlin, "–")


@pytest.mark.parametrize(("number", "text"), [(0, "0 turns"), (1, "1 turn"), (2_000, "2,000 turns")])
def test_one_is_not_many(number: int, text: str) -> None:
    assert units.counted(number, "turn") == text
