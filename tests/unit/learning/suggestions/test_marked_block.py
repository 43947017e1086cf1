"""A block in somebody's file: put in, changed, taken out, and not a byte besides."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tachograph.learning.suggestions.marked_block import drop_block, has_block, put_block

START = "<!-- tacho:suggestion {} start (kept by tacho: what is changed between these marks is lost) -->"
END = "<!-- tacho:suggestion {} end -->"


def block(name: str, text: str, line_end: str = "\n") -> str:
    return line_end.join([START.format(name), text, END.format(name)])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "{}\n"),
        ("\ufeff", "\ufeff{}\n"),
        ("# Rules\n", "# Rules\n\n{}\n"),
        ("# Rules\n\n", "# Rules\n\n\n{}\n"),
        ("# Rules", "# Rules\n\n{}"),
        ("\n", "\n\n{}\n"),
        ("---\nname: x\n---", "---\nname: x\n---\n\n{}"),
    ],
)
def test_a_new_block_comes_last_and_leaves_all_else(content: str, expected: str) -> None:
    made = put_block(content.encode(), "batch_tasks", "Few.")
    assert made.decode() == expected.format(block("batch_tasks", "Few."))
    assert drop_block(made, "batch_tasks") == content.encode()


def test_line_ends_are_those_of_the_file() -> None:
    made = put_block(b"# Rules\r\nOne.\r\n", "batch_tasks", "Two\nlines.")
    assert made.decode() == "# Rules\r\nOne.\r\n\r\n" + block("batch_tasks", "Two\r\nlines.", "\r\n") + "\r\n"
    assert drop_block(made, "batch_tasks") == b"# Rules\r\nOne.\r\n"


def test_a_block_that_is_there_is_changed_in_its_place() -> None:
    made = put_block(b"Above.\r\n", "batch_tasks", "Old.") + b"\r\nBelow.\n\tEnd"
    changed = put_block(made, "batch_tasks", "New.")
    assert changed == made.replace(b"Old.", b"New.")
    assert put_block(changed, "batch_tasks", "New.") == changed
    assert drop_block(changed, "batch_tasks") == b"Above.\r\n\r\nBelow.\n\tEnd"


def test_blocks_do_not_touch_each_other() -> None:
    first = put_block(b"Text.\n", "one_thing", "1.")
    both = put_block(first, "other_thing", "2.")
    assert drop_block(both, "other_thing") == first
    assert drop_block(both, "one_thing") == put_block(b"Text.\n", "other_thing", "2.")
    assert (has_block(both, "one_thing"), has_block(both, "one")) == (True, False)
    assert drop_block(both, "no_such_thing") == both


def test_bytes_that_are_no_utf8_stay() -> None:
    content = b"caf\xe9 \xff\r\n\x0c\r"
    assert drop_block(put_block(content, "one_thing", "1."), "one_thing") == content


def test_marks_are_whole_lines() -> None:
    quoted = f"Look: {END.format('one_thing')}\n    {START.format('one_thing')}\n".encode()
    assert not has_block(quoted, "one_thing")
    assert drop_block(put_block(quoted, "one_thing", "1."), "one_thing") == quoted


ONE = block("one_thing", "1.")
BROKEN = {
    "no end": START.format("one_thing") + "\ntext\n",
    "no start": "text\n" + END.format("one_thing") + "\n",
    "the end of another": START.format("one_thing") + "\n" + END.format("other_thing") + "\n",
    "one within another": START.format("other_thing") + f"\n{ONE}\n" + END.format("other_thing"),
    "twice": f"{ONE}\n\n{ONE}\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_marks_that_do_not_match_are_left_alone(name: str) -> None:
    content = BROKEN[name].encode()
    for attempt in (lambda: put_block(content, "one_thing", "2."), lambda: drop_block(content, "one_thing")):
        with pytest.raises(ValueError, match=r"marks of a block|two blocks"):
            attempt()


@pytest.mark.parametrize("name", ["", "x", "Upper", "with space", "a-->", "../up", "é" * 3, "x" * 41])
def test_an_odd_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a suggestion"):
        put_block(b"", name, "1.")


@pytest.mark.parametrize("text", ["", " \n", "a --> b", "<!-- x", "a\x1b[0m", "a\rb", "a\x00", "a\u2028b", "\ud800"])
def test_an_odd_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the text is empty, or has"):
        put_block(b"", "one_thing", text)


PIECES = st.sampled_from(
    [b"\n", b"\r\n", b"\r", b"---\n", b"name: x\n", b"text", b" ", b"\xef\xbb\xbf", b"\xff", b"<!--"]
)
NAMES = ["one_thing", "other_thing", "third_thing"]


@example([b"\xef\xbb\xbf"], NAMES, NAMES)
@given(st.lists(PIECES, max_size=8), st.permutations(NAMES), st.permutations(NAMES))
def test_what_was_put_in_is_taken_out_in_any_order(pieces: list[bytes], into: list[str], out: list[str]) -> None:
    content = b"".join(pieces)
    made = content
    for name in into:
        made = put_block(put_block(made, name, "First."), name, "Then\nthis.")
    assert [has_block(made, name) for name in NAMES] == [True, True, True]
    assert made.startswith(content)
    for name in out:
        made = drop_block(made, name)
    assert made == content


@given(st.lists(PIECES, max_size=6), st.lists(PIECES, max_size=6))
def test_text_written_below_a_block_stays(above: list[bytes], below: list[bytes]) -> None:
    made = put_block(b"".join(above) + b"\n", "one_thing", "1.")
    assert drop_block(made + b"".join(below), "one_thing") == b"".join(above) + b"\n" + b"".join(below)
