"""The block between two marks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.app.bootstrap.block import HASH, MARKDOWN, BadMarks, drop_block, has_block, mend_marks, put_block

START, END = MARKDOWN.begin.encode(), MARKDOWN.end.encode()
BLOCK = START + b"\nnew\n" + END


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, BLOCK + b"\n"),
        (b"", BLOCK),
        (b"text\n", b"text\n\n" + BLOCK + b"\n"),
        (b"text", b"text\n\n" + BLOCK),
        (b"\xef\xbb\xbf", b"\xef\xbb\xbf" + BLOCK + b"\n"),
        (b"a\r\nb\r\n", b"a\r\nb\r\n\r\n" + BLOCK.replace(b"\n", b"\r\n") + b"\r\n"),
        (b"a\n" + START + b"\nold\nolder\n" + END + b"\nb", b"a\n" + BLOCK + b"\nb"),
    ],
)
def test_the_block_goes_behind_all_else_or_stays_where_it_is(before: bytes | None, after: bytes) -> None:
    assert put_block(before, MARKDOWN, ["new"]) == after


def test_the_block_goes_behind_the_first_line_of_a_script() -> None:
    after = put_block(b"#!/bin/sh\nmake\n", HASH, ["tacho"], len(b"#!/bin/sh\n"))
    assert after == f"#!/bin/sh\n\n{HASH.begin}\ntacho\n{HASH.end}\nmake\n".encode()
    assert drop_block(after, HASH) == b"#!/bin/sh\nmake\n"


TEXTS = st.one_of(
    st.binary(max_size=60),
    st.lists(
        st.sampled_from([b"\n", b"\r\n", b"\r", b"a", b"\xef\xbb\xbf", b"# tacho", b"-->", b" "]), max_size=12
    ).map(b"".join),
)


@given(TEXTS, st.sampled_from([MARKDOWN, HASH]), st.data())
def test_dropping_is_the_way_back_and_putting_twice_is_putting_once(content, style, data) -> None:
    places = [number + 1 for number, byte in enumerate(content) if byte == 10]
    at = data.draw(st.sampled_from([None, *places]))
    once = put_block(content, style, ["one", "", "two"], at)
    assert has_block(once, style)
    assert put_block(once, style, ["one", "", "two"], at) == once
    assert drop_block(once, style) == content
    assert drop_block(put_block(once, style, ["other"]), style) == content


def test_a_file_that_is_the_block_alone_goes_and_one_that_was_there_stays() -> None:
    assert drop_block(put_block(None, HASH, ["a"]), HASH) is None
    assert drop_block(put_block(b"", HASH, ["a"]), HASH) == b""


def test_text_moved_up_to_the_block_by_hand_keeps_its_line() -> None:
    assert drop_block(b"text\n" + BLOCK + b"\nmore\n", MARKDOWN) == b"text\nmore\n"


WRONG = [
    (b"a\n" + START + b"\nb\n", "line 2 begins a block that does not end", b"a\nb\n"),
    (b"a\n\n" + END + b"\nb\n", "line 3 ends a block that does not begin", b"a\n\nb\n"),
    (BLOCK + b"\n" + BLOCK + b"\nrest", "line 4 begins a second block", BLOCK + b"\nrest"),
    (START + b"\nkept\n" + BLOCK + b"\n", "line 3 begins a block within a block", b"kept\n" + BLOCK + b"\n"),
    (BLOCK + b"\nkept\n" + END, "line 5 ends a block that does not begin", BLOCK + b"\nkept\n"),
]


@pytest.mark.parametrize(("content", "why", "mended"), WRONG)
def test_marks_that_make_no_block_are_refused_with_the_line_and_mended_on_demand(content, why, mended) -> None:
    for change in (lambda: put_block(content, MARKDOWN, ["x"]), lambda: drop_block(content, MARKDOWN)):
        with pytest.raises(BadMarks, match=f"^{why}$"):
            change()
    assert mend_marks(content, MARKDOWN) == mended
    assert mend_marks(mended, MARKDOWN) == mended


@pytest.mark.parametrize(
    "line", [b"see " + START, b"    " + START, b"<!-- tacho:goalsman start -->", b"# tacho:goals start"]
)
def test_what_only_looks_like_a_mark_is_text(line: bytes) -> None:
    assert not has_block(line + b"\n", MARKDOWN)
