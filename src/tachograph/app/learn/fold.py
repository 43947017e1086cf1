"""Every session held against its baseline, in the order in which they ended, and what comes of it kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from tachograph.analysis.kpis import load_kpis
from tachograph.app.learn.alert_book import AlertBook
from tachograph.app.learn.decisions import Activation, find_activations, load_decisions, load_resets
from tachograph.app.learn.points import load_points
from tachograph.app.learn.rules import load_user_rules
from tachograph.app.learn.snapshots import DISTANCES, Snapshot, basis_of, find_snapshot, keep_snapshots
from tachograph.learning.alerts import Alert, Incident
from tachograph.learning.baselines import Baseline, BaselineTable
from tachograph.learning.records import Group, Point
from tachograph.learning.review import Judged, Reviewer
from tachograph.learning.suggestions import load_catalogue


class Folded(msgspec.Struct, frozen=True):
    """What the whole history comes to."""

    baselines: BaselineTable
    before_trials: dict[str, BaselineTable]
    """Baselines as they were when each trial began, by its id."""
    sessions: int
    incomplete: int
    """Sessions of which some KPI's data is missing."""


def fold_history(
    connection: sqlite3.Connection, activations: Sequence[Activation], now: int
) -> tuple[Folded, AlertBook]:
    """Judge all sessions and keep the alerts and incidents; the caller's transaction commits them.

    The book tells which alerts are new.

    Goes on from a snapshot where there is one: alerts and incidents up to its moment stay as they are.
    """
    start = find_snapshot(connection, activations)
    fold = _Fold(connection, activations, start)
    book = AlertBook(connection, start.upto if start is not None else None, now)
    for point in _load_after(connection, start):
        book.take(fold.take(point))
    book.flush()
    baselines = fold.reviewer.baselines(now)
    fold.before.update({one.trial: baselines for one in fold.waiting})
    _keep(connection, start, fold.incidents, baselines)
    keep_snapshots(connection, start, fold.taken)
    return Folded(baselines, fold.before, fold.sessions, fold.incomplete), book


class _Fold:
    """The fold on its way."""

    def __init__(
        self, connection: sqlite3.Connection, activations: Sequence[Activation], start: Snapshot | None
    ) -> None:
        self.reviewer = Reviewer(
            load_kpis(), load_user_rules(), load_resets(connection), start.state if start is not None else None
        )
        self.before: dict[str, BaselineTable] = (
            {trial: dict(table) for trial, table in start.before_trials} if start is not None else {}
        )
        begun = [one for one in activations if one.trial not in self.before]
        self.waiting = sorted(begun, key=lambda one: one.started_at, reverse=True)
        self.incidents: list[Incident] = []
        self.sessions = start.sessions if start is not None else 0
        self.incomplete = start.incomplete if start is not None else 0
        self.taken: list[Snapshot] = []
        self._connection, self._activations = connection, activations
        self.treated = load_treated(connection)
        self._last = start.upto if start is not None else None
        everything = connection.execute("SELECT count(*) FROM points WHERE family <> ''").fetchone()[0]
        self._due = [
            everything - distance for distance in DISTANCES if everything - distance > self.sessions + distance
        ]

    def take(self, point: Point) -> Sequence[Alert]:
        """Judge the next session; returns its alerts."""
        if self._due and self.sessions >= self._due[0] and self._last is not None and point.ended_at > self._last:
            self._due.pop(0)
            self.taken.append(self._snapshot(self._last))
        while self.waiting and self.waiting[-1].started_at <= point.ended_at:
            one = self.waiting.pop()
            self.before[one.trial] = self.reviewer.baselines(one.started_at)
        judged = self.reviewer.take(point, unfed=self.treated.get(point.session, ()))
        self.incidents += judged.incidents
        self.sessions += 1
        self.incomplete += bool(point.lacking)
        self._last = point.ended_at
        return judged.alerts

    def _snapshot(self, upto: int) -> Snapshot:
        return Snapshot(
            upto,
            basis_of(self._connection, self._activations, upto),
            self.reviewer.dump(),
            self.sessions,
            self.incomplete,
            [(trial, sorted(table.items(), key=lambda pair: pair[0])) for trial, table in sorted(self.before.items())],
        )


def _load_after(connection: sqlite3.Connection, start: Snapshot | None) -> Iterator[Point]:
    return load_points(connection) if start is None else load_points(connection, "ended_at > ?", (start.upto,))


def judge_all(connection: sqlite3.Connection) -> Iterator[Judged]:
    """The judgement on each session as it was when it ended, in order."""
    treated = load_treated(connection)
    reviewer = Reviewer(load_kpis(), load_user_rules(), load_resets(connection))
    for point in load_points(connection):
        yield reviewer.take(point, unfed=treated.get(point.session, ()))


def judge_again(connection: sqlite3.Connection, sessions: Mapping[str, object]) -> Iterator[Judged]:
    """As :func:`judge_all`, of ``sessions`` alone."""
    missing = set(sessions)
    if not missing:
        return
    ends = {
        session: at for session, at in connection.execute("SELECT session, ended_at FROM points") if session in missing
    }
    start = find_snapshot(connection, find_activations(load_decisions(connection)), min(ends.values(), default=0))
    fold = _Fold(connection, (), start)
    for point in _load_after(connection, start):
        judged = fold.reviewer.take(point, unfed=fold.treated.get(point.session, ()))
        if point.session in missing:
            yield judged
            missing.discard(point.session)
            if not missing:
                return


def load_treated(connection: sqlite3.Connection) -> dict[str, frozenset[str]]:
    """Sessions that were given a suggestion under test, with the KPIs that these were to change.

    Of those KPIs they do not feed the baseline that they are compared with. A suggestion that the catalogue no longer
    has may have changed anything.
    """
    catalogue, everything = load_catalogue(), frozenset(load_kpis())
    treated: dict[str, frozenset[str]] = {}
    for session, name in connection.execute("SELECT session, suggestion FROM assignments WHERE arm = 'treatment'"):
        kpis = frozenset([catalogue[name].kpi]) if name in catalogue else everything
        treated[session] = treated.get(session, frozenset()) | kpis
    return treated


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
    connection: sqlite3.Connection,
    start: Snapshot | None,
    incidents: list[Incident],
    baselines: BaselineTable,
) -> None:
    upto = start.upto if start is not None else None
    kept = [one for one in load_incidents(connection) if upto is not None and one.at <= upto]
    keep_kind(connection, "incident", {one.id: one for one in [*kept, *incidents]})
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
