"""YAML read as plain values, with the place of each key and value."""

from __future__ import annotations

import io
import math
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tachograph.app.expect.document import read_document
from tachograph.app.expect.errors import ExpectationError, Place

BLOCK = """\
# What it is for.
tool_limits:
  Bash: 5
  "mcp__db__*": 3

required_tools:
- Read
-   Edit   # twice
steps: [Read, {tool: Bash,
    status: ok}]
text: |
  one
  two

base: &base {max_turns: 3}
again: *base
empty:
last: x
"""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# only a comment\n", None),
        ("---\n", None),
        ("~", None),
        ("Null", None),
        ("nULL", "nULL"),
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("12", 12),
        ("-12", -12),
        ("+12", 12),
        ("010", 10),
        ("0o17", 15),
        ("0x1f", 31),
        ("0xAF", 175),
        ("-0x1f", "-0x1f"),
        ("0b1", "0b1"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("1.5", 1.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1e3", -1000.0),
        ("1E-2", 0.01),
        ("1e3.5", "1e3.5"),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("+.inf", math.inf),
        ("inf", "inf"),
        (".", "."),
        ("-", [None]),
        ("2026-11-01", "2026-11-01"),
        ("2026-11-01T10:00:00Z", "2026-11-01T10:00:00Z"),
        ("=", "="),
        ('"12"', "12"),
        ("'true'", "true"),
        ("|\n  12\n", "12\n"),
        ("!!str 12", "12"),
        ('!!int "12"', 12),
        ("!!int 0x10", 16),
        ("!!float 12", 12.0),
        ("!!float .inf", math.inf),
        ("!!bool True", True),
        ("!!null", None),
        ("!!str", ""),
        ("!<tag:yaml.org,2002:str> 5", "5"),
        ("!!seq [!!map {}]", [{}]),
        ("[]", []),
        ("{a: , b}", {"a": None, "b": None}),
        ("[a: 1, b]", [{"a": 1}, "b"]),
        ("a: b\r\nc:\r\n- d\r\n", {"a": "b", "c": ["d"]}),
        ("a: b\rc: d", {"a": "b", "c": "d"}),
        ("5: a\ntrue: b\n~: c\n1.50: d\n: e\n", {"5": "a", "true": "b", "~": "c", "1.50": "d", "": "e"}),
        ('"<<": a\n', {"<<": "a"}),
        ("a: &x {b: 1}\nc: *x\n", {"a": {"b": 1}, "c": {"b": 1}}),
        ("- &x a\n- *x\n- &x b\n- *x\n", ["a", "a", "b", "b"]),
        ("&x a: 1\nb: *x\n", {"a": 1, "b": "a"}),
        ("- &x a\n- {*x : 1}\n", ["a", {"a": 1}]),
        ('"\\uD83D\\uDE00"', "😀"),
        ("pattern: '/\\d+/'", {"pattern": "/\\d+/"}),
        ("%YAML 1.2\n---\nyes\n", "yes"),
        ("%YAML 1.1\n---\nyes\n", "yes"),
        ("a: 1\n...\n# the end\n", {"a": 1}),
    ],
)
def test_values_follow_the_core_schema(text: str, value: object) -> None:
    read = read_document(text, "f.yaml").value
    assert (read, type(read)) == (value, type(value))


def test_not_a_number_is_a_float() -> None:
    assert math.isnan(read_document(".NaN", "f.yaml").value)


@pytest.mark.parametrize(
    "data",
    [
        "a: é\n".encode(),
        b"\xef\xbb\xbfa: \xc3\xa9\n",
        b"\xff\xfe" + "a: é\n".encode("utf-16-le"),
        b"\xfe\xff" + "a: é\n".encode("utf-16-be"),
        "\ufeffa: é\n",
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16 le", "utf-16 be", "text with mark"],
)
def test_unicode_with_or_without_a_byte_order_mark(data: bytes | str) -> None:
    document = read_document(data, "f.yaml")
    assert document.value == {"a": "é"}
    assert document.place(("a",)) == Place(1, 4)


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        ((), (2, 1), (2, 1)),
        (("tool_limits",), (2, 1), (3, 3)),
        (("tool_limits", "Bash"), (3, 3), (3, 9)),
        (("tool_limits", "mcp__db__*"), (4, 3), (4, 17)),
        (("tool_limits", "Read"), (2, 1), (3, 3)),
        (("tool_limits", "Bash", "more"), (3, 3), (3, 9)),
        (("nothing", "of", 1), (2, 1), (2, 1)),
        (("required_tools",), (6, 1), (7, 1)),
        (("required_tools", 0), (7, 3), (7, 3)),
        (("required_tools", 1), (8, 5), (8, 5)),
        (("required_tools", 2), (6, 1), (7, 1)),
        (("required_tools", -1), (6, 1), (7, 1)),
        (("steps",), (9, 1), (9, 8)),
        (("steps", 1), (9, 15), (9, 15)),
        (("steps", 1, "status"), (10, 5), (10, 13)),
        (("text",), (11, 1), (11, 7)),
        (("base",), (15, 1), (15, 7)),
        (("again",), (16, 1), (16, 8)),
        (("again", "max_turns"), (15, 14), (15, 25)),
        (("empty",), (17, 1), (17, 1)),
    ],
)
def test_places(path: tuple[str | int, ...], key: tuple[int, int], value: tuple[int, int]) -> None:
    document = read_document(BLOCK, "f.yaml")
    assert document.place(path, "key") == Place(*key)
    assert document.place(path) == document.place(path, "value") == Place(*value)


def test_columns_count_characters_not_bytes() -> None:
    assert read_document("ключ: [表, 😀, x]", "f.yaml").place(("ключ", 2)) == Place(1, 14)


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_an_empty_document_is_at_the_start_of_the_file(text: str) -> None:
    document = read_document(text, "f.yaml")
    assert document.place(("a", 0), "key") == document.place(()) == Place(1, 1)


PLAIN = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
VALUES = st.recursive(
    PLAIN | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def texts_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    return (
        [text for one in value for text in texts_of(one)]
        if isinstance(value, list)
        else [value] * isinstance(value, str)
    )


@given(VALUES, st.sampled_from([None, True, False]))
def test_what_the_library_writes_is_read_as_it_was(value: Any, flow: bool | None) -> None:
    assume(
        not any(text.startswith(":") for text in texts_of(value))
    )  # written bare between braces, which none can read
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = flow
    writer.width = 10_000  # where it folds quoted text with escapes it loses the backslash, and writes another text
    writer.allow_unicode = False  # its own reader would take U+2028 and the like for line breaks, too
    stream = io.StringIO()
    writer.dump(value, stream)
    assert read_document(stream.getvalue(), "f.yaml").value == value


MARKS = "ab1:-?#,[]{}'\"|> \n\t&*!%\\.~<é\r\0\x85"
WORDS = ["a: ", "- ", "\n  ", "---\n", "...\n", "!!int ", "&x ", "*x", "%YAML 1.2\n", "\\U00", "\\ud800"]


@given(st.lists(st.sampled_from([*MARKS, *WORDS]), max_size=40).map("".join) | st.text() | st.binary())
def test_anything_is_read_or_refused_at_a_place_within_it(text: str | bytes) -> None:
    try:
        read_document(text, "f.yaml")
    except ExpectationError as error:
        assert error.message == f"f.yaml:{error.line}:{error.column}: {error.problem}"
        assert 1 <= error.line <= len(text) + 1
        assert 1 <= error.column <= len(text) + 1
        assert "\n" not in error.message
