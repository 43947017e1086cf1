"""Logs that a person names as files and folders: reading them, and finding the sessions that they are about."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import msgspec

from tachograph.app.ingest import Progress, ingest
from tachograph.app.workspace import ScratchWorkspace, Workspace
from tachograph.errors import NotFound, TachographError
from tachograph.model import Problem, Texts
from tachograph.sources import LogFile, hash_text, load_sources
from tachograph.warehouse.store import open_reader

OnProgress = Callable[[Progress], None] | None
"""Told how far reading has come."""
_LOGS = (".jsonl", ".zst")
_GONE = "A session whose log is gone has its id still: tacho sessions lists it."
NO_LOG = "no agent's log is in it"
"""Why nothing was read in a folder that has no logs."""
_WHOLE_FILE = ("reader_failed", "not_a_transcript")


class Unreadable(msgspec.Struct, frozen=True):
    """A target, or a log in it, of which no session could be read."""

    target: str
    """Its path, redacted."""
    reason: str


class LogsRead(msgspec.Struct):
    """A warehouse that holds the logs of some targets."""

    connection: sqlite3.Connection
    """Read-only."""
    sessions: list[tuple[Path, str]]
    """(target, id) of every session that a log of a target is about, by path; each session once, and no subagents of
    others among them."""
    unreadable: list[Unreadable]


def is_path(target: str) -> bool:
    """Whether a target is meant as a path. Raises NotFound for one that can be nothing else and is not there."""
    try:
        if target and Path(target).exists():
            return True
    except (OSError, ValueError):  # too long for a path, or in a folder that is closed to us
        pass
    if target.endswith(_LOGS) or target.startswith(("/", ".", "~")):
        raise NotFound(f"{target} does not exist.", slug="no_such_path", hint=_GONE if target.endswith(_LOGS) else "")
    return False


@contextmanager
def read_targets(
    workspace: Workspace,
    paths: Sequence[Path],
    *,
    store: bool,
    texts: Texts | None = None,
    priced: bool = True,
    on_progress: OnProgress = None,
) -> Iterator[LogsRead]:
    """Read the logs under ``paths``: into the user's warehouse with ``store``, else into one that is gone afterwards.

    Beside a file, what belongs to its session is read too. ``texts`` is given what the logs say at full length. Without
    ``priced`` what is not stored gets no costs, and findings none that depend on them.
    """
    unreadable: list[Unreadable] = []
    with ExitStack() as stack:
        home = workspace
        if not store:
            folder = stack.enter_context(_make_scratch())
            home = ScratchWorkspace(Path(folder), workspace, priced=priced)
        logs = [(path, log) for path in paths for log in _read_in(home, path, unreadable, texts, on_progress)]
        if not logs:
            ingest(home, path=paths[0])  # makes the warehouse, whatever it finds
        connection = stack.enter_context(closing(open_reader(home.folder)))
        connection.execute("BEGIN")
        found: dict[str, Path] = {}
        for path, log in logs:
            for one in _find_sessions(home, connection, log, unreadable):
                found.setdefault(one, path)
        wanted = _without_subagents(connection, list(found))
        yield LogsRead(connection, [(found[one], one) for one in wanted], unreadable)


def _make_scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder of mode 0700 that is gone afterwards."""
    try:
        return tempfile.TemporaryDirectory(prefix="tacho-")
    except OSError as error:
        raise TachographError(
            f"No temporary folder can be made: {error.strerror}.",
            slug="cannot_write",
            hint="TMPDIR names the place for it.",
        ) from error


def _read_in(
    workspace: Workspace, path: Path, unreadable: list[Unreadable], texts: Texts | None, on_progress: OnProgress
) -> list[LogFile]:
    """Bring the logs under ``path`` into the warehouse; returns them, by path."""
    found = [(source, one) for source in load_sources().values() for one in source.discover(path)]
    logs = sorted((one for _, one in found if not isinstance(one, Problem)), key=lambda log: log.path)
    problems = [workspace.clean.name(one.detail) for _, one in found if isinstance(one, Problem)]
    name = workspace.clean.name(str(path))
    unreadable += [Unreadable(name, reason) for reason in _reasons(path, problems, has_logs=bool(logs))]
    if logs:
        ingest(workspace, path=path, on_progress=on_progress, texts=texts)
    if path.is_file():
        for source, log in found:
            for beside in source.companions(log) if not isinstance(log, Problem) else ():
                ingest(workspace, path=beside, texts=texts)
    return logs


def _reasons(path: Path, problems: list[str], *, has_logs: bool) -> list[str]:
    """Why what is at ``path`` is not read; that an agent writes no logs of such a name matters only if all say so."""
    if path.is_dir():
        return list(dict.fromkeys(problems)) or ([] if has_logs else [NO_LOG])
    if has_logs:
        return []
    return ["no agent writes logs of this name" if path.is_file() else "not a regular file"]


def _find_sessions(
    workspace: Workspace, connection: sqlite3.Connection, log: LogFile, unreadable: list[Unreadable]
) -> list[str]:
    """The session that a log is about; notes why when there is none."""
    row = connection.execute("SELECT log FROM logs WHERE path_hash = ?", (hash_text(log.path),)).fetchone()
    name = workspace.clean.name(log.path)
    if row is None:
        unreadable.append(Unreadable(name, "its session was purged"))
        return []
    problem = connection.execute(
        "SELECT detail FROM problems WHERE log = ? AND (slug LIKE 'unreadable%' OR slug IN (?, ?)) LIMIT 1",
        (*row, *_WHOLE_FILE),
    ).fetchone()
    ids = [one for (one,) in connection.execute("SELECT session FROM segments WHERE log = ? AND ordinal = 0", row)]
    if problem or not ids:
        unreadable.append(Unreadable(name, problem[0] if problem else "it holds no session"))
    return ids


def _without_subagents(connection: sqlite3.Connection, ids: list[str]) -> list[str]:
    """``ids`` without subagents of others among them: these are told of beside their session."""
    query = "SELECT root_id FROM sessions WHERE id = ?"
    roots = {one: connection.execute(query, (one,)).fetchone()[0] for one in ids}
    return [one for one in ids if roots[one] == one or roots[one] not in roots]
