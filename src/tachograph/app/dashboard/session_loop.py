"""What the feedback loop knows of one session: KPIs beside what is usual, alerts, the trials that it took part in."""

from __future__ import annotations

import sqlite3

import msgspec

from tachograph.analysis.kpis import Direction, Kpi, Status, load_kpis
from tachograph.app.learn.fold import expected_of, load_alerts, load_baselines
from tachograph.app.learn.points import load_points
from tachograph.learning.alerts import Alert
from tachograph.learning.baselines import Baseline
from tachograph.learning.records import Arm, Point
from tachograph.learning.trials import TrialState

_ARMS = "SELECT trial, suggestion, arm, share FROM assignments WHERE session = ? ORDER BY at, trial"
_TRIAL = "SELECT record FROM loop_records WHERE kind = 'trial' AND name = ?"


class KpiValue(msgspec.Struct, frozen=True):
    """One KPI of the session beside its thresholds and the baseline of its agent type as it is now."""

    kpi: str
    title: str
    unit: str
    better: Direction
    value: float | None
    """Null where its data is missing."""
    lacking: str | None
    """Why it is missing."""
    status: Status | None
    """Against the KPI's thresholds; null where there are none for everybody."""
    baseline_mean: float | None
    """Of the same agent type, agent and model family, else of the agent type; null without one."""
    baseline_sd: float | None
    """In the KPI's unit; of KPIs on a logarithmic scale of the natural logarithm."""
    baseline_sessions: int
    """Sessions that it was made from; this one may be among them."""


class ToldAlert(msgspec.Struct, frozen=True):
    """An alert about the session, and what the user said of it."""

    alert: Alert
    title: str
    """Of the KPI."""
    verdict: str | None
    """seen, real or false_alarm; null: nothing yet."""


class TakenPart(msgspec.Struct, frozen=True):
    """A trial that the session took part in."""

    trial: str
    suggestion: str
    arm: Arm
    share: float
    """The chance of treatment that it had, 0 to 1."""
    state: str | None
    """Where the trial stands; null: it was not judged yet."""


class LoopView(msgspec.Struct, frozen=True):
    """What the loop knows."""

    agent_type: str | None
    """Whose baselines count; null: the session has no KPIs (yet)."""
    kpis: list[KpiValue]
    alerts: list[ToldAlert]
    """As they were given when the session was judged, the gravest first."""
    trials: list[TakenPart]


def view_loop(connection: sqlite3.Connection, id: str) -> LoopView:
    """What the loop knows of the session ``id``."""
    point = next(iter(load_points(connection, "session = ?", (id,))), None)
    return LoopView(
        point.group.agent_type if point else None,
        _list_kpis(connection, point) if point else [],
        _list_alerts(connection, id),
        [_arm(connection, row) for row in connection.execute(_ARMS, (id,)).fetchall()],
    )


def _list_kpis(connection: sqlite3.Connection, point: Point) -> list[KpiValue]:
    table = load_baselines(connection)
    return [
        _kpi(kpi, point, expected_of(point, name, table))
        for name, kpi in load_kpis().items()
        if name in point.values or name in point.lacking
    ]


def _kpi(kpi: Kpi, point: Point, baseline: Baseline | None) -> KpiValue:
    value = point.values.get(kpi.name)
    return KpiValue(
        kpi.name, kpi.title, kpi.unit, kpi.better, value, point.lacking.get(kpi.name),
        None if value is None else kpi.status(value), baseline.mean if baseline else None,
        baseline.sd if baseline else None, baseline.n if baseline else 0,
    )  # fmt: skip


def _list_alerts(connection: sqlite3.Connection, id: str) -> list[ToldAlert]:
    acks = dict(
        connection.execute(
            "SELECT k.alert, k.verdict FROM alerts a JOIN alert_acks k ON k.alert = a.id WHERE a.session = ?", (id,)
        ).fetchall()
    )
    kpis = load_kpis()
    found = sorted(load_alerts(connection, "session = ?", (id,)), key=lambda one: (one.priority, one.kpi))
    return [
        ToldAlert(one, kpis[one.kpi].title if one.kpi in kpis else one.kpi.replace("_", " "), acks.get(one.id))
        for one in found
    ]


def _arm(connection: sqlite3.Connection, row: tuple[str, str, Arm, float]) -> TakenPart:
    record = connection.execute(_TRIAL, (row[0],)).fetchone()
    state = msgspec.msgpack.decode(record[0], type=TrialState).state if record else None
    return TakenPart(*row, state)
