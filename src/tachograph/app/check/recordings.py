"""From what a person names to recordings that expectations can be checked on."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from tachograph.analysis.expectations import Part, Recording
from tachograph.app.check.stored_logs import read_stored_logs
from tachograph.app.filters import Filter
from tachograph.app.find_session import find_session, short_names
from tachograph.app.findings import FindingFilter, FindingRecord, list_findings
from tachograph.app.history import History, load_history
from tachograph.app.log_targets import OnProgress, is_path, read_targets
from tachograph.app.reporting import open_report
from tachograph.app.workspace import Workspace
from tachograph.model import Clean, Finding, Session, TextKind, Texts

_GONE = "A log of it is gone, or is no longer the one that was read"
_BELOW = """
WITH RECURSIVE below(id) AS (
    VALUES (?1) UNION SELECT s.id FROM sessions s JOIN below b ON s.parent_id = b.id
)
SELECT s.id FROM sessions s JOIN below USING (id) WHERE s.id <> ?1 ORDER BY s.started_at IS NULL, s.started_at, s.id"""


class OpenedRecording(msgspec.Struct, frozen=True):
    """A recording and what led to it."""

    target: str
    """As it was given."""
    name: str
    """A short name of the session; by it ``tacho show`` finds it when it is in the warehouse."""
    title: str
    """What the session was about; redacted."""
    recording: Recording
    notes: tuple[str, ...] = ()
    """What to know of its numbers, a sentence each."""


class Opened:
    """The recordings of some targets, loaded one after the other as they are asked for."""

    def __init__(self, load: Callable[[], Iterator[OpenedRecording]], unreadable: Sequence[str]) -> None:
        self._load = load
        self.unreadable = tuple(unreadable)
        """Logs of which no session could be read, each with the reason; redacted."""

    def __iter__(self) -> Iterator[OpenedRecording]:
        return self._load()


@contextmanager
def open_recordings(
    workspace: Workspace,
    targets: Sequence[str],
    wanted: frozenset[TextKind] = frozenset(),
    *,
    priced: bool = True,
    find_more: Callable[[sqlite3.Connection], list[str]] | None = None,
    update: bool = True,
    note: Callable[[str], None] = lambda _: None,
    on_progress: OnProgress = None,
) -> Iterator[Opened]:
    """The sessions of ``targets`` (each a log, a folder of logs, or a session's name), then ``find_more``'s.

    In a folder, which is searched recursively, the main sessions are meant; subagents of sessions that are not there
    only when there is nothing else, ``note`` is told of the others.

    Files and folders are read in one pass and leave nothing behind. A session that is named is looked up in the
    warehouse, which ``update`` brings up to date first, and its logs are read again for the texts that are ``wanted``.
    Without ``priced`` recordings of files need have no costs and findings. Raises NotFound for a name that is none of
    these.
    """
    paths = [target for target in targets if is_path(target)]
    names = [target for target in targets if target not in paths]
    loads: list[Callable[[], Iterator[OpenedRecording]]] = []
    unreadable: list[str] = []
    with ExitStack() as stack:
        if names or find_more:
            told = stack.enter_context(open_report(workspace, update=update, on_progress=on_progress, note=note))
            ids = [(name, find_session(told, name)) for name in names]
            ids += [(one, one) for one in (find_more(told) if find_more else ())]
            loads.append(lambda: _load_stored(workspace, told, ids, wanted))
        if paths:
            texts = Texts(wanted)
            places = [Path(path) for path in dict.fromkeys(paths)]
            read = stack.enter_context(
                read_targets(workspace, places, store=False, texts=texts, priced=priced, on_progress=on_progress)
            )
            unreadable += [f"{one.target}: {one.reason}" for one in read.unreadable]
            mains = _mains(read.connection, read.sessions)
            _tell_left_out(len(read.sessions) - len(mains), note)
            loads.append(lambda: _load_read(workspace, read.connection, mains, texts))
        # Names were looked up first, so that a wrong one is known before anything is read; they come last all the same.
        yield Opened(lambda: (one for load in reversed(loads) for one in load()), unreadable)


def record_session(session: Session, clean: Clean, texts: Texts | None = None) -> Recording:
    """A recording of one session's records, without a warehouse: no subagents, no prices, no findings.

    Without ``texts`` what a log says at full length is not known.
    """
    return Recording([Part(session, has_texts=texts is not None)], texts or Texts(), clean)


def _load_stored(
    workspace: Workspace, connection: sqlite3.Connection, ids: list[tuple[str, str]], wanted: frozenset[TextKind]
) -> Iterator[OpenedRecording]:
    for target, one in ids:
        tree = _tree(connection, one)
        texts = Texts(wanted)
        gone = read_stored_logs(connection, tree, workspace.clean, texts) if wanted else frozenset()
        yield from _load(workspace, connection, target, tree, texts, gone)


def _load_read(
    workspace: Workspace, connection: sqlite3.Connection, sessions: list[tuple[Path, str]], texts: Texts
) -> Iterator[OpenedRecording]:
    for path, one in sessions:
        tree = _tree(connection, one)
        yield from _load(workspace, connection, str(path), tree, texts, frozenset())


def _mains(connection: sqlite3.Connection, sessions: list[tuple[Path, str]]) -> list[tuple[Path, str]]:
    """``sessions`` without the subagents that a folder holds beside main sessions."""
    kinds = dict(connection.execute("SELECT id, kind FROM sessions").fetchall())
    led = {path for path, one in sessions if kinds[one] == "main" and path.is_dir()}
    return [(path, one) for path, one in sessions if kinds[one] == "main" or path not in led]


def _tell_left_out(count: int, note: Callable[[str], None]) -> None:
    if count:
        told = "1 subagent" if count == 1 else f"{count:,} subagents"
        note(f"{told} of sessions that are not there: not checked. Name a subagent's log to check it by itself.")


def _tree(connection: sqlite3.Connection, session: str) -> list[str]:
    """``session`` and all subagents below it."""
    return [session, *(one for (one,) in connection.execute(_BELOW, (session,)))]


def _load(
    workspace: Workspace,
    connection: sqlite3.Connection,
    target: str,
    tree: list[str],
    texts: Texts,
    gone: frozenset[str],
) -> Iterator[OpenedRecording]:
    """The recording of ``tree``, the session that is meant first; ``gone`` are those whose logs are no more."""
    histories = [(one, load_history(connection, one)) for one in tree]
    findings = list_findings(connection, Filter(), FindingFilter(), sessions=tree)
    parts = [_part(history, findings, one not in gone) for one, history in histories if history is not None]
    if not parts:
        return
    row = connection.execute("SELECT coalesce(title, opening, '') FROM sessions WHERE id = ?", (tree[0],)).fetchone()
    yield OpenedRecording(
        target,
        short_names(connection, tree[:1])[tree[0]],
        row[0] if row else "",
        Recording(parts, texts, workspace.clean),
        tuple(_notes(histories[0][1], gone)),
    )


def _part(history: History, findings: list[FindingRecord], has_texts: bool) -> Part:
    session = history.session
    priced = [cost.pico for cost in history.costs.values() if cost.pico is not None]
    unpriced = Counter(
        response.model
        for response in session.responses
        if (cost := history.costs.get(response.position)) is None or not cost.priced
    )
    own = tuple(_finding(one) for one in findings if one.session == session.id)
    return Part(session, sum(priced) if priced else None, tuple(sorted(unpriced.items())), own, has_texts)


def _finding(record: FindingRecord) -> Finding:
    proof = record.evidence
    return Finding(
        position=0,
        at=round(record.at.timestamp() * 1000),
        calls=tuple(proof["calls"]),
        responses=tuple(proof["responses"]),
        turns=tuple(proof["turns"]),
        count=record.count,
        tokens=record.wasted_tokens,
        carried_tokens=record.carried_tokens,
        is_estimate=record.is_estimate,
        facts=record.facts,
        detector=record.detector,
    )


def _notes(history: History | None, gone: frozenset[str]) -> Iterator[str]:
    if gone:
        yield f"{_GONE}: whole commands, inputs and messages are not known."
    if history is None:
        yield "Only its subagents' logs are known."
        return
    if history.shared:
        copies = sum(one.responses for one in history.shared)
        yield f"It begins with {copies} responses copied from another session; these and their calls were left out."
    elif history.session.forked_from is not None and history.session.kind == "main":
        yield "It is a fork: what it copies from another session counts, where the log does not mark it."
