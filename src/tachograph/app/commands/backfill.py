"""Events of the commands that agents ran before anything was captured: from the logs, as the warehouse holds them."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import xxhash

from tachograph.app.commands.inner_runs import CAPTURED, Families, Match, match_runs
from tachograph.app.commands.log_calls import LoggedSession, read_session
from tachograph.app.commands.log_events import make_event
from tachograph.app.commands.log_store import (
    Mark,
    SessionRecords,
    count_logged,
    forget_sessions,
    known_sessions,
    link_runs,
    read_mark,
    write_mark,
    write_sessions,
)
from tachograph.app.commands.next_check import captured_step, label_next_checks, logged_step
from tachograph.app.commands.next_prompt import label_next_prompts
from tachograph.app.workspace import Workspace
from tachograph.capture.hashing import Key, load_key
from tachograph.capture.store import CommandStore
from tachograph.model import CommandEvent
from tachograph.warehouse.store import open_reader, read_meta

VERSION = 2
"""Of what is made of a log: goes up with every change to it, so that all is made anew."""
_BATCH = 2000
"""Events that are written together: others wait for some 30 ms."""


class BackfillReport(msgspec.Struct, frozen=True):
    """What was done to have the events of all logs."""

    sessions: int
    """Sessions that were read: those that changed since the last time."""
    events: int
    """Events of these."""
    removed: int
    """Events that no longer follow from any log."""
    matched: int
    """Commands under ``tacho run`` whose call was found in these sessions: one event, not two."""
    total: int
    """Events from logs that the store holds now."""


def backfill(workspace: Workspace, store: CommandStore) -> BackfillReport:
    """Let the store hold one event for every command in the warehouse that was run, and what its log says of it.

    Copies in forks are left out, calls that were refused or have no result too. Only what changed since the last time
    is read; whatever the order of ingestion, the same history gives the same events. Raises TachographError when there
    is no warehouse.
    """
    with _opened(workspace) as warehouse:
        key = load_key(store_place(store), workspace.settings.capture_key_file)
        return _Backfill(warehouse, store, key).run()


def follow_logs(workspace: Workspace, store: CommandStore) -> None:
    """Bring what the logs say of the store's commands up to date; the same as :func:`backfill` for the data folder's
    own store and for one that was backfilled before. Another one gets no events, only what became of those it has."""
    if store_place(store) == workspace.folder.absolute() or read_mark(store) is not None:
        backfill(workspace, store)
        return
    with _opened(workspace) as warehouse:
        key = load_key(store_place(store), workspace.settings.capture_key_file)
        _Backfill(warehouse, store, key).describe_runs()


@contextmanager
def _opened(workspace: Workspace) -> Iterator[sqlite3.Connection]:
    with closing(open_reader(workspace.folder)) as warehouse:
        warehouse.execute("BEGIN")  # all questions are about the same state
        yield warehouse


def store_place(store: CommandStore) -> Path:
    """The folder that the store lies in."""
    return Path(store.connection.execute("PRAGMA database_list").fetchone()[2]).parent


class _Backfill:
    def __init__(self, warehouse: sqlite3.Connection, store: CommandStore, key: Key) -> None:
        self._warehouse = warehouse
        self._store = store
        self._key = key
        self._runs = store.events(CAPTURED)
        self._mark = Mark(
            version=VERSION,
            warehouse=read_meta(warehouse, "store"),
            key=key.id,
            revision=warehouse.execute("SELECT coalesce(max(revision), 0) FROM changes").fetchone()[0],
            runs=_fingerprint(self._runs),
        )
        self._inner: defaultdict[str, list[Match]] = defaultdict(list)
        """By session, the captured commands that its calls made."""
        self._outer: defaultdict[str, list[CommandEvent]] = defaultdict(list)
        """By session, the captured commands in it whose call was not found."""

    def run(self) -> BackfillReport:
        before = read_mark(self._store)
        if before == self._mark:
            return BackfillReport(0, 0, 0, 0, self._count())
        changed = self._changed(before)
        matched = self._match(changed, all_runs=before is None or before.runs != self._mark.runs)
        events = removed = 0
        batch: list[SessionRecords] = []
        for session in sorted(changed):
            batch.append(self._records(session))
            events += len(batch[-1].events)
            if sum(len(one.events) for one in batch) >= _BATCH:
                removed += write_sessions(self._store, batch)
                batch = []
        removed += write_sessions(self._store, batch)
        held = {row[0] for row in self._warehouse.execute("SELECT id FROM sessions")}
        removed += forget_sessions(self._store, known_sessions(self._store) - held)
        write_mark(self._store, self._mark, before)
        return BackfillReport(len(changed), events, removed, matched, self._count())

    def describe_runs(self) -> None:
        """Write what sessions say of the captured commands alone."""
        sessions: set[str] = set()
        self._match(sessions, all_runs=True)
        known = {run.id for run in self._runs}
        for session in sorted(sessions):
            labels = [label for label in self._records(session).labels if label.target in known]
            write_sessions(self._store, [SessionRecords(session, [], labels)])

    def _count(self) -> int:
        return count_logged(self._store)

    def _changed(self, before: Mark | None) -> set[str]:
        """Sessions to read: all, when what was made before is of no use."""
        now = self._mark
        usable = before is not None and before.revision <= now.revision
        if before is None or not usable or _basis(before) != _basis(now):
            rows = self._warehouse.execute("SELECT id FROM sessions")
        else:
            query = (
                "SELECT s.id FROM changes c JOIN sessions s ON s.session = c.key WHERE c.kind = 0 AND c.revision > ?"
            )
            rows = self._warehouse.execute(query, (before.revision,))
        return {row[0] for row in rows}

    def _match(self, changed: set[str], *, all_runs: bool) -> int:
        """Find the calls of captured commands, in whole families; these join the ``changed`` sessions."""
        if not self._runs:
            return 0
        families = Families(self._warehouse, self._runs)
        wanted = frozenset[str]().union(*families.of.values())
        touched = wanted if all_runs else wanted & self._roots(changed)
        joined = families.joined(touched)
        runs = [run for run in self._runs if families.of[run.id] & joined]
        members = sorted(self._members(joined))
        found = match_runs(self._read(members), runs, families)
        places = {match.run.id: match.place for match in found}
        for match in found:
            self._inner[match.place[0]].append(match)
        for run in runs:
            if run.id not in places and run.session is not None:
                self._outer[run.session].append(run)
        link_runs(self._store, runs, places)
        changed.update(members)
        return len(found)

    def _roots(self, sessions: set[str]) -> set[str]:
        query = "SELECT root_id FROM sessions WHERE id = ?"
        return {row[0] for session in sessions for row in self._warehouse.execute(query, (session,))}

    def _members(self, roots: set[str]) -> set[str]:
        query = "SELECT id FROM sessions WHERE root_id = ?"
        return {row[0] for root in roots for row in self._warehouse.execute(query, (root,))}

    def _read(self, sessions: list[str]) -> Iterator[LoggedSession]:
        for session in sessions:
            found = read_session(self._warehouse, session)
            if found is not None:
                yield found

    def _records(self, session: str) -> SessionRecords:
        """All that follows from one session."""
        logged = read_session(self._warehouse, session)
        if logged is None:
            return SessionRecords(session, [], [])
        inner = self._inner.get(session, [])
        inside = {match.place[1] for match in inner}
        runs = [match.run for match in inner] + self._outer.get(session, [])
        pairs = [(make_event(logged, call, self._key), call) for call in logged.calls if call.id not in inside]
        steps = [logged_step(event, call) for event, call in pairs] + [captured_step(run) for run in runs]
        targets = {event.id: (call.part, call.position) for event, call in pairs}
        targets.update((match.run.id, match.position) for match in inner)
        labels = [*label_next_checks(steps), *label_next_prompts(logged, targets)]
        return SessionRecords(session, [event for event, _ in pairs], labels)


def _basis(mark: Mark) -> tuple[int, str, str]:
    return mark.version, mark.warehouse, mark.key


def _fingerprint(runs: list[CommandEvent]) -> str:
    hasher = xxhash.xxh3_64()
    for run in runs:
        hasher.update(f"{run.id} {run.executed_at} {run.duration_ms} {run.exit_code}\n".encode())
    return hasher.hexdigest()
