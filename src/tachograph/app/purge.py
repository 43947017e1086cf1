"""Removing sessions from the warehouse, for good: what they said is gone from the disk, hashes keep them out."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from tachograph.app.analyst import Analyst
from tachograph.app.commands.purged_stores import PurgedStore, forget_in_store, look_in_store
from tachograph.app.find_session import find_session
from tachograph.app.learn.forgetting import forget_in_files, forget_in_loop
from tachograph.app.purged import load_purged, remember
from tachograph.app.rollups.store import forget_rollups
from tachograph.app.workspace import Workspace
from tachograph.capture.forgetting import forget_sessions
from tachograph.errors import NotFound, UsageError
from tachograph.model import to_datetime
from tachograph.sources import hash_text
from tachograph.warehouse.derive import derive
from tachograph.warehouse.query_files import read_query
from tachograph.warehouse.store import erase_free_pages, open_writer, rename_store, transaction
from tachograph.warehouse.writer import LogWriter

_SHOWN_PROJECTS = 10


class Target(msgspec.Struct, frozen=True):
    """What is to be purged: exactly one of these; none of them: what earlier purges left in stores of commands."""

    project: str | None = None
    """A project's path, or a part of it that only one project has."""
    session: str | None = None
    """A session as :func:`tachograph.app.find_session.find_session` finds it, with its subagents."""
    before: int | None = None
    """Sessions that ended, with all their subagents, before this moment (ms)."""


class PurgedSession(msgspec.Struct):
    """A session that is or would be purged."""

    id: str
    kind: str
    project: str | None
    label: str | None
    """Title, else how it began."""
    started_at: datetime | None
    ended_at: datetime | None


class PurgeReport(msgspec.Struct):
    """What was removed, or would be."""

    removed: bool
    """False: nothing was removed, this is what would be."""
    erased: bool
    """True: no byte of it is left in any file of the data folder. False before removing, or while another process
    still reads the warehouse."""
    session: str | None
    """Id of the session that was named; null when a project or a moment was. It may have left no log itself."""
    main_sessions: int
    subagents: int
    logs: int
    """Logs whose every session goes; they are not read again."""
    shared_logs: int
    """Logs that stay because they hold other sessions too."""
    responses: int
    """Responses stored, copies included."""
    tool_calls: int
    prompts: int
    sharing_sessions: list[str]
    """Other sessions that hold copies of responses (forks, resumed sessions): they keep their copies."""
    sessions: list[PurgedSession]
    """The last to end first."""
    stores: list[PurgedStore] = []
    """Stores of commands elsewhere that were named."""


def plan_purge(connection: sqlite3.Connection, target: Target, stores: Sequence[Path] = ()) -> PurgeReport:
    """What purging ``target`` would remove; removes nothing. ``stores``: folders in which stores of commands lie, from
    which goes what purged sessions ran.

    Raises NotFound when nothing matches and UsageError for a project that is not unique.
    """
    report = _plan_sessions(connection, target)
    named = [report.session] if report.session else []
    hashes = load_purged(connection) | {hash_text(one) for one in (*named, *(one.id for one in report.sessions))}
    report.stores = [look_in_store(folder.absolute(), hashes) for folder in stores]
    return report


def _plan_sessions(connection: sqlite3.Connection, target: Target) -> PurgeReport:
    if target == Target():
        return PurgeReport(False, False, None, 0, 0, 0, 0, 0, 0, 0, [], [])
    named = _choose(connection, target)
    rows = connection.execute(read_query("purge_targets")).fetchall()
    if not rows:
        raise NotFound("Nothing matches: there is nothing to purge.", slug="nothing_to_purge")
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS doomed (id TEXT PRIMARY KEY)")
    connection.execute("DELETE FROM doomed")
    connection.executemany("INSERT INTO doomed VALUES (?)", [row[:1] for row in rows])
    report = PurgeReport(
        removed=False,
        erased=False,
        session=named,
        main_sessions=sum(row[1] == "main" for row in rows),
        subagents=sum(row[1] != "main" for row in rows),
        logs=_count(connection, "SELECT count(DISTINCT log) FROM segments WHERE session IN doomed"),
        shared_logs=_count(
            connection,
            "SELECT count(DISTINCT log) FROM segments WHERE session IN doomed"
            " AND log IN (SELECT log FROM segments WHERE session NOT IN doomed)",
        ),
        responses=_count_records(connection, "responses"),
        tool_calls=_count_records(connection, "tool_calls"),
        prompts=_count_records(connection, "prompts"),
        sharing_sessions=[
            row[0]
            for row in connection.execute(
                "SELECT DISTINCT o.session FROM doomed d CROSS JOIN segments s ON s.session = d.id"
                " CROSS JOIN responses r USING (segment) CROSS JOIN responses c ON c.key = r.key"
                " CROSS JOIN segments o ON o.segment = c.segment WHERE o.session NOT IN doomed ORDER BY 1"
            )
        ],
        sessions=[
            PurgedSession(session, kind, project, label, _moment(started), _moment(ended))
            for session, kind, project, label, started, ended in rows
        ],
    )
    report.logs -= report.shared_logs
    return report


