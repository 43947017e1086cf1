"""Text from logs before it is shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.report.sanitise import harmless, harmless_json, harmless_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, ünïcödé 表", "plain text, ünïcödé 表"),
        ("\x1b[31mred\x1b[0m", "�[31mred�[0m"),
        ("\x9b2J", "�2J"),
        ("two\nlines\r\nand\ttabs", "two lines and tabs"),
        ("many     blanks", "many blanks"),
        ("no-break\xa0\xa0\xa0blanks", "no-break   blanks"),
        ("user\u202eexe.txt", "user�exe.txt"),
        ("zero\u200bwidth\ufeff", "zero�width�"),
        ("bell\x07 null\x00", "bell� null�"),
    ],
)
def test_what_is_shown_is_one_harmless_line(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_lines_stay_lines_where_they_are_wanted() -> None:
    assert harmless_lines("one\n  two \x1b[2J") == "one\n  two �[2J"


@given(st.text())
def test_json_means_the_same_afterwards(text: str) -> None:
    written = harmless_json(json.dumps(text, ensure_ascii=False))
    assert json.loads(written) == text
    assert not {"\x1b", "\x9b", "\u202e", "\u200b", "\U000e0041"} & set(written)
