"""A file of one JSON object a line: bounded memory, and every bad line a problem that hides no neighbour."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tachograph.model import Clean, Problem
from tachograph.telemetry.records import FileProblem

MAX_LINE_BYTES = 64 * 1024 * 1024
"""A longer line is skipped and reported, not read."""
MAX_PROBLEMS = 200
"""Of one file; more are counted in the last one."""
_SKIP_BYTES = 1024 * 1024
_MEND_BYTES = 8 * 1024 * 1024
"""Larger lines get no second try: it takes many times their size in memory."""
_DETAIL_CHARS = 200
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class LineFile:
    """The records of one file, and what was wrong with it."""

    def __init__(self, path: Path, clean: Clean, limit: int = MAX_LINE_BYTES) -> None:
        self._path = path
        self._clean = clean
        self._limit = limit
        self._line = self._offset = self._next = self._more = 0
        self._found: list[Problem] = []

    def records(self) -> Iterator[dict[str, Any]]:
        """Every line that is a JSON object, in order."""
        try:
            flags = (
                os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
            )
            with open(os.open(self._path, flags), "rb") as stream:
                if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):  # a FIFO or a device never ends
                    self._report_file("it is no regular file")
                    return
                while line := stream.readline(self._limit):
                    self._line += 1
                    self._offset, self._next = self._next, self._next + len(line)
                    if len(line) == self._limit and line[-1] != 10:
                        while chunk := stream.readline(_SKIP_BYTES):
                            self._next += len(chunk)
                            if chunk[-1] == 10:
                                break
                        self.report("line_too_long", f"{self._next - self._offset} bytes; the limit is 64 MiB")
                    elif (record := self._read(line)) is not None:
                        yield record
        except OSError as error:
            self._report_file(error.strerror or type(error).__name__)

    def _read(self, line: bytes) -> dict[str, Any] | None:
        try:
            return _decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return self._mend(line)

    def _mend(self, line: bytes) -> dict[str, Any] | None:
        """What a stricter decoder refuses: half a character of two (a preview that was cut), a byte order mark …"""
        text = line.decode("utf-8", "replace").lstrip("\ufeff").strip("\0 \t\r\n")
        if not text:
            return None
        try:
            value = json.loads(text, strict=False) if len(line) <= _MEND_BYTES else None
        except RecursionError:
            self.report("too_deep", "nested too deeply to be read")
            return None
        except ValueError:
            value = None
        if isinstance(value, dict):
            return value
        if value is not None:
            self.report("unexpected_shape", "not a JSON object")
        else:
            is_cut = line[-1] != 10
            self.report("unfinished_line" if is_cut else "invalid_json", f"{len(line)} bytes that are no JSON")
        return None

    def report(self, slug: str, detail: str) -> None:
        """Note a problem with the line that was read last."""
        if len(self._found) < MAX_PROBLEMS:
            text = self._clean.name(detail)[:_DETAIL_CHARS]
            self._found.append(Problem(slug, self._line, self._offset, text))
        else:
            self._more += 1

    def _report_file(self, reason: str) -> None:
        self._found.append(Problem("unreadable_file", 0, 0, reason))

    def problems(self) -> Iterator[FileProblem]:
        """All that were found so far."""
        name = self._clean.name(self._path.name)
        for problem in self._found:
            yield FileProblem(name, problem)
        if self._more:
            yield FileProblem(name, Problem("more_problems", 0, 0, f"{self._more} more problems in this file"))
