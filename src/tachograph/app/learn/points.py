"""KPIs of every session: computed once, and anew when the session has changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import xxhash

from tachograph.analysis import kpis as kpi_package
from tachograph.analysis.kpis import Measured, Seen, measure_kpis
from tachograph.analysis.model_family import model_family
from tachograph.app.history import load_records
from tachograph.app.learn.agent_types import AgentTypes
from tachograph.learning.records import Group, Point
from tachograph.model import Finding
from tachograph.warehouse.store import read_meta, transaction, write_meta

_BATCH = 500
UNTOLD = "untold"
"""Kind of the records that name sessions whose files are still to be written."""
_UNSEEN = """
SELECT s.id, s.kind, s.agent, coalesce(s.agent_type, h.agent_type), s.project, s.task_type, s.model, s.started_at,
       s.ended_at
FROM sessions s LEFT JOIN points p ON p.session = s.id LEFT JOIN starts h ON h.session = s.id
WHERE p.session IS NULL AND s.ended_at IS NOT NULL AND s.started_at IS NOT NULL
ORDER BY s.ended_at, s.id LIMIT ?"""
_FINDINGS = """
SELECT f.position, f.at, f.count, f.tokens, f.carried_tokens, f.cost_pico, f.is_estimate, f.detector
FROM segments g JOIN findings f USING (segment) WHERE g.session = ? ORDER BY f.at, f.id"""
_POINTS = """
SELECT session, agent_type, agent, family, kind, started_at, ended_at, lacking, project, task_type, cost_pico, origin
FROM points WHERE {where} ORDER BY ended_at, session"""
_NOT_SEEN = ""
"""Family of a session that has no response of its own: it has no KPIs and counts nowhere."""


def refresh_points(
    connection: sqlite3.Connection, types: AgentTypes, on_progress: Callable[[int, int], None] | None = None
) -> list[str]:
    """Compute the KPIs of all sessions that are new or have changed; returns their ids, in the order of their end.

    All are computed anew when a KPI's code or the user's agent types have changed. Each batch is a transaction.
    """
    forget_outdated(connection, types)
    connection.execute(
        "DELETE FROM kpis WHERE session IN (SELECT k.session FROM kpis k LEFT JOIN points p USING (session)"
        " WHERE p.session IS NULL)"
    )
    total = connection.execute(
        "SELECT count(*) FROM sessions s LEFT JOIN points p ON p.session = s.id"
        " WHERE p.session IS NULL AND s.ended_at IS NOT NULL AND s.started_at IS NOT NULL"
    ).fetchone()[0]
    done: list[str] = []
    while rows := connection.execute(_UNSEEN, (_BATCH,)).fetchall():
        with transaction(connection):
            for row in rows:
                store_point(connection, _measure(connection, row, types))
                connection.execute("INSERT OR REPLACE INTO loop_records VALUES (?, ?, x'')", (UNTOLD, row[0]))
        done += [row[0] for row in rows]
        if on_progress is not None:
            on_progress(len(done), total)
    return done


def untold_sessions(connection: sqlite3.Connection) -> list[str]:
    """Sessions with new KPIs of which no file tells yet, in the order of their end: those of a killed round too."""
    rows = connection.execute(
        "SELECT p.session FROM loop_records l JOIN points p ON p.session = l.name WHERE l.kind = ?"
        " ORDER BY p.ended_at, p.session",
        (UNTOLD,),
    )
    return [session for (session,) in rows]


def note_told(connection: sqlite3.Connection) -> None:
    """Say that files tell of all sessions; the caller's transaction commits it."""
    connection.execute("DELETE FROM loop_records WHERE kind = ?", (UNTOLD,))


def load_points(connection: sqlite3.Connection, where: str = "1", values: Sequence[object] = ()) -> Iterator[Point]:
    """Sessions with their KPIs in the order in which they count; ``where`` is a condition on ``points``."""
    rows = connection.execute(_POINTS.format(where=f"family <> '' AND ({where})"), values)
    held = connection.execute(
        f"SELECT session, kpi, value FROM points JOIN kpis USING (session) WHERE {where}"
        " ORDER BY ended_at, session, kpi",
        values,
    )
    measured: dict[str, float] = {}
    current: tuple[str, str, float] | None = held.fetchone()
    decode = msgspec.json.Decoder(dict[str, str]).decode
    for row in rows:
        measured = {}
        while current is not None and current[0] == row[0]:
            measured[current[1]] = current[2]
            current = held.fetchone()
        yield Point(
            row[0], Group(row[1], row[2], row[3]), row[4], row[5], row[6], measured,
            decode(row[7]) if row[7] != "{}" else {}, *row[8:],
        )  # fmt: skip


