"""Scoring what a person names: files, folders, sessions."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import msgspec

from tachograph.analysis.axes.digest import Digest
from tachograph.analysis.axes.token_economy import References
from tachograph.analysis.axes.trajectory import Judgement, TrajectoryScore
from tachograph.app.find_session import find_session
from tachograph.app.history import load_history
from tachograph.app.ingest import Progress, ingest
from tachograph.app.judging import Judge, judge_config, score_trajectory, store_judgement
from tachograph.app.reporting import open_report
from tachograph.app.score import Score, ScoreTrajectory, score_sessions
from tachograph.app.token_facts import load_references
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError
from tachograph.model import Problem
from tachograph.sources import LogFile, hash_text, load_sources
from tachograph.warehouse.store import open_reader, open_writer, transaction, warehouse_file

OnProgress = Callable[[Progress], None] | None
"""Told how far reading has come."""
_WHOLE_FILE = ("reader_failed", "not_a_transcript")


class Unreadable(msgspec.Struct, frozen=True):
    """A target, or a log in it, that could not be scored."""

    target: str
    """Its path, redacted."""
    reason: str


class ScoreReport(msgspec.Struct):
    """Sessions of files and folders first, by path; then those named, in the order given."""

    sessions: list[Score]
    unreadable: list[Unreadable]


class ScoreOptions(msgspec.Struct, frozen=True):
    """How to score."""

    judge: bool = False
    """Ask the judge now, where no current verdict is stored."""
    store: bool = True
    """Keep in the warehouse what is read and judged; without it the warehouse is not even brought up to date."""
    update: bool = True
    """Bring the warehouse up to date before sessions are looked up by name."""


def score_targets(
    workspace: Workspace,
    targets: Sequence[str],
    options: ScoreOptions,
    *,
    find_more: Callable[[sqlite3.Connection], list[str]] | None = None,
    note: Callable[[str], None],
    on_progress: OnProgress = None,
) -> ScoreReport:
    """Score ``targets``: each a file, a folder (recursively) or a session's name; then what ``find_more`` gives.

    A log that cannot be read is reported, and the others are scored. Raises NotFound for a name that is none of these.
    """
    paths = [Path(target) for target in targets if _is_path(target)]
    names = [_as_text(target) for target in targets if not _is_path(target)]
    report = ScoreReport([], [])
    judging = _Judging(workspace, options)
    with ExitStack() as stack:
        told, ids = None, []
        if names or find_more:  # first, so that a name that is none is known before a judge is asked
            told = stack.enter_context(_open_stored(workspace, options, on_progress, note))
            ids = [find_session(told, name) for name in names] + (find_more(told) if find_more else [])
        if paths:
            _score_paths(workspace, paths, options, judging, report, on_progress)
        if told is not None:
            _score_named(told, ids, judging, report)
    report.unreadable = list(dict.fromkeys(report.unreadable))
    return report


@contextmanager
def _open_stored(
    workspace: Workspace, options: ScoreOptions, on_progress: OnProgress, note: Callable[[str], None]
) -> Iterator[sqlite3.Connection]:
    """The user's warehouse, in which sessions are looked up by name."""
    if not options.store and not warehouse_file(workspace.folder).exists():
        raise TachographError(
            "There is no warehouse yet, and --no-store makes none.",
            slug="no_warehouse",
            hint="Name a log or a folder, or leave out --no-store.",
        )
    update = options.update and options.store
    with open_report(workspace, update=update, on_progress=on_progress, note=note) as connection:
        yield connection


def _score_paths(
    workspace: Workspace,
    paths: Sequence[Path],
    options: ScoreOptions,
    judging: _Judging,
    report: ScoreReport,
    on_progress: OnProgress,
) -> None:
    store = options.store and not workspace.is_demo  # a demo stays as it is made
    with (
        _read_paths(workspace, paths, store, report, on_progress) as (connection, ids),
        _open_own(workspace) as own,
    ):
        references = load_references(own) if own is not None else References([])
        report.sessions += score_sessions(connection, ids, judging.of(connection, own or connection), references)


def _score_named(connection: sqlite3.Connection, ids: list[str], judging: _Judging, report: ScoreReport) -> None:
    done = {score.id for score in report.sessions}
    ids = [one for one in dict.fromkeys(ids) if one not in done]
    found = score_sessions(connection, ids, judging.of(connection, connection))
    report.sessions += found
    scored = {score.id for score in found}
    report.unreadable += [Unreadable(one, "only its subagents' logs are known") for one in ids if one not in scored]


