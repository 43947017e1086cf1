"""From a stream of bytes to records, with every fault turned into a problem."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import BinaryIO, Generic, TypeVar

import msgspec

from tachograph.model import Clean, ParsedLog, Problem, Session
from tachograph.sources._decode import decode_tolerantly
from tachograph.sources._lines import Oversized, read_lines
from tachograph.sources._source import Resume

T = TypeVar("T", bound=msgspec.Struct)

MAX_PROBLEMS = 200
"""Of one log; more are counted in the last one."""
_DETAIL_CHARS = 200
_MAX_TYPES = 100


class LogReader(Generic[T]):
    """Decodes a log's lines and keeps its place: line number, byte offset, problems."""

    def __init__(
        self,
        stream: BinaryIO,
        decode: Callable[[bytes], T],
        shape: type[T],
        clean: Clean,
        resume: Resume | None = None,
        loosely: tuple[Callable[[bytes], T], type[T]] | None = None,
    ) -> None:
        self._stream = stream
        self._decode = decode
        self._shape = shape
        self._loosely = loosely
        self._clean = clean
        self.offset = resume.offset if resume else 0
        self.lines = resume.lines if resume else 0
        self._line_offset = self.offset
        self._safe_offset = self.offset
        self._safe_lines = self.lines
        self._resumable = True
        self.problems: list[Problem] = list(resume.problems) if resume else []
        self._unknown: Counter[str] = Counter(dict(resume.unknown_types)) if resume else Counter()
        self._more = 0

    def records(self) -> Iterator[T]:
        """Every record of the log, in its order."""
        decode = self._decode
        for raw in read_lines(self._stream):
            self.lines += 1
            self._line_offset = self.offset
            if isinstance(raw, Oversized):
                self._skip(raw)
                continue
            self.offset += len(raw)
            try:
                record = decode(raw)
            except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
                yield from self._hard_line(raw)
            else:
                if raw[-1] != 10:
                    self._resumable = False
                yield record
            if raw[-1] == 10:
                self._safe_offset, self._safe_lines = self.offset, self.lines

    def _skip(self, line: Oversized) -> None:
        self.offset += line.length
        self.report("line_too_long", f"{line.length} bytes; the limit is 64 MiB")
        self._safe_offset, self._safe_lines = self.offset, self.lines
        self._resumable = self._resumable and line.terminated

    def _hard_line(self, raw: bytes) -> Iterator[T]:
        if raw.isspace():
            return
        if self._loosely is not None:
            try:
                record = self._loosely[0](raw)
            except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
                pass
            else:
                if raw[-1] != 10:
                    self._resumable = False
                yield record
                return
        decoded = decode_tolerantly(raw, self._shape)
        if decoded.records and raw[-1] != 10:
            self._resumable = False
        if decoded.slug:
            unfinished = raw[-1] != 10 and decoded.slug == "invalid_json"
            self.report("unfinished_line" if unfinished else decoded.slug, decoded.detail)
        yield from decoded.records

    def report(self, slug: str, detail: str) -> None:
        """Note a problem with the line being read."""
        if len(self.problems) < MAX_PROBLEMS:
            text = self._clean.name(detail)[:_DETAIL_CHARS]
            self.problems.append(Problem(slug, self.lines, self._line_offset, text))
        else:
            self._more += 1

    def report_file(self, slug: str, detail: str) -> None:
        """Note a problem with the log as a whole."""
        self.problems.append(Problem(slug, 0, 0, detail))

    def report_unknown(self, kind: str) -> None:
        """Count a record type that the source does not know."""
        name = self._clean.name(kind)[:60]
        self._unknown[name if name in self._unknown or len(self._unknown) < _MAX_TYPES else "(more)"] += 1

    def finish(self, sessions: list[Session], carry: bytes) -> ParsedLog:
        """The result of reading, given what was made of the records."""
        if any(problem.line == 0 for problem in self.problems) or self._more:
            self._resumable = False
        if self._more:
            self.problems.append(Problem("more_problems", 0, 0, f"{self._more} more problems in this file"))
        return ParsedLog(
            sessions=tuple(sessions),
            problems=tuple(self.problems),
            unknown_types=tuple(sorted(self._unknown.items())),
            carry=carry if self._resumable else b"",
            offset=self._safe_offset,
            lines=self._safe_lines,
        )
