"""Taking values out of JSON of which nothing is known."""

from __future__ import annotations

import pytest

from tachograph.hooks.records import encode, is_name, number_of, parse, rows_of, table_of, text_of

RECORD: dict[str, object] = {
    "text": "a", "number": 2, "share": 0.5, "yes": True, "table": {"b": 1}, "rows": [1], "nothing": None,
    "huge": 10**30, "infinite": float("inf"), "odd": float("nan"),
}  # fmt: skip


@pytest.mark.parametrize("key", [*RECORD, "missing"])
def test_a_value_of_another_type_counts_as_absent(key):
    value = RECORD.get(key)
    assert text_of(RECORD, key) == (value if key == "text" else "")
    assert table_of(RECORD, key) == (value if key == "table" else {})
    assert rows_of(RECORD, key) == (value if key == "rows" else [])
    assert number_of(RECORD, key) == (value if key in ("number", "share") else None)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("a", True), ("a-b_c.D9", True), ("x" * 128, True), ("x" * 129, False), ("", False), ("a b", False),
     ("a/b", False), ("ü", False), ("a\n", False), ('a"', False), ("²", False)],
)  # fmt: skip
def test_names_are_short_and_plain(text, is_one):
    assert is_name(text) is is_one


def test_other_signs_may_be_allowed():
    assert is_name("a:b", ":")
    assert not is_name("a.b", ":")


def test_what_is_encoded_is_one_line_of_ascii():
    assert encode({"a": "ü\n\u2028", "b": [1]}) == b'{"a":"\\u00fc\\n\\u2028","b":[1]}'
    assert parse(encode(RECORD))["text"] == "a"