class _Judging:
    """The trajectory axis for one run: one judge for all sessions."""

    def __init__(self, workspace: Workspace, options: ScoreOptions) -> None:
        self._workspace = workspace
        self._config = judge_config(workspace.settings)
        self._asks = options.judge or workspace.settings.judge_mode == "auto"
        self._stores = options.store
        self._judge = Judge(self._config)

    def of(self, connection: sqlite3.Connection, known: sqlite3.Connection) -> ScoreTrajectory:
        """How to score a session that ``connection`` tells of; ``known`` has what judges said before."""

        def score(id: str) -> TrajectoryScore:
            history = load_history(connection, id)
            assert history is not None
            store = self._store_under(id) if self._stores else None
            return score_trajectory(
                known, history.session, self._config, ask_now=self._asks, store=store, judge=self._judge
            )

        return score

    def _store_under(self, id: str) -> Callable[[Judgement, Digest, int, int], None]:
        def store(judgement: Judgement, digest: Digest, session_hash: int, at: int) -> None:
            keeps_text = self._workspace.settings.store_text == "full"
            with open_writer(self._workspace.folder) as connection, transaction(connection):
                store_judgement(
                    connection, id, self._config, judgement, digest, session_hash, at, store_text=keeps_text
                )

        return store


def _is_path(target: str) -> bool:
    """Whether a target is meant as a path. Raises NotFound for one that can be nothing else and is not there."""
    try:
        if target and Path(target).exists():
            return True
    except (OSError, ValueError):  # too long for a path, or in a folder that is closed to us
        pass
    if target.endswith((".jsonl", ".zst")) or target.startswith(("/", ".", "~")):
        raise NotFound(f"{target} does not exist.", slug="no_such_path")
    return False


def _as_text(name: str) -> str:
    """``name`` as the warehouse can look for it: what a terminal gives need not be text."""
    return name.encode(errors="replace").decode()


@contextmanager
def _read_paths(
    workspace: Workspace, paths: Sequence[Path], store: bool, report: ScoreReport, on_progress: OnProgress
) -> Iterator[tuple[sqlite3.Connection, list[str]]]:
    """A warehouse that holds the logs under ``paths``, and their sessions.

    That of the user when they are to be stored, else one that is gone afterwards.
    """
    with ExitStack() as stack:
        home = workspace
        if not store:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tacho-"))
            home = Workspace(Path(folder), workspace.settings)
        logs = [log for path in paths for log in _read_in(home, path, report, on_progress)]
        if not logs:
            ingest(home, path=paths[0])  # makes the warehouse, whatever it finds
        connection = stack.enter_context(closing(open_reader(home.folder)))
        connection.execute("BEGIN")
        ids = list(dict.fromkeys(one for log in logs for one in _find_sessions(home, connection, log, report)))
        yield connection, _without_subagents(connection, ids)


@contextmanager
def _open_own(workspace: Workspace) -> Iterator[sqlite3.Connection | None]:
    """The user's own warehouse, where there is one."""
    if not warehouse_file(workspace.folder).exists():
        yield None
        return
    with closing(open_reader(workspace.folder)) as own:
        yield own


def _read_in(workspace: Workspace, path: Path, report: ScoreReport, on_progress: OnProgress) -> list[LogFile]:
    """Bring the logs under ``path`` into the warehouse; returns them, by path."""
    found = [one for source in load_sources().values() for one in source.discover(path)]
    logs = sorted((one for one in found if not isinstance(one, Problem)), key=lambda log: log.path)
    reasons = [workspace.clean.name(one.detail) for one in found if isinstance(one, Problem)]
    if not logs and path.is_file():
        reasons = ["no agent writes logs of this name"]
    elif not logs:
        reasons = reasons or ["no agent's log is in it"]
    name = workspace.clean.name(str(path))
    report.unreadable += [Unreadable(name, reason) for reason in reasons]
    if logs:
        ingest(workspace, path=path, on_progress=on_progress)
    beside = path.with_suffix("")
    if logs and path.is_file() and beside.is_dir():  # where Claude Code keeps a session's subagents
        ingest(workspace, path=beside)
    return logs


def _find_sessions(
    workspace: Workspace, connection: sqlite3.Connection, log: LogFile, report: ScoreReport
) -> list[str]:
    """The session that a log is about; notes why when there is none."""
    row = connection.execute("SELECT log FROM logs WHERE path_hash = ?", (hash_text(log.path),)).fetchone()
    name = workspace.clean.name(log.path)
    if row is None:
        report.unreadable.append(Unreadable(name, "its session was purged"))
        return []
    problem = connection.execute(
        "SELECT detail FROM problems WHERE log = ? AND (slug LIKE 'unreadable%' OR slug IN (?, ?)) LIMIT 1",
        (*row, *_WHOLE_FILE),
    ).fetchone()
    ids = [one for (one,) in connection.execute("SELECT session FROM segments WHERE log = ? AND ordinal = 0", row)]
    if problem or not ids:
        report.unreadable.append(Unreadable(name, problem[0] if problem else "it holds no session"))
    return ids


def _without_subagents(connection: sqlite3.Connection, ids: list[str]) -> list[str]:
    """``ids`` without subagents of others among them: these are told of beside their session."""
    query = "SELECT root_id FROM sessions WHERE id = ?"
    roots = {one: connection.execute(query, (one,)).fetchone()[0] for one in ids}
    return [one for one in ids if roots[one] == one or roots[one] not in roots]
