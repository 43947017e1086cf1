from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.app.expect.document import read_document
from tachograph.app.expect.yaml_text import indent, write_comment, write_entry, write_scalar, write_text


def read(lines: list[str]) -> Any:
    return read_document("\n".join([*lines, ""]), "t.yaml").value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (0.05, "0.05"),
        (1e-07, "1e-07"),
        ("Bash", "Bash"),
        ("rm -rf", "rm -rf"),
        ("src/a.py", "src/a.py"),
        (".github/x.yml", ".github/x.yml"),
        (".inf", '".inf"'),
        ("No", '"No"'),
        ("null", '"null"'),
        ("", '""'),
        ("5", '"5"'),
        ("2026-11-21", '"2026-11-21"'),
        ("*.sql", '"*.sql"'),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ("- a", '"- a"'),
        (" a", '" a"'),
        ('say "hi" \\ bye', '"say \\"hi\\" \\\\ bye"'),
        ("a\nb\tc\x1b[31m\u202e\U000e0041", '"a\\nb\\x09c\\x1b[31m\\u202e\\U000e0041"'),
        ("half \ud800", '"half \ufffd"'),
        ("é日本🚀", '"é日本🚀"'),
    ],
)
def test_scalars_are_written_plainly_where_every_reader_takes_them_so(value: object, written: str) -> None:
    assert write_scalar(value) == written


def test_text_of_several_lines_is_a_block() -> None:
    assert write_text("prompt", "Fix it.\n\n# not a comment\n  - x: y") == [
        "prompt: |-", "  Fix it.", "", "  # not a comment", "    - x: y",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["one line", "ends\n", " begins\nso", "bell\x07\n.", "crlf\r\nend"])
def test_text_that_a_block_would_change_is_quoted(text: str) -> None:
    (line,) = write_text("prompt", text)

    assert read([line]) == {"prompt": text}


@pytest.mark.parametrize("text", ["\tx\ny", "x\n\ty\tz", "x\n \t\ny", "x\n\t"])
def test_tabs_are_kept(text: str) -> None:
    assert read(["a:", *indent(write_text("prompt", text))]) == {"a": {"prompt": text}}


def test_remarks_stand_beside_what_they_are_about() -> None:
    lines = write_entry("tool_limits", {"Bash": 6, "a: b": 1}, "observed: calls", {"Bash": "3\x1b[31m, 4\nx: y"})

    assert lines == [
        "tool_limits: # observed: calls",
        "  Bash: 6 # 3\ufffd[31m, 4 x: y",
        '  "a: b": 1',
    ]  # fmt: skip
    assert write_entry("required_tools", ["Bash", "5"], "all") == ["required_tools: # all", "  - Bash", '  - "5"']
    assert [write_entry("a", value) for value in ({}, [], 5)] == [["a: {}"], ["a: []"], ["a: 5"]]


def test_a_comment_stays_on_its_line() -> None:
    assert write_comment("a\nb: c\u2028d\x00") == "# a b: c d\ufffd"
    assert write_comment("") == "#"


def test_blank_lines_are_not_indented() -> None:
    assert indent(["a", "", "b"], 4) == ["    a", "", "    b"]


_texts = st.text() | st.text(" \n#:-|>\"'\\ab\t\r\x85\u2028\ufeff")
_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _texts
_values = _scalars | st.lists(_scalars, max_size=4) | st.dictionaries(_texts, _scalars, max_size=4)


@given(st.dictionaries(_texts, _values, min_size=1, max_size=4), _texts)
def test_what_is_written_is_read_back(block: dict[str, Any], remark: str) -> None:
    lines = [line for key, value in block.items() for line in write_entry(key, value, remark, {key: remark})]

    assert read(lines) == block
    assert read(["- outer:", *indent(lines, 5)]) == [{"outer": block}]


@given(_texts)
def test_a_text_is_read_back_whole(text: str) -> None:
    assert read(write_text("prompt", text)) == {"prompt": text}
    assert read(["inputs:", *indent(write_text("prompt", text), 4)]) == {"inputs": {"prompt": text}}
