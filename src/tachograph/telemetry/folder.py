"""Reading a telemetry folder: spans, logs and evaluations together, since each may say whose the others are."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path, PureWindowsPath
from typing import Any

from tachograph.model import Clean, Problem
from tachograph.telemetry._attributes import find_text, read_attributes
from tachograph.telemetry._evaluations import Score, is_evaluation, read_evaluation
from tachograph.telemetry._lines import LineFile
from tachograph.telemetry._sessions import build_session, clean_id
from tachograph.telemetry._spans import Span, read_span, session_of
from tachograph.telemetry.records import Evaluation, FileProblem, Telemetry, TelemetrySession

_STARTS = ("traces-", "logs-", "evaluations-")


def read_telemetry(folder: Path, clean: Clean) -> Telemetry:
    """All that ``folder`` tells: from ``traces-*.jsonl``, ``evaluations-*.jsonl`` and ``logs-*.jsonl``, not below it.

    A folder that does not exist tells nothing. Nothing is raised: what cannot be read is a problem. Texts go through
    ``clean`` before they are kept.
    """
    reading = _Reading(clean)
    try:
        paths = _find_files(folder)
    except OSError as error:
        problem = Problem("unreadable_folder", 0, 0, error.strerror or type(error).__name__)
        return Telemetry(problems=(FileProblem("", problem),))
    for start, take in zip(_STARTS, (reading.take_span, reading.take_log, reading.take_evaluation), strict=True):
        for path in paths:
            if path.name.startswith(start):
                file = LineFile(path, clean)
                for record in file.records():
                    take(record, file)
                reading.problems.extend(file.problems())
    return reading.finish()


def fingerprint(folder: Path) -> str:
    """Stands for the names, sizes and times of the files that read_telemetry would read: equal, nothing is new.

    Empty where there are none, or where the folder cannot be listed.
    """
    try:
        found = [(path.name, path.lstat()) for path in _find_files(folder)]
    except OSError:
        return ""
    states = [(name, state.st_size, state.st_mtime_ns) for name, state in found]
    return blake2b(repr(states).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest() if states else ""


def _find_files(folder: Path) -> list[Path]:
    """Files of spans, logs and evaluations, by name; none in a missing folder. Raises OSError as it does."""
    if not folder.exists():
        return []
    return sorted(path for path in folder.iterdir() if path.name.startswith(_STARTS) and path.name.endswith(".jsonl"))


class _Reading:
    """Collects what lines say until all have been seen."""

    def __init__(self, clean: Clean) -> None:
        self._clean = clean
        self._ids: dict[str, str] = {}
        self._agents: dict[str, str] = {}
        self._bounds: dict[str, tuple[int, int]] = {}
        self._spans: dict[str, dict[object, Span]] = {}
        self._loose: list[Span] = []
        self._scores: list[Score] = []
        self._traces: dict[str, str | None] = {}
        """Trace -> its session; None when it has several."""
        self._made_up = self._unassigned = 0
        self.problems: list[FileProblem] = []

    def take_span(self, record: dict[str, Any], file: LineFile) -> None:
        """Note a span."""
        try:
            span = read_span(record)
        except ValueError as error:
            file.report("unexpected_shape", str(error))
            return
        if span.session:
            self._link(span.trace, self._native(span.session))
            self._add(self._native(span.session), span)
        elif span.item is not None or span.context is not None:
            self._loose.append(span)

    def take_log(self, record: dict[str, Any], file: LineFile) -> None:
        """Note which session a trace belongs to, and evaluations that are written as log records."""
        attributes = read_attributes(record.get("attributes"))
        named = session_of(attributes) or PureWindowsPath(find_text(attributes, "transcript.path")).stem
        if named:
            self._link(find_text(record, "traceId"), self._native(named))
        if is_evaluation(record):
            self.take_evaluation(record, file)

    def take_evaluation(self, record: dict[str, Any], file: LineFile) -> None:
        """Note a score."""
        try:
            score = read_evaluation(record)
        except ValueError as error:
            file.report("unexpected_shape", str(error))
            return
        if isinstance(score, Score):
            self._scores.append(score)
        elif score is not None:
            self._made_up += 1

    def _native(self, session: str) -> str:
        """The session's native id, cleaned; remembered."""
        known = self._ids.get(session)
        if known is None:
            known = self._ids[session] = clean_id(session, self._clean)
        return known

    def _link(self, trace: str, session: str) -> None:
        if trace and self._traces.setdefault(trace, session) != session:
            self._traces[trace] = None

    def _add(self, session: str, span: Span) -> None:
        first, last = self._bounds.get(session, (span.at, span.ended_at))
        self._bounds[session] = min(first, span.at), max(last, span.ended_at)
        if span.agent != "claude_code":
            self._agents[session] = span.agent
        if span.item is not None or span.context is not None:
            of_session = self._spans.setdefault(session, {})
            of_session[(span.trace, span.id) if span.id else len(of_session)] = span

    def finish(self) -> Telemetry:
        """All that was said, put together."""
        for span in self._loose:
            session = self._traces.get(span.trace)
            if session is None:
                self._unassigned += 1
            else:
                self._add(session, span)
        evaluations = {evaluation[:4]: evaluation for evaluation in self._evaluations()}
        return Telemetry(
            tuple(self._sessions()),
            tuple(sorted(Evaluation(*evaluation) for evaluation in evaluations.values())),
            tuple(self.problems),
            self._unassigned,
            self._made_up,
        )

    def _sessions(self) -> Iterator[TelemetrySession]:
        for native in sorted(self._spans):
            spans = self._spans[native].values()
            built = build_session(self._full(native), spans, self._bounds[native], self._clean)
            if built is not None:
                yield built

    def _full(self, native: str) -> str:
        return f"{self._agents.get(native, 'claude_code')}:{native}"

    def _evaluations(self) -> Iterator[tuple[str, str, str, int, float]]:
        """Scores in the order of the files: of two by the same judge at the same moment the last one counts."""
        name = self._clean.name
        for score in self._scores:
            native = self._native(score.session) if score.session else self._traces.get(score.trace)
            if native is None:
                self._unassigned += 1
                continue
            if score.agent != "claude_code":
                self._agents.setdefault(native, score.agent)
            yield self._full(native), name(score.name).lower(), name(score.evaluator), score.at, score.value
