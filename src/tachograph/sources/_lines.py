"""Reading a log line by line with bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

MAX_LINE_BYTES = 64 * 1024 * 1024
"""A longer line is skipped and reported, not read."""
_SKIP_BYTES = 1024 * 1024


class Oversized(msgspec.Struct, frozen=True):
    """Stands in for a line of more than :data:`MAX_LINE_BYTES`."""

    length: int
    """Bytes skipped, the line feed included."""
    terminated: bool
    """False when the file ended before the line did."""


def read_lines(stream: BinaryIO, limit: int = MAX_LINE_BYTES) -> Iterator[bytes | Oversized]:
    """Yield every line of ``stream`` with its line feed; the last one may lack it.

    Never holds more than ``limit`` bytes of a line. Raises OSError as the stream does.
    """
    readline = stream.readline
    while line := readline(limit):
        if len(line) == limit and line[-1] != 10:
            yield _skip_line(stream, limit)
        else:
            yield line


def _skip_line(stream: BinaryIO, length: int) -> Oversized:
    while chunk := stream.readline(_SKIP_BYTES):
        length += len(chunk)
        if chunk[-1] == 10:
            return Oversized(length, True)
    return Oversized(length, False)
