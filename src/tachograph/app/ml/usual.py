"""What sessions of some kind usually come to: cost, waste and KPIs, by agent, agent type and kind of work."""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Callable, Iterable, Sequence

import msgspec

from tachograph.analysis.kpis import Direction, load_kpis
from tachograph.app.learn.points import load_points
from tachograph.app.ml.session_outcomes import SETTLED_MS, load_own_amounts, load_roots, load_waste
from tachograph.learning.records import Point

LEAST = 10
"""Sessions from which a tenth can be told at all: with fewer, a wider group is looked at, and no band is given."""
_MOST = 20_000
"""Sessions that are looked at, the newest ones."""
_ENDED = f"""ended_at <= ?1 AND ended_at >= coalesce(
    (SELECT ended_at FROM points WHERE ended_at <= ?1 ORDER BY ended_at DESC LIMIT 1 OFFSET {_MOST - 1}), 0)"""
COST, WASTE = "cost_usd", "waste_usd"


class Kind(msgspec.Struct, frozen=True):
    """Which sessions are meant; null: whichever."""

    agent: str | None = None
    agent_type: str | None = None
    """``main``, a subagent's type, or what the user has named a project's main sessions."""
    task_type: str | None = None

    def holds(self, one: Point) -> bool:
        """Whether the session is of this kind."""
        return (
            self.agent in (None, one.group.agent)
            and self.agent_type in (None, one.group.agent_type)
            and self.task_type in (None, one.task_type)
        )


class Figure(msgspec.Struct, frozen=True):
    """One number over earlier sessions."""

    name: str
    """``cost_usd`` (of a main session its subagents' too), ``waste_usd`` (of the dearest detector), or a KPI."""
    title: str
    unit: str
    better: Direction
    n: int
    """Sessions that have it."""
    median: float
    p10: float | None
    """A tenth of the sessions lies below; null with fewer than 10 sessions, so the next three."""
    p25: float | None
    p75: float | None
    p90: float | None


class Usual(msgspec.Struct, frozen=True):
    """What sessions of a kind came to."""

    asked: Kind
    of: Kind
    """The group that is told of: a wider one than was asked for where that has fewer than 10 sessions."""
    sessions: int
    figures: list[Figure]
    """Cost and waste first, then KPIs by name."""


class Happened(msgspec.Struct, frozen=True):
    """One session that is over with its numbers by name, see :class:`Figure`."""

    point: Point
    values: dict[str, float]


def load_happened(connection: sqlite3.Connection, now_ms: int | None = None) -> list[Happened]:
    """The newest 20,000 sessions with KPIs that are over at ``now_ms`` (ms UTC; None: now), in order of their end."""
    now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    waste = load_waste(connection)
    amounts = load_own_amounts(connection)
    for root in load_roots(connection):
        amounts[root.id] = root.usd, (None if root.usd is None else waste.get(root.id, 0.0))
    found = []
    for point in load_points(connection, _ENDED, (now - SETTLED_MS,)):
        told = zip((COST, WASTE), amounts.get(point.session, (None, None)), strict=True)
        values = {name: value for name, value in told if value is not None}
        found.append(Happened(point, {**values, **point.values}))
    return found


def find_usual(happened: Sequence[Happened], asked: Kind) -> Usual:
    """What sessions of the kind ``asked`` came to, or of the next wider kind of which there are enough.

    Given up first is the kind of work, then the agent; the agent type never: its sessions are of another nature. When
    there are never enough, the widest group is told of, however small.
    """
    wider = (
        asked,
        Kind(asked.agent, asked.agent_type, None),
        Kind(None, asked.agent_type, asked.task_type),
        Kind(None, asked.agent_type, None),
    )
    groups = [(kind, [one for one in happened if kind.holds(one.point)]) for kind in dict.fromkeys(wider)]
    kind, members = next((group for group in groups if len(group[1]) >= LEAST), groups[-1])
    return Usual(asked, kind, len(members), list(sum_up(members)))


def sum_up(members: Sequence[Happened]) -> Iterable[Figure]:
    """Each number that at least one of the sessions has."""
    kpis = load_kpis()
    cost = "cost, subagents included" if any(one.point.kind == "main" for one in members) else "cost"
    named: list[tuple[str, str, str, Direction]] = [
        (COST, cost, "USD", "down"),
        (WASTE, "waste, by the dearest detector", "USD", "down"),
        *((name, kpi.title, kpi.unit, kpi.better) for name, kpi in kpis.items()),
    ]
    for name, title, unit, better in named:
        values = [one.values[name] for one in members if name in one.values]
        if values:
            ends = (quantile(values, share) if len(values) >= LEAST else None for share in (0.1, 0.25, 0.75, 0.9))
            yield Figure(name, title, unit, better, len(values), statistics.median(values), *ends)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of ``values`` lies, between neighbours in proportion."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def show_figure(figure: Figure) -> Callable[[float | None], str]:
    """How the figure's values are written for people."""
    from tachograph.app.learn.figures import show_value
    from tachograph.report.units import UNKNOWN, usd

    kpi = load_kpis().get(figure.name)
    if kpi is None:
        return lambda value: UNKNOWN if value is None else usd(value)
    return lambda value: show_value(kpi, value)
