"""Every session held against its baseline, in the order in which they ended, and what comes of it kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from tachograph.analysis.kpis import load_kpis
from tachograph.app.learn.decisions import Activation, load_resets
from tachograph.app.learn.points import load_points
from tachograph.app.learn.rules import load_user_rules
from tachograph.learning.alerts import Alert, Incident
from tachograph.learning.baselines import Baseline
from tachograph.learning.records import Group, Point
from tachograph.learning.review import Judged, Reviewer

BaselineTable = dict[Group, dict[str, Baseline]]


class Folded(msgspec.Struct, frozen=True):
    """What the whole history comes to."""

    baselines: BaselineTable
    before_trials: dict[str, BaselineTable]
    """Baselines as they were when each trial began, by its id."""
    sessions: int
    incomplete: int
    """Sessions of which some KPI's data is missing."""


def fold_history(connection: sqlite3.Connection, activations: Sequence[Activation], now: int) -> Folded:
    """Judge all sessions and keep the alerts and incidents; the caller's transaction commits them."""
    treated = load_treated(connection)
    reviewer = Reviewer(load_kpis(), load_user_rules(), load_resets(connection))
    waiting = sorted(activations, key=lambda one: one.started_at, reverse=True)
    before: dict[str, BaselineTable] = {}
    alerts: list[Alert] = []
    incidents: list[Incident] = []
    sessions = incomplete = 0
    for point in load_points(connection):
        while waiting and waiting[-1].started_at <= point.ended_at:
            one = waiting.pop()
            before[one.trial] = reviewer.baselines(one.started_at)
        judged = reviewer.take(point, feeds=point.session not in treated)
        alerts += judged.alerts
        incidents += judged.incidents
        sessions += 1
        incomplete += bool(point.lacking)
    baselines = reviewer.baselines(now)
    before.update({one.trial: baselines for one in waiting})
    _keep(connection, alerts, incidents, baselines)
    return Folded(baselines, before, sessions, incomplete)


def judge_all(connection: sqlite3.Connection) -> Iterator[Judged]:
    """The judgement on each session as it was when it ended, in order."""
    treated = load_treated(connection)
    reviewer = Reviewer(load_kpis(), load_user_rules(), load_resets(connection))
    for point in load_points(connection):
        yield reviewer.take(point, feeds=point.session not in treated)


def judge_again(connection: sqlite3.Connection, sessions: Mapping[str, object]) -> Iterator[Judged]:
    """As :func:`judge_all`, of ``sessions`` alone."""
    missing = len(sessions)
    for judged in judge_all(connection):
        if judged.point.session in sessions:
            yield judged
            missing -= 1
            if not missing:
                return


def load_treated(connection: sqlite3.Connection) -> frozenset[str]:
    """Sessions that were given a suggestion under test: they do not feed the baseline that they are compared with."""
    rows = connection.execute("SELECT session FROM assignments WHERE arm = 'treatment'")
    return frozenset(session for (session,) in rows)


def load_alerts(connection: sqlite3.Connection, where: str = "1", values: Sequence[object] = ()) -> list[Alert]:
    """Alerts, the latest first; ``where`` is a condition on ``alerts``."""
    rows = connection.execute(f"SELECT record FROM alerts WHERE {where} ORDER BY at DESC, id", values)
    return [msgspec.json.decode(record, type=Alert) for (record,) in rows]


def load_incidents(connection: sqlite3.Connection) -> list[Incident]:
    """Incidents, the latest first."""
    found = [msgspec.msgpack.decode(record, type=Incident) for record in load_kind(connection, "incident").values()]
    return sorted(found, key=lambda one: (-one.at, one.id))


def load_baselines(connection: sqlite3.Connection) -> BaselineTable:
    """The baselines as of the last time that the loop went round."""
    record = load_kind(connection, "baselines").get("all")
    pairs = msgspec.msgpack.decode(record, type=list[tuple[Group, dict[str, Baseline]]]) if record else []
    return dict(pairs)


def load_kind(connection: sqlite3.Connection, kind: str) -> dict[str, bytes]:
    """The stored records of one kind by name."""
    rows = connection.execute("SELECT name, record FROM loop_records WHERE kind = ? ORDER BY name", (kind,))
    return dict(rows.fetchall())


def keep_kind(connection: sqlite3.Connection, kind: str, records: Mapping[str, object]) -> None:
    """Store these records in place of all of the kind; the caller's transaction commits it."""
    connection.execute("DELETE FROM loop_records WHERE kind = ?", (kind,))
    connection.executemany(
        "INSERT INTO loop_records VALUES (?, ?, ?)",
        [(kind, name, msgspec.msgpack.encode(record)) for name, record in records.items()],
    )


def _keep(
    connection: sqlite3.Connection, alerts: list[Alert], incidents: list[Incident], baselines: BaselineTable
) -> None:
    connection.execute("DELETE FROM alerts")
    connection.executemany(
        "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (one.id, one.session, one.kpi, one.rule, one.severity, one.at, msgspec.json.encode(one).decode())
            for one in alerts
        ],
    )
    keep_kind(connection, "incident", {one.id: one for one in incidents})
    keep_kind(connection, "baselines", {"all": sorted(baselines.items(), key=lambda pair: pair[0])})


def expected_of(point: Point, kpi: str, table: BaselineTable, *, any_family: bool = False) -> Baseline | None:
    """What was to be expected of a session: of its own group, else of its agent type; None without a baseline.

    ``any_family``: of its agent type, whatever model it chose.
    """
    group = point.group
    pooled = [Group(group.agent_type, group.agent, "*"), Group(group.agent_type, "*", "*")]
    for key in pooled if any_family else [group, *pooled]:
        found = table.get(key, {}).get(kpi)
        if found is not None and found.mean is not None and found.status != "bootstrap":
            return found
    return None
