"""The bounded parser gives the events that the library itself gives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from tachograph.app.expect.errors import ExpectationError
from tachograph.app.expect.events import parse_events

_WHAT = ("anchor", "value", "style", "implicit", "flow_style", "explicit")


def described(event: Any, line: int, column: int) -> tuple[Any, ...]:
    if getattr(event, "value", None) == "" and event.style is None:
        return ("nothing", event.anchor)  # the library says it is behind what comes next; see test_document.py
    start, end = event.start_mark, event.end_mark
    places = (start.line + line, start.column + column, end.line + line, end.column + column)
    return (type(event).__name__, *places, *(getattr(event, name, None) for name in _WHAT))


def parsed_by_the_library(text: str) -> list[tuple[Any, ...]] | None:
    try:
        return [described(event, 1, 1) for event in YAML(typ="safe", pure=True, plug_ins=[]).parse(text)]
    except YAMLError:
        return None


def parsed_here(text: str) -> list[tuple[Any, ...]] | None:
    try:
        return [described(event, 0, 0) for event in parse_events(text, "f.yaml")]
    except ExpectationError:
        return None


@pytest.mark.parametrize(
    "text",
    [
        "a: one two  three   # four\nb: c#d\n",
        "a: one\n two\n\n three\nb: x\n",
        "a: one\n  # comment\nb: two\n",
        "a:\n  - b:\n      # comment\n    c:\n",
        "- one\n  two\n- three\n",
        "a:b: c:d\nurl: http://x.y/z?a=b&c\n",
        "{a:b, c: d:e, f : g}\n",
        "[a b , c d# e, 'it''s', \"x\\ty\", \"two\n lines\"]\n",
        "[a\n, b\n  c\n]\n",
        "a: |\n    deep\n   \n    text\n\nb: >-\n  folded\n  text\n\n  more\n",
        "a: |2\n    x\n  y\n",
        "? a\n: b\n? c\n",
        "-\n  - a\n  -\n- b: c\n  d:\n  - e\n",
        "a: &x 1\nb: *x\n",
        "--- a\n...\n",
        "text at the end: of file",
        "a: b\n---\nc: d\n",
        "'a b': \"c\"\n",
        "- -1\n- - -x\n- ?y\n- :z\n",
    ],
)
def test_events_are_the_librarys(text: str) -> None:
    expected = parsed_by_the_library(text)
    assert expected is not None
    assert parsed_here(text) == expected


PIECES = st.sampled_from([*"ab1:-?#,[]{}'\"|>\n  &*\\.~\té", ": ", "\n- ", "\n  ", "\n    ", "a: ", "---\n", "...\n", "# c\n", "k: v\n", "'x'", "|\n  t\n", "[a, b]", "{a: b}", "&x ", "*x", "? "])  # fmt: skip # noqa: E501


@given(st.lists(PIECES, min_size=1, max_size=25).map("".join))
def test_random_text_gives_the_librarys_events_or_is_refused_by_both(text: str) -> None:
    assert parsed_here(text) == parsed_by_the_library(text)
