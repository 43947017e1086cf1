"""Records as JSON, for the command line and for the dashboard's API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tachograph.report.record_json import encode_json, encode_record

HALF = "\udce9"
"""What a byte of a file's name becomes that is no UTF-8."""


class Made(msgspec.Struct):
    """Something to print."""

    name: str
    usd: float | None = None
    at: datetime = datetime(2026, 5, 4, 9, tzinfo=UTC)


class Nothing(msgspec.Struct):
    """No fields."""


def test_the_schema_comes_first_and_unknown_stays_null() -> None:
    assert encode_record("cost", Made("a")) == (
        b'{"schema":"tachograph.cost/1","name":"a","usd":null,"at":"2026-05-04T09:00:00Z"}'
    )


@pytest.mark.parametrize("empty", [Nothing(), {}])
def test_a_record_without_fields_is_its_schema(empty: Any) -> None:
    assert encode_record("api", empty) == b'{"schema":"tachograph.api/1"}'


def test_a_dict_is_a_record_too() -> None:
    assert encode_record("page_turn", {"n": 1}) == b'{"schema":"tachograph.page_turn/1","n":1}'


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (f"caf{HALF}", "caf?"),
        ([f"{HALF}a", 1, None], ["?a", 1, None]),
        ({f"k{HALF}": {"deep": [HALF]}}, {"k?": {"deep": ["?"]}}),
        (Made(f"x{HALF}"), {"name": "x?", "usd": None, "at": "2026-05-04T09:00:00Z"}),
    ],
)
def test_half_a_character_becomes_a_question_mark_wherever_it_stands(value: Any, told: Any) -> None:
    assert msgspec.json.decode(encode_json(value)) == told


def test_what_can_be_told_as_it_is_stays_so() -> None:
    text = 'Ж 😀 "quoted" </script> \x1b[31m'
    assert msgspec.json.decode(encode_json(text)) == text
    assert b"\x1b" not in encode_json(text), "a terminal must not be told to do anything"
