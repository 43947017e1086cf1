"""Bringing the warehouse up to date with the logs."""

from __future__ import annotations

import gc
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import msgspec

from tachograph.app.analyst import Analyst
from tachograph.app.plan import Plan, Reading, check_agent, make_plan, plan_logs
from tachograph.app.pool import read_in_parallel
from tachograph.app.purged import is_purged, load_purged, remember_purged
from tachograph.app.reading import Continuation, LogRead, read_log
from tachograph.app.rebuild import begin_rebuild, current_epoch, rederive_all, settle_settings
from tachograph.app.workspace import Prices, Workspace
from tachograph.errors import UsageError
from tachograph.model import Problem, Session, TextKind, Texts
from tachograph.sources import LogFile, Resume, load_sources
from tachograph.warehouse.derive import derive
from tachograph.warehouse.rows import load_segment
from tachograph.warehouse.store import open_writer, transaction
from tachograph.warehouse.writer import Checkpoint, LogWriter

_BATCH_BYTES = 32 * 1024 * 1024
_BATCH_LOGS = 1000
_PARALLEL_BYTES = 24 * 1024 * 1024
"""Below this a child process costs more than it brings."""
_NEVER = -1
"""Instead of a source's version: to be read again at the next occasion."""
_DEFAULT_JOBS = 4
"""More reading processes than this only wait for the one that stores, and take memory."""


class IngestReport(msgspec.Struct):
    """What an ingestion did; counts are of what was read in this run."""

    seen: int = 0
    changed: int = 0
    unreadable: int = 0
    bytes: int = 0
    sessions: int = 0
    responses: int = 0
    tool_calls: int = 0
    problems: int = 0
    seconds: float = 0.0
    rederived: bool = False
    """Prices, findings and totals of everything were recomputed from what is stored."""
    unexamined_sessions: list[str] = []
    """See :func:`tachograph.app.waste.list_unexamined`; looked for when something was rederived or rebuilt."""
    strangers: list[str] = []
    """Of the ``logs`` named: those that were never read, and were not read now."""


class Progress(msgspec.Struct, frozen=True):
    """How far an ingestion has come."""

    done_logs: int
    all_logs: int
    done_bytes: int
    all_bytes: int


def ingest(
    workspace: Workspace,
    *,
    agent: str | None = None,
    path: Path | None = None,
    logs: Sequence[str] | None = None,
    jobs: int = 0,
    rebuild: bool = False,
    rederive: bool = False,
    wait_seconds: float = 10.0,
    on_progress: Callable[[Progress], None] | None = None,
    texts: Texts | None = None,
) -> IngestReport:
    """Read what is new or changed and store it; an interruption loses at most the batch at hand.

    ``logs`` are the absolute paths of the only ones to be looked at, of those that were read before.
    ``texts`` is given what the logs that are read from their start say at full length, as far as it wants it.

    Raises Busy, UsageError (unknown agent), and TachographError for a store that cannot be opened.
    """
    started = time.monotonic()
    check_agent(agent)
    if workspace.is_demo and path is None:
        raise UsageError(
            "This is the demo's data folder; your own logs have no place in it.",
            slug="demo_folder",
            hint="Unset TACHO_DATA_DIR, or run tacho demo --reset to make the demo anew.",
        )
    report = IngestReport()
    with open_writer(workspace.folder, wait_seconds) as connection:
        prices = workspace.prices(connection)
        settle_settings(connection, workspace.settings)
        analyst = Analyst(prices, workspace.settings)
        report.rederived = rederive_all(connection, prices, analyst, forced=rederive)
        if rebuild:
            begin_rebuild(connection, workspace.clean, analyst)
        epoch = current_epoch(connection)
        plan = make_plan(connection, epoch, agent, path) if logs is None else plan_logs(connection, epoch, logs)
        report.strangers = plan.strangers
        report.seen, report.problems = plan.seen, len(plan.problems)
        report.unreadable = sum(problem.slug.startswith("unreadable") for problem in plan.problems)
        ingestion = _Ingestion(workspace, connection, prices, analyst, report, texts)
        with _no_collector():
            ingestion.run(plan, jobs or workspace.settings.ingest_jobs, on_progress)
        if report.rederived or rebuild:
            from tachograph.app.waste import list_unexamined  # most ingestions have no use for it

            report.unexamined_sessions = list_unexamined(connection, agent)
    report.seconds = time.monotonic() - started
    return report


