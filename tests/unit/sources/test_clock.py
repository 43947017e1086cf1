from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.sources._clock import parse_timestamp

NEW_YEAR = 1_767_225_600_000


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-01T00:00:00.000Z", NEW_YEAR),
        ("2026-01-01T00:00:00.007Z", NEW_YEAR + 7),
        ("2026-01-01T00:00:59.999Z", NEW_YEAR + 59_999),
        ("2026-01-01T00:00:00Z", NEW_YEAR),
        ("2026-01-01T00:00:00.123456Z", NEW_YEAR + 123),
        ("2026-01-01T00:00:00", NEW_YEAR),
        ("2026-01-01T05:30:00.000+05:30", NEW_YEAR),
        ("2025-12-31T16:00:00-08:00", NEW_YEAR),
        ("2026-01-01", NEW_YEAR),
        ("2000-01-01T00:00:00.001Z", 946_684_800_001),
        ("1970-01-01T00:00:00.001Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("0001-01-01T00:00:00.000Z", None),
        ("9999-12-31T23:59:59.000Z", None),
        ("", None),
        (None, None),
        ("yesterday", None),
        ("2026-02-30T00:00:00.000Z", None),
        ("2026-01-01T25:00:00.000Z", None),
        ("2026-01-01T00:00:xx.000Z", None),
        ("2026-01-01T00:00:00.xxxZ", None),
        ("2026-01-01X00:61:00.000Z", None),
        ("2026-01-01T00:00-05.000Z", None),
        ("2026-01-01T00:00+05.000Z", None),
    ],
)
def test_a_timestamp_is_milliseconds_since_1970_or_nothing(text, moment):
    assert parse_timestamp(text) == moment
    assert parse_timestamp(text) == moment  # also when the minute is remembered


@given(st.integers(10**15, 4 * 10**15).map(lambda us: datetime.fromtimestamp(us / 1e6, UTC)))
def test_the_short_way_agrees_with_the_long_one(moment):
    text = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}"
    whole = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert parse_timestamp(text + "Z") == parse_timestamp(text + "+00:00") == round(whole.timestamp() * 1000)


@given(st.text(max_size=30))
def test_no_text_is_too_odd(text):
    assert parse_timestamp(text) is None or isinstance(parse_timestamp(text), int)


@given(st.text("0123456789-+:.TZ ", min_size=24, max_size=24))
def test_nothing_that_looks_like_a_timestamp_is_too_odd(text):
    odd = text[:19] + "." + text[20:23] + "Z"
    first = parse_timestamp(odd)
    assert first is None or isinstance(first, int)
    assert parse_timestamp(odd) == first  # what was read before does not matter


@given(st.integers(0, 22), st.sampled_from("0123456789-+:.TZ _W"))
def test_one_odd_character_makes_the_same_difference_each_time(place, character):
    text = "2026-05-20T10:00:05.123Z"
    odd = text[:place] + character + text[place + 1 :]
    assert parse_timestamp(odd) == parse_timestamp(odd)
