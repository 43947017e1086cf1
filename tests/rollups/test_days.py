"""Days as SQL computes them are those of the calendar, whatever a zone's clock did."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.app.rollups.days import day_expression, day_limits, day_number, list_offsets, month_expression
from tachograph.app.rollups.read import month_number

ZONES = [
    "UTC",
    "Europe/Berlin",
    "Asia/Kolkata",  # five hours and a half
    "America/St_Johns",  # three and a half, with summer time
    "Australia/Lord_Howe",  # summer time of half an hour
    "Pacific/Apia",  # left a day out in 2011
    "Africa/Casablanca",  # four changes a year
    "America/Santiago",  # changes at midnight
    "Asia/Pyongyang",  # moved by half an hour twice
]
FIRST, LAST = datetime(2012, 1, 2, tzinfo=UTC), datetime(2199, 12, 30, tzinfo=UTC)
"""Up to 2011 St. John's turned its clock back at one minute past midnight, so that a day came twice."""
CONNECTION = sqlite3.connect(":memory:")


def zone_of(name: str) -> object:
    return UTC if name == "UTC" else ZoneInfo(name)


def ms(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def compute(expression: str, **values: int) -> int:
    return CONNECTION.execute(f"SELECT {expression}", values).fetchone()[0]


def assert_day(name: str, at: int, around: int = 0) -> None:
    zone = zone_of(name)
    found = compute(day_expression(":at", zone, at - around, at + around), at=at)
    expected = datetime.fromtimestamp(at / 1000, zone).date()
    assert date(1970, 1, 1) + timedelta(days=found) == expected, (name, at)
    assert day_number(at, zone) == found
    start, stop = day_limits(found, zone)
    assert start <= at < stop
    assert compute(month_expression(":day"), day=found) == month_number(expected)


@pytest.mark.parametrize("name", ZONES)
def test_every_change_of_the_clock_is_found_to_the_millisecond(name: str) -> None:
    zone = zone_of(name)
    offsets = list_offsets(zone, 2012, 2027)
    assert (len(offsets) == 1) == (name in ("UTC", "Asia/Kolkata"))
    for start, _ in offsets[1:]:
        for at in (start - 1, start, start + 1, start - 3_600_000, start + 3_600_000):
            assert_day(name, at, around=10**11)


@given(st.sampled_from(ZONES), st.integers(ms(FIRST), ms(LAST)))
def test_any_moment_lies_in_the_calendars_day(name: str, at: int) -> None:
    assert_day(name, at)


@given(st.sampled_from(ZONES), st.integers(ms(FIRST) // 86_400_000, ms(LAST) // 86_400_000))
def test_moments_around_midnight_lie_in_their_days(name: str, day: int) -> None:
    for limit in day_limits(day, zone_of(name)):
        assert_day(name, limit - 1)
        assert_day(name, limit)


def test_a_day_that_was_left_out_has_no_length() -> None:
    left_out = (date(2011, 12, 30) - date(1970, 1, 1)).days
    assert day_limits(left_out, ZoneInfo("Pacific/Apia")) == (1325239200000, 1325239200000)


def test_a_fixed_offset_has_no_cases() -> None:
    expression = day_expression("at", timezone(timedelta(hours=-3, minutes=-30)), 0, ms(LAST))
    assert expression == "((at + -12600000) / 86400000)"
