"""Sessions and scores of the telemetry folder that the user names."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from tachograph.analysis.kpis import Seen, measure_kpis
from tachograph.analysis.model_family import model_family
from tachograph.app.learn.agent_types import AgentTypes
from tachograph.app.learn.points import forget_outdated, load_scores, store_point
from tachograph.app.learn.user_folder import user_folder
from tachograph.app.purged import is_purged, is_purged_id, load_purged
from tachograph.app.workspace import Workspace
from tachograph.learning.records import Group, Point
from tachograph.report.units import counted
from tachograph.telemetry import Evaluation, TelemetrySession, fingerprint, read_telemetry
from tachograph.warehouse.store import read_meta, transaction, write_meta

_UNKNOWN_FAMILY = "unknown"
_STATE = "telemetry_state"


def read_telemetry_folder(connection: sqlite3.Connection, workspace: Workspace, types: AgentTypes) -> list[str]:
    """Keep what the folder tells; returns what the person should know.

    A session that has a transcript is told by it alone, but for its scores. What was read stays when the files go;
    what was purged stays away.
    """
    forget_outdated(connection, types)
    notes = _read_folder(connection, workspace)
    with transaction(connection):
        store_telemetry_points(connection, types)
    return notes


def _read_folder(connection: sqlite3.Connection, workspace: Workspace) -> list[str]:
    if not workspace.settings.learn_folder:
        return []
    folder = user_folder(workspace.settings)
    if folder is None:
        return ["learn.folder is no whole path: nothing is read from it, and nothing written there."]
    if not folder.is_dir():
        return [f"The telemetry folder {folder} does not exist (learn.folder): it is made where that can be done."]
    state = fingerprint(folder)
    if read_meta(connection, _STATE) == state:
        return []
    told = read_telemetry(folder, workspace.clean)
    purged = load_purged(connection)
    with transaction(connection):
        write_meta(connection, _STATE, state)
        _keep_scores(connection, [one for one in told.evaluations if not is_purged_id(one.session, purged)])
        _keep_sessions(connection, [one for one in told.sessions if not is_purged(one.session, purged)])
    notes = []
    if told.problems:
        first = told.problems[0]
        notes.append(
            f"{counted(len(told.problems), 'line')} of the telemetry folder could not be read, the first in"
            f" {first.file or 'the folder itself'}: {first.problem.detail}."
        )
    if told.unassigned:
        notes.append(f"{counted(told.unassigned, 'record')} of the telemetry folder without a session left out.")
    return notes


def _keep_scores(connection: sqlite3.Connection, evaluations: Iterable[Evaluation]) -> None:
    for one in evaluations:
        held = connection.execute(
            "SELECT score FROM evaluations WHERE session = ? AND name = ? AND evaluator = ? AND at = ?",
            (one.session, one.name, one.evaluator, one.at),
        ).fetchone()
        if held == (one.score,):
            continue
        connection.execute(
            "INSERT OR REPLACE INTO evaluations VALUES (?, ?, ?, ?, ?, 'telemetry')",
            (one.session, one.name, one.evaluator, one.at, one.score),
        )
        forget_point(connection, one.session)


def _keep_sessions(connection: sqlite3.Connection, sessions: Iterable[TelemetrySession]) -> None:
    for one in sessions:
        record = msgspec.msgpack.encode(_without_texts(one))
        held = connection.execute("SELECT record FROM telemetry WHERE session = ?", (one.session.id,)).fetchone()
        if held is None or held[0] != record:
            connection.execute("INSERT OR REPLACE INTO telemetry VALUES (?, ?)", (one.session.id, record))
            forget_point(connection, one.session.id)


def _without_texts(told: TelemetrySession) -> TelemetrySession:
    """What KPIs go by: numbers, names and times."""
    replace = msgspec.structs.replace
    session = replace(
        told.session,
        title=None,
        prompts=tuple(replace(one, text="") for one in told.session.prompts),
        tool_calls=tuple(replace(one, command=None, error_signature=None) for one in told.session.tool_calls),
        markers=tuple(replace(one, detail="") for one in told.session.markers),
    )
    return replace(told, session=session)


def store_telemetry_points(connection: sqlite3.Connection, types: AgentTypes) -> None:
    """Compute the KPIs of those sessions that only telemetry knows, as far as that is still to be done.

    Those whose transcript has come since are the transcript's. The caller's transaction commits it.
    """
    if connection.execute("SELECT 1 FROM telemetry LIMIT 1").fetchone() is None:
        return
    connection.execute(
        "DELETE FROM points WHERE origin = 'telemetry' AND session IN (SELECT id FROM sessions WHERE ended_at NOTNULL)"
    )
    rows = connection.execute(
        "SELECT t.record FROM telemetry t LEFT JOIN points p USING (session)"
        " LEFT JOIN sessions s ON s.id = t.session AND s.ended_at NOTNULL AND s.started_at NOTNULL"
        " WHERE p.session IS NULL AND s.id IS NULL ORDER BY t.session"
    ).fetchall()
    for (record,) in rows:
        point = _measure(connection, msgspec.msgpack.decode(record, type=TelemetrySession), types)
        if point is not None:
            store_point(connection, point)


def _measure(connection: sqlite3.Connection, told: TelemetrySession, types: AgentTypes) -> Point | None:
    session = told.session
    if session.started_at is None or session.ended_at is None:
        return None
    measured = measure_kpis(
        Seen(
            session,
            unpriced=len(session.responses),
            scores=load_scores(connection, session.id),
            context_utilization=told.context_utilization,
            is_summed=told.is_summed,
        )
    )
    models = [one.model for one in session.responses]
    return Point(
        session=session.id,
        group=Group(
            types.find(session.kind, session.agent_type, session.project),
            session.agent,
            (model_family(models[0]) if models else "") or _UNKNOWN_FAMILY,
        ),
        kind=session.kind,
        started_at=session.started_at,
        ended_at=session.ended_at,
        values={name: value for name, value in measured.values.items() if name not in told.untold_kpis},
        lacking={name: why for name, why in measured.lacking.items() if name not in told.untold_kpis},
        project=session.project,
        origin="telemetry",
    )


def forget_point(connection: sqlite3.Connection, session: str) -> None:
    """Have a session's KPIs computed anew; the caller's transaction commits it."""
    connection.execute("DELETE FROM points WHERE session = ?", (session,))
    connection.execute("DELETE FROM kpis WHERE session = ?", (session,))