def store_point(connection: sqlite3.Connection, point: Point) -> None:
    """Keep a session's KPIs in place of what was known of it; the caller's transaction commits it.

    The loop is to go round again then, also when this round does not get that far.
    """
    write_meta(connection, "loop_stamp", "")
    connection.execute("DELETE FROM kpis WHERE session = ?", (point.session,))
    connection.execute("DELETE FROM points WHERE session = ?", (point.session,))  # so that triggers see it go
    connection.execute(
        "INSERT INTO points VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            point.session, point.origin, point.group.agent_type, point.group.agent, point.group.family, point.kind,
            point.project, point.task_type, point.started_at, point.ended_at, point.cost_pico,
            msgspec.json.encode(point.lacking, order="deterministic").decode(),
        ),
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO kpis VALUES (?, ?, ?)", [(point.session, name, value) for name, value in point.values.items()]
    )


def load_scores(connection: sqlite3.Connection, session: str) -> dict[str, tuple[float, ...]]:
    """What judges and evaluators said of a session, by the name of what they judged."""
    found: dict[str, list[float]] = {}
    for name, score in connection.execute(
        "SELECT name, score FROM evaluations WHERE session = ? ORDER BY name, at, evaluator", (session,)
    ):
        found.setdefault(name, []).append(score)
    return {name: tuple(scores) for name, scores in found.items()}


def forget_outdated(connection: sqlite3.Connection, types: AgentTypes) -> None:
    """Drop all KPIs when they were computed by other code, or for other agent types."""
    current = f"{_hash_code()}/{types.places}"
    if read_meta(connection, "kpi_fingerprint") != current:
        with transaction(connection):
            connection.execute("DELETE FROM points")
            connection.execute("DELETE FROM kpis")
            write_meta(connection, "kpi_fingerprint", current)


def _hash_code() -> str:
    """A hash of all KPIs and of what they share with the rest of the analysis: a new version computes them anew."""
    hasher = xxhash.xxh3_64()
    folders = [folder for place in kpi_package.__path__ for folder in (Path(place), Path(place).parent)]
    files = [file for folder in folders for file in folder.iterdir() if file.suffix == ".py"]
    for file in sorted(files, key=lambda file: (file.parent.name, file.name)):
        hasher.update(file.name.encode())
        hasher.update(file.read_bytes())
    return hasher.hexdigest()


def _measure(connection: sqlite3.Connection, row: Sequence[Any], types: AgentTypes) -> Point:
    session, kind, agent, agent_type, project, task_type, model, started_at, ended_at = row
    told = load_records(connection, str(session))
    measured, cost, family = Measured({}, {}), None, _NOT_SEEN
    if told is not None and told[0].responses:
        records, costs = told
        # Of a continuation the first line may be another session's: the warehouse has when its own records begin.
        records = msgspec.structs.replace(records, started_at=started_at, ended_at=ended_at)
        priced = [one.pico for one in costs.values() if one.pico is not None]
        cost = sum(priced) if priced else None
        measured = measure_kpis(
            Seen(
                records,
                cost,
                sum(not one.priced for one in costs.values()),
                _load_findings(connection, str(session)),
                load_scores(connection, str(session)),
            )
        )
        family = model_family(str(model or records.responses[0].model)) or "unknown"
    return Point(
        session=session, group=Group(types.find(kind, agent_type, project), agent, family), kind=kind,
        started_at=started_at, ended_at=ended_at, values=measured.values, lacking=measured.lacking, project=project,
        task_type=task_type, cost_pico=cost,
    )  # fmt: skip


def _load_findings(connection: sqlite3.Connection, session: str) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            position=row[0], at=row[1], count=row[2], tokens=row[3], carried_tokens=row[4], cost_pico=row[5],
            is_estimate=bool(row[6]), detector=row[7],
        )
        for row in connection.execute(_FINDINGS, (session,))
    )  # fmt: skip
