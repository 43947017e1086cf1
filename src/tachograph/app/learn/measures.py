"""The loop's own six measures, against what the plan that it follows asks of itself."""

from __future__ import annotations

import sqlite3
from datetime import datetime

import msgspec

from tachograph.app.learn.decisions import find_activations, load_acks, load_decisions
from tachograph.app.learn.fold import load_alerts
from tachograph.app.learn.trials import load_trials
from tachograph.learning.trials import TrialState
from tachograph.model import to_datetime
from tachograph.warehouse.store import read_meta

WINDOW_MS = 30 * 24 * 3600 * 1000
_DECIDED = ("proven", "harmful", "no_effect", "promoted")


class Measure(msgspec.Struct, frozen=True):
    """One measure of the loop itself."""

    name: str
    title: str
    value: float | None
    """Null: nothing is there to measure it by."""
    unit: str
    """ratio or seconds."""
    target: str
    """What the plan asks for, in words."""
    met: bool | None
    of: int
    """How many it was measured on."""


class LoopStatus(msgspec.Struct, frozen=True):
    """How the loop itself does."""

    last_round: datetime | None
    """When it last found something new; null: never."""
    sessions: int
    measures: list[Measure]


def measure_loop(connection: sqlite3.Connection, now: int) -> LoopStatus:
    """The six measures from what is stored; shares of sessions are those of the last 30 days."""
    at = read_meta(connection, "loop_at")
    sessions = connection.execute("SELECT count(*) FROM points WHERE family <> ''").fetchone()[0]
    return LoopStatus(
        to_datetime(int(at)) if at else None,
        sessions,
        [
            _coverage(connection),
            _duration(connection),
            _false_alarms(connection),
            _promoted(connection),
            _gain(connection),
            _briefed(connection, now),
        ],
    )


def _coverage(connection: sqlite3.Connection) -> Measure:
    done, everything = connection.execute(
        "SELECT count(p.session), count(*) FROM sessions s LEFT JOIN points p ON p.session = s.id"
    ).fetchone()
    return _share("coverage", "Sessions analysed", done, everything, "≥ 95 %", 0.95)


def _duration(connection: sqlite3.Connection) -> Measure:
    held = read_meta(connection, "loop_seconds")
    seconds = float(held) if held else None
    met = None if seconds is None else seconds < 300
    return Measure("analysis_seconds", "Time of the last round", seconds, "seconds", "< 5 min", met, int(bool(held)))


def _false_alarms(connection: sqlite3.Connection) -> Measure:
    acks = load_acks(connection)
    critical = [acks[one.id] for one in load_alerts(connection, "severity = 'critical'") if one.id in acks]
    said = [verdict for verdict in critical if verdict != "seen"]
    wrong = said.count("false_alarm")
    return _share("false_critical", "Critical alerts that were false", wrong, len(said), "< 5 %", 0.05, less=True)


def _promoted(connection: sqlite3.Connection) -> Measure:
    """Of the trials that came to an end, those whose suggestion was proven or promoted."""
    states = load_trials(connection)
    ended = [
        (one.closed is not None and one.closed.action == "promote") or states[one.trial].state == "proven"
        for one in find_activations(load_decisions(connection))
        if one.trial in states
        and (states[one.trial].state in _DECIDED or (one.closed is not None and one.closed.action == "promote"))
    ]
    return _share("promoted", "Decided suggestions that were kept", sum(ended), len(ended), "> 60 %", 0.60)


def _gain(connection: sqlite3.Connection) -> Measure:
    """Mean relative gain of those that were proven, on their target KPI."""
    gains = [gain for state in load_trials(connection).values() if (gain := _relative_gain(state)) is not None]
    mean = sum(gains) / len(gains) if gains else None
    met = None if mean is None else mean > 0.30
    return Measure("gain", "Average gain of what was proven", mean, "ratio", "> 30 %", met, len(gains))


def _relative_gain(state: TrialState) -> float | None:
    if state.state != "proven" or state.target.difference is None or not state.target.mean_control:
        return None
    return abs(state.target.difference / state.target.mean_control)


def _briefed(connection: sqlite3.Connection, now: int) -> Measure:
    """Of the main sessions since the hooks saw the first one, those that the hooks saw begin."""
    since = now - WINDOW_MS
    seen, everything = connection.execute(
        "SELECT count(h.session), count(*) FROM points p LEFT JOIN starts h ON h.session = p.session"
        " WHERE p.kind = 'main' AND p.family <> '' AND p.started_at >= ?"
        " AND p.started_at >= (SELECT min(at) - 60000 FROM starts WHERE at >= ?)",
        (since, since),
    ).fetchone()
    return _share("briefed", "Sessions that began with baselines", seen, everything, "100 %", 1.0)


def _share(name: str, title: str, part: int, whole: int, target: str, bound: float, *, less: bool = False) -> Measure:
    value = part / whole if whole else None
    met = None if value is None else value < bound if less else value >= bound
    return Measure(name, title, value, "ratio", target, met, whole)