@contextmanager
def _no_collector() -> Iterator[None]:
    """Records make no cycles: looking for some takes 3 % of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Ingestion:
    def __init__(
        self,
        workspace: Workspace,
        connection: sqlite3.Connection,
        prices: Prices,
        analyst: Analyst,
        report: IngestReport,
        texts: Texts | None,
    ) -> None:
        self.texts = texts
        self.wanted: frozenset[TextKind] = texts.wanted if texts is not None else frozenset()
        self.workspace = workspace
        self.connection = connection
        self.prices = prices
        self.analyst = analyst
        self.report = report
        self.epoch = current_epoch(connection)
        self.purged = load_purged(connection)

    def run(self, plan: Plan, jobs: int, on_progress: Callable[[Progress], None] | None) -> None:
        """Read and store everything planned, in batches of one transaction each."""
        total = sum(reading.log.size for reading in plan.readings)
        hashes = {reading.log.path: reading.path_hash for reading in plan.readings}
        done_logs = done_bytes = 0
        batch: list[tuple[LogRead, tuple[Session, ...] | None]] = []
        size = 0
        for item in self._read(plan.readings, jobs):
            if self.texts is not None and item[0].texts is not None:
                self.texts.add(item[0].texts)
            batch.append(item)
            size += item[0].size
            done_logs, done_bytes = done_logs + 1, done_bytes + item[0].log.size
            if size >= _BATCH_BYTES or len(batch) >= _BATCH_LOGS:
                self._store(batch, hashes)
                batch, size = [], 0
            if on_progress is not None:
                on_progress(Progress(done_logs, len(plan.readings), done_bytes, total))
        if batch:
            self._store(batch, hashes)

    def _read(self, readings: list[Reading], jobs: int) -> Iterator[tuple[LogRead, tuple[Session, ...] | None]]:
        for reading in readings:
            if reading.stored is not None:
                yield self._read_on(reading)
        whole = [reading.log for reading in readings if reading.stored is None]
        for found in self._read_whole(whole, jobs):
            yield found, None

    def _read_whole(self, logs: list[LogFile], jobs: int) -> Iterable[LogRead]:
        jobs = min(jobs or min(os.cpu_count() or 1, _DEFAULT_JOBS), len(logs))
        if jobs <= 1 or sum(log.size for log in logs) < _PARALLEL_BYTES:
            return self._read_here(logs)
        named = [log for log in logs if _is_utf8(log.path)]
        odd = [log for log in logs if not _is_utf8(log.path)]  # no message to a child can hold such a name
        return chain(
            read_in_parallel(named, jobs, self.workspace.settings.store_text == "full", self.wanted),
            self._read_here(odd),
        )

    def _read_here(self, logs: list[LogFile]) -> Iterator[LogRead]:
        return (read_log(log, self.workspace.clean, wanted=self.wanted)[0] for log in logs)

    def _read_on(self, reading: Reading) -> tuple[LogRead, tuple[Session, ...] | None]:
        known = _load_continuation(self.connection, reading)
        found, continued = read_log(reading.log, self.workspace.clean, known)
        return found, known.resume.sessions if known is not None and continued else None

    def _store(self, batch: list[tuple[LogRead, tuple[Session, ...] | None]], hashes: dict[str, int]) -> None:
        with transaction(self.connection):
            writer = LogWriter(self.connection, self.prices.price)
            for found, before in batch:
                self._store_log(writer, found, before, hashes[found.log.path])
            if writer.touched:
                derive(self.connection, writer.touched, self.analyst)
            self.prices.remember(self.connection)

    def _store_log(self, writer: LogWriter, found: LogRead, before: tuple[Session, ...] | None, path_hash: int) -> None:
        report = self.report
        report.changed += 1
        report.bytes += found.read
        if not found.readable:
            report.unreadable += 1
        report.problems += len(found.parsed.problems)
        kept = [n for n, session in enumerate(found.parsed.sessions) if not is_purged(session, self.purged)]
        sessions = tuple(found.parsed.sessions[n] for n in kept)
        report.sessions += len(sessions)
        report.responses += sum(len(session.responses) for session in sessions)
        report.tool_calls += sum(len(session.tool_calls) for session in sessions)
        if not found.readable and writer.knows(path_hash):
            return
        if found.parsed.sessions and not kept:  # a moved log, or a new one of a purged session's subagent
            remember_purged(self.connection, found.parsed.sessions, path_hash)
            writer.forget_log(path_hash)
            return
        parsed = msgspec.structs.replace(found.parsed, sessions=sessions)
        summaries = [found.summaries[n] for n in kept]
        self.analyst.faults.clear()
        findings = [self.analyst.find_waste(session) for session in sessions]
        faults = tuple(Problem("detector_failed", 0, 0, fault) for fault in self.analyst.faults)
        report.problems += len(faults)
        parsed = msgspec.structs.replace(parsed, problems=(*parsed.problems, *faults))
        writer.write(self._checkpoint(found, path_hash), parsed, summaries, findings, before)

    def _checkpoint(self, found: LogRead, path_hash: int) -> Checkpoint:
        log = found.log
        parser = load_sources()[log.agent].VERSION if found.readable else _NEVER
        return Checkpoint(
            path_hash, log.agent, self.workspace.clean.name(log.path), found.size, found.mtime_ns, found.inode,
            found.device, log.sidecar_mtime_ns, found.content_hash, parser, self.epoch,
        )  # fmt: skip


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _load_continuation(connection: sqlite3.Connection, reading: Reading) -> Continuation | None:
    """What was stored of a log that grew; None when it has to be read from its start all the same."""
    row = connection.execute(
        "SELECT log, size, content_hash, offset, lines, carry, unknown_types FROM logs WHERE path_hash = ?",
        (reading.path_hash,),
    ).fetchone()
    if row is None or not row[5]:
        return None
    query = "SELECT segment, task_type FROM segments WHERE log = ? ORDER BY ordinal"
    segments = connection.execute(query, (row[0],)).fetchall()
    if not segments:
        return None
    sessions = tuple(load_segment(connection, segment) for segment, _ in segments)
    problems = connection.execute(
        "SELECT slug, line, offset, detail FROM problems WHERE log = ? AND offset < ? ORDER BY number", (row[0], row[3])
    )
    unknown = msgspec.json.decode(row[6], type=dict[str, int])
    resume = Resume(
        sessions, row[5], row[3], row[4], tuple(Problem(*p) for p in problems), tuple(sorted(unknown.items()))
    )
    return Continuation(resume, row[1], row[2], tuple(task_type for _, task_type in segments))
