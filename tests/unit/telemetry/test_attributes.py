"""Attributes, moments and numbers in every dialect, and none of them trusted."""

from __future__ import annotations

from typing import Any

import pytest

from tachograph.telemetry._attributes import (
    find,
    find_count,
    find_flag,
    find_text,
    read_attributes,
    read_moment,
    read_number,
    read_resource,
)

AT = 1_780_000_000_250


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        ([1_780_000_000, 250_000_000], AT),
        ([1_780_000_000.25, 0], AT),
        (["1780000000", "250000000"], AT),
        ("2026-05-28T20:26:40.250Z", AT),
        ("2026-05-28T22:26:40.250+02:00", AT),
        ("2026-05-28 20:26:40.250", AT),
        ("1780000000250000000", AT),
        (1_780_000_000_250_000_000, AT),
        (1_780_000_000_250_000, AT),
        (1_780_000_000_250, AT),
        (1_780_000_000.25, AT),
        ([946_684_800, 0], 946_684_800_000),
        ([946_684_799, 999_000_000], None),
        ([7_258_118_400, 0], None),
        ([0, 0], None),
        ([1_780_000_000], None),
        ([1_780_000_000, 0, 0], None),
        ([None, 0], None),
        ([True, 0], None),
        ([[], {}], None),
        ("", None),
        ("yesterday", None),
        ("9999-12-31T23:59:59Z", None),
        ("0001-01-01T00:00:00+23:59", None),
        (float("inf"), None),
        (float("nan"), None),
        (-1, None),
        (10**400, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_moment(raw: Any, at: int | None) -> None:
    assert read_moment(raw) == at


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (5, 5.0), (0.5, 0.5), ("7", 7.0), ("1e3", 1000.0), ("-2", -2.0), (True, None), ("five", None), ("", None),
        ("nan", None), ("inf", None), (float("-inf"), None), (10**400, None), ("٣", None), ("1" * 41, None), ([], None),
        (None, None),
    ],
)  # fmt: skip
def test_a_number(raw: Any, number: float | None) -> None:
    assert read_number(raw) == number


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ({"a": 1}, {"a": 1}),
        ([{"key": "a", "value": {"intValue": "1"}}], {"a": "1"}),
        ([{"key": "a", "value": {"boolValue": False}}], {"a": False}),
        ([{"key": "a", "value": {"arrayValue": {}}}], {"a": None}),
        ([{"key": 5, "value": {"intValue": 1}}, {"key": "a"}, "x", None], {}),
        ({"integritystudio.a": 1, "a": 2}, {"integritystudio.a": 1, "a": 1}),
        ([{"key": "integritystudio.a", "value": {"doubleValue": 0.5}}], {"integritystudio.a": 0.5, "a": 0.5}),
        ("text", {}),
        (None, {}),
    ],
)
def test_attributes(raw: Any, found: dict[str, Any]) -> None:
    assert read_attributes(raw) == found


@pytest.mark.parametrize(
    "raw", [{"a": 1}, {"attributes": {"a": 1}}, {"attributes": [{"key": "a", "value": {"intValue": 1}}]}]
)
def test_a_resource(raw: Any) -> None:
    assert read_resource(raw)["a"] == 1


@pytest.mark.parametrize("raw", [None, 5, {"attributes": None}, {"attributes": 5}, {}])
def test_no_resource(raw: Any) -> None:
    assert read_resource(raw) == {}


def test_what_is_found() -> None:
    told = {"a": None, "b": " x ", "c": 0, "d": "TRUE", "e": "12", "f": -1, "g": 10**11, "h": 10**11 + 1, "i": False}
    assert (find(told, "a", "c", "b"), find(told, "a"), find(told, "z")) == (0, None, None)
    assert (find_text(told, "a", "b"), find_text(told, "c"), find_text(told, "z")) == ("x", "", "")
    assert [find_flag(told, name) for name in "dibcz"] == [True, False, None, None, None]
    assert [find_count(told, name) for name in "cefghb"] == [0, 12, None, 10**11, None, None]
