"""What the builders of all agents' logs share: a clock that only the test moves, lines, and bytes.

A builder makes realistic logs with invented content. Ids and times follow from the order of calls alone, so that a
test's expectations can name them. Every method that adds something returns the builder, for chaining.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

START = "2026-05-20T10:00:00Z"
Record = dict[str, Any]


class Ids:
    """Numbers for one home's ids: the same calls give the same ids."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def count(self, kind: str) -> int:
        """The next number of this kind, from 1."""
        self._counts[kind] += 1
        return self._counts[kind]

    def uuid(self, kind: str) -> str:
        """A version 4 uuid in form: ``kind`` and number can be read in it."""
        number = self.count(kind)
        tag = sum(kind.encode()) & 0xFFFF
        return f"{number:08x}-{tag:04x}-4000-8000-{tag * 65536 + number:012x}"

    def named(self, prefix: str) -> str:
        """An id such as ``msg_01TEST000007``."""
        return f"{prefix}01TEST{self.count(prefix):06d}"


def parse_moment(text: str) -> datetime:
    """An ISO-8601 moment as an aware datetime."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def milliseconds(text: str) -> int:
    """An ISO-8601 moment as the model has it: ms since 1970 UTC."""
    return round(parse_moment(text).timestamp() * 1000)


class LogBuilder:
    """One log file in the making."""

    def __init__(self, path: Path, at: str) -> None:
        self.path = path
        self.clock = parse_moment(at)
        self.records: list[Record] = []
        self._chunks: list[bytes] = []

    @property
    def timestamp(self) -> str:
        """The builder's present, as both agents write it."""
        moment = self.clock.astimezone(UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"

    def wait(self, seconds: float) -> Self:
        """Let time pass."""
        self.clock += timedelta(seconds=seconds)
        return self

    def at(self, moment: str) -> Self:
        """Go to a moment, forwards or back."""
        self.clock = parse_moment(moment)
        return self

    def emit(self, record: Record) -> Self:
        """Add a record as a line of its own."""
        self.records.append(record)
        return self.raw(json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")

    def raw(self, data: bytes) -> Self:
        """Add bytes as they are: without a line feed at their end, what follows is glued to them."""
        self._chunks.append(data)
        return self

    def glue(self) -> Self:
        """Take the last line's line feed away."""
        self._chunks[-1] = self._chunks[-1].removesuffix(b"\n")
        return self

    def cut(self, count: int) -> Self:
        """Take the last ``count`` bytes away, as an interrupted writer does."""
        whole = b"".join(self._chunks)
        self._chunks = [whole[: len(whole) - count]]
        return self

    def content(self) -> bytes:
        """The whole file."""
        return b"".join(self._chunks)

    def write(self) -> Path:
        """Write the file, with the folders it lies in; returns its path."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(self.content())
        return self.path
