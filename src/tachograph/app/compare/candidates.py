"""The sessions of both sides, and what each of them has to be compared."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

import msgspec

from tachograph.analysis.comparison import Observation
from tachograph.app.compare.metrics import Chosen, read_metric
from tachograph.app.compare.sides import Side
from tachograph.app.filters import Filter
from tachograph.app.history import load_records
from tachograph.app.learn.points import load_points
from tachograph.learning.records import Point

_COSTS = """
SELECT s.root_id, sum_pico(u.cost_pico), sum(u.unpriced) FROM usage_quarters u JOIN sessions s USING (session)
GROUP BY s.root_id"""
_PICO = 1e12


class Candidate(msgspec.Struct, frozen=True):
    """A main session of one of the sides."""

    point: Point
    turns: int | None
    """Its size; None: only telemetry knows the session."""


class Candidates(msgspec.Struct, frozen=True):
    """Both sides."""

    before: list[Candidate]
    after: list[Candidate]
    straddling: int
    """Sessions that began before and went on after: they are of both sides, and left out."""


def find_candidates(connection: sqlite3.Connection, before: Side, after: Side, chosen: Filter) -> Candidates:
    """The main sessions of both sides; of ``chosen`` project and agent count."""
    straddling = 0
    found: tuple[list[Candidate], list[Candidate]] = ([], [])
    turns = dict(connection.execute("SELECT id, turns FROM sessions WHERE kind = 'main'").fetchall())
    for number, side in enumerate((before, after)):
        within = msgspec.structs.replace(chosen, since=side.since, until=side.until)
        where, values = within.where("points.started_at", "points")
        for point in load_points(connection, f"kind = 'main' AND {where}", values):
            if number == 0 and after.since is not None and point.ended_at >= after.since:
                straddling += 1
                continue
            found[number].append(Candidate(point, turns.get(point.session)))
    return Candidates(*found, straddling)


def observe(
    connection: sqlite3.Connection, candidates: Sequence[Candidate], metrics: Sequence[Chosen]
) -> dict[str, list[Observation]]:
    """Of each metric, by name, the sessions that have it. Raises NotFound when one is no number."""
    found: dict[str, list[Observation]] = {one.name: [] for one in metrics}
    costs = _load_costs(connection) if any(one.source == "usd" for one in metrics) else {}
    for one in candidates:
        for name, value in _read_values(connection, one.point, metrics, costs).items():
            found[name].append(Observation(value, one.turns, one.point.task_type))
    return found


def _read_values(
    connection: sqlite3.Connection, point: Point, metrics: Sequence[Chosen], costs: Mapping[str, float]
) -> dict[str, float]:
    measured = [one for one in metrics if one.source == "metric"]
    records = load_records(connection, point.session) if measured else None
    values = {one.name: point.values.get(one.name) for one in metrics if one.source == "kpi"}
    values |= {one.name: costs.get(point.session) for one in metrics if one.source == "usd"}
    if records is not None:
        values |= {one.name: read_metric(one, records[0]) for one in measured}
    return {name: value for name, value in values.items() if value is not None}


def _load_costs(connection: sqlite3.Connection) -> dict[str, float]:
    """USD of each session with its subagents, by its id; not those of which a response has no known price."""
    rows = connection.execute(_COSTS).fetchall()
    return {session: pico / _PICO for session, pico, unpriced in rows if pico is not None and not unpriced}