def purge(workspace: Workspace, plan: PurgeReport) -> PurgeReport:
    """Remove the sessions of ``plan``, and those of their subagents stored since; returns what was removed.

    Raises Busy and TachographError as the store does.
    """
    with open_writer(workspace.folder) as connection:
        if plan.session is None and not plan.sessions:
            return msgspec.structs.replace(plan, removed=True, erased=_forget_in_stores(connection, plan))
        connection.execute("PRAGMA secure_delete = ON")
        with transaction(connection):
            named = [plan.session] if plan.session else []
            _fill_chosen(connection, [*named, *(session.id for session in plan.sessions)])
            ids = [row[0] for row in connection.execute(read_query("purge_targets")).fetchall()]
            writer = LogWriter(connection, lambda *_: None)
            path_hashes = writer.forget_sessions(ids)
            connection.executemany("DELETE FROM judgements WHERE session = ?", [(one,) for one in [*named, *ids]])
            analyst = Analyst(workspace.prices(connection), workspace.settings)
            derive(connection, writer.touched, analyst)
            forget_in_loop(connection, [*named, *ids])
            rename_store(connection)
            remember(connection, [*path_hashes, *map(hash_text, [*named, *ids])])
        forget_in_files(workspace.folder, {*named, *ids})
        forgotten = forget_sessions(workspace.folder, {*named, *ids}) & _forget_in_stores(connection, plan)
        erased = forget_rollups(workspace.folder) & forgotten & erase_free_pages(connection)
    return msgspec.structs.replace(plan, removed=True, erased=erased, logs=len(path_hashes))


def _forget_in_stores(connection: sqlite3.Connection, plan: PurgeReport) -> bool:
    purged = load_purged(connection)
    erased = [forget_in_store(Path(store.folder), purged) for store in plan.stores]
    return all(erased)


def _choose(connection: sqlite3.Connection, target: Target) -> str | None:
    """Fill the temporary table ``chosen`` with the sessions at the top of ``target``; the id of a session named."""
    if target.session is not None:
        named = find_session(connection, target.session)
        _fill_chosen(connection, [named])
        return named
    if target.project is not None:
        project = _find_project(connection, target.project)
        rows = connection.execute("SELECT id FROM sessions WHERE project = ?", (project,)).fetchall()
        _fill_chosen(connection, [row[0] for row in rows])
    else:
        rows = connection.execute(
            "SELECT root_id FROM sessions GROUP BY root_id HAVING max(ended_at) < ?", (target.before,)
        ).fetchall()
        _fill_chosen(connection, [row[0] for row in rows])
    return None


def _fill_chosen(connection: sqlite3.Connection, ids: Sequence[str]) -> None:
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS chosen (id TEXT PRIMARY KEY)")
    connection.execute("DELETE FROM chosen")
    connection.executemany("INSERT OR IGNORE INTO chosen VALUES (?)", [(one,) for one in ids])


def _find_project(connection: sqlite3.Connection, text: str) -> str:
    """The project of this path, else the only one whose path has ``text`` in it. Raises NotFound and UsageError."""
    found = [
        row[0]
        for row in connection.execute(
            "SELECT DISTINCT project FROM sessions WHERE instr(lower(project), lower(?)) > 0 ORDER BY project", (text,)
        )
    ]
    if text in found:
        return text
    if not found:
        raise NotFound(f"There is no project {text!r}.", slug="no_such_project")
    if len(found) > 1:
        more = f"\n  … and {len(found) - _SHOWN_PROJECTS} more" if len(found) > _SHOWN_PROJECTS else ""
        listed = "".join(f"\n  {project}" for project in found[:_SHOWN_PROJECTS])
        raise UsageError(
            f"{len(found)} projects have {text!r} in their path.",
            slug="ambiguous_project",
            hint=f"Give one of them as it is:{listed}{more}",
        )
    return str(found[0])


def _count(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])


def _count_records(connection: sqlite3.Connection, table: str) -> int:
    part = " AND pass = 0" if table == "responses" else ""
    return _count(
        connection,
        f"SELECT count(*) FROM {table} WHERE segment IN (SELECT segment FROM segments WHERE session IN doomed){part}",
    )


def _moment(at: int | None) -> datetime | None:
    return None if at is None else to_datetime(at)
