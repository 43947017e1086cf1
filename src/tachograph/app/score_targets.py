"""Scoring what a person names: files, folders, sessions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import msgspec

from tachograph.analysis.axes.digest import Digest
from tachograph.analysis.axes.token_economy import References
from tachograph.analysis.axes.trajectory import Judgement, TrajectoryScore
from tachograph.app.find_session import find_session
from tachograph.app.history import load_history
from tachograph.app.judging import Judge, judge_config, score_trajectory, store_judgement
from tachograph.app.log_targets import OnProgress, Unreadable, is_path, read_targets
from tachograph.app.reporting import open_report
from tachograph.app.score import Score, ScoreTrajectory, score_sessions
from tachograph.app.token_facts import load_references
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError
from tachograph.warehouse.store import open_reader, open_writer, transaction, warehouse_file


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
    paths = [Path(target) for target in targets if is_path(target)]
    names = [_as_text(target) for target in targets if not is_path(target)]
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
        read_targets(workspace, paths, store=store, on_progress=on_progress) as told,
        _open_own(workspace) as own,
    ):
        references = load_references(own) if own is not None else References([])
        ids = [one for _, one in told.sessions]
        known = judging.of(told.connection, own or told.connection)
        report.sessions += score_sessions(told.connection, ids, known, references)
        report.unreadable += told.unreadable


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


def _as_text(name: str) -> str:
    """``name`` as the warehouse can look for it: what a terminal gives need not be text."""
    return name.encode(errors="replace").decode()


@contextmanager
def _open_own(workspace: Workspace) -> Iterator[sqlite3.Connection | None]:
    """The user's own warehouse, where there is one."""
    if not warehouse_file(workspace.folder).exists():
        yield None
        return
    with closing(open_reader(workspace.folder)) as own:
        yield own
