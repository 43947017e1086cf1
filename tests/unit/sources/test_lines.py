from __future__ import annotations

import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.sources import _lines
from tachograph.sources._lines import MAX_LINE_BYTES, Oversized, read_lines
from tests.unit.sources.parsing import new_claude, parse


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b"a\n", [b"a\n"]),
        (b"a\nb", [b"a\n", b"b"]),
        (b"\n\n", [b"\n", b"\n"]),
        (b"1234567\nb\n", [b"1234567\n", b"b\n"]),
        (b"12345678\nb\n", [Oversized(9, True), b"b\n"]),
        (b"123456789012345678901234567890\nb\n", [Oversized(31, True), b"b\n"]),
        (b"12345678", [Oversized(8, False)]),
        (b"a\n123456789", [b"a\n", Oversized(9, False)]),
        (b"12345678\n12345678\nc", [Oversized(9, True), Oversized(9, True), b"c"]),
    ],
)
def test_a_line_is_read_or_skipped_as_a_whole(content, lines):
    assert list(read_lines(io.BytesIO(content), 8)) == lines


@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(2, 20))
def test_no_byte_is_lost_or_read_twice(parts, limit):
    content = b"\n".join(parts)
    found = list(read_lines(io.BytesIO(content), limit))
    assert sum(line.length if isinstance(line, Oversized) else len(line) for line in found) == len(content)
    assert [line for line in found if isinstance(line, bytes)] == [
        line for line in io.BytesIO(content).readlines() if len(line) < limit or (len(line) == limit and line[-1] == 10)
    ]


class Endless(io.RawIOBase):
    """A line of so many bytes, made as it is read."""

    def __init__(self, size: int) -> None:
        self.left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        count = min(self.left, len(buffer))
        buffer[:count] = b"x" * count
        self.left -= count
        return count


def test_a_line_of_a_gigabyte_takes_little_memory():
    tracemalloc.start()
    found = list(read_lines(io.BufferedReader(Endless(1 << 30), 1 << 20), 1 << 20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == [Oversized(1 << 30, False)]
    assert peak < 8 << 20


def test_the_limit_is_64_mib():
    assert MAX_LINE_BYTES == 64 << 20


def test_what_stands_around_a_line_that_is_too_long_is_read(monkeypatch):
    log = new_claude().prompt().response(output=1)
    log.prompt("x" * 5000).response(output=2)
    monkeypatch.setattr(_lines.read_lines, "__defaults__", (4000,))
    parsed = parse(log)
    assert [(problem.slug, problem.line) for problem in parsed.problems] == [("line_too_long", 3)]
    assert [response.usage.output for response in parsed.sessions[0].responses] == [1, 2]
    assert parsed.lines == 4
    assert parsed.offset == len(log.content())
