"""What a week used and cost, and what it would have cost without a cache."""

from __future__ import annotations

import sqlite3

import msgspec

from tachograph.app.cost import query_totals
from tachograph.app.filters import Filter
from tachograph.app.totals import SUMS, Totals, read_totals, to_usd
from tachograph.app.usage_window import usage_source
from tachograph.app.workspace import Workspace
from tachograph.model import Usage
from tachograph.warehouse.query_files import read_query

_POINTS = """
SELECT count(*), coalesce(sum(kind = 'main'), 0), coalesce(sum(lacking <> '{}'), 0) FROM points
WHERE family <> '' AND ended_at >= ? AND ended_at < ?"""
_ACTIVE = "SELECT coalesce(sum(active_ms), 0) FROM sessions WHERE kind = 'main' AND ended_at >= ? AND ended_at < ?"
_TYPES = """
SELECT agent_type, agent, count(*), coalesce(sum(lacking <> '{}'), 0) FROM points
WHERE family <> '' AND ended_at >= ? AND ended_at < ? GROUP BY 1, 2"""


class WeekTotals(msgspec.Struct, frozen=True, kw_only=True):
    """One week. Tokens and USD are dated by response, sessions by their end."""

    sessions: int
    """Sessions with KPIs that ended within it, subagents among them."""
    main_sessions: int
    incomplete_sessions: int
    """Those of which some KPI's data is missing."""
    responses: int
    tokens: int
    """Of all kinds."""
    output: int
    """Tokens: output, a part of all."""
    cached_share: float | None
    """Cache reads among all tokens that were read, 0 to 1; null: none were."""
    usd: float | None
    """Null: nothing is priced."""
    unpriced_responses: int
    """Above 0: both amounts are lower bounds."""
    usd_without_cache: float | None
    """What the same responses cost with every cache read and write priced as plain input, each at its own rates."""
    active_ms: int
    """Time at work of the main sessions that ended within it."""


class TypeTotals(msgspec.Struct, frozen=True):
    """The sessions of one agent and agent type."""

    agent_type: str
    agent: str
    sessions: int
    """That ended within the week."""
    incomplete_sessions: int
    tokens: int
    cached_share: float | None
    usd: float | None
    unpriced_responses: int


def total_week(connection: sqlite3.Connection, workspace: Workspace, since: int, until: int) -> WeekTotals:
    """The totals of the week from ``since`` to ``until``, ms UTC."""
    totals = query_totals(connection, Filter(since, until))
    cached_share = _share(totals.cache_read, totals.tokens - totals.output)
    sessions, mains, incomplete = connection.execute(_POINTS, (since, until)).fetchone()
    return WeekTotals(
        sessions=sessions, main_sessions=mains, incomplete_sessions=incomplete, responses=totals.responses,
        tokens=totals.tokens, output=totals.output, cached_share=cached_share,
        usd=totals.usd, unpriced_responses=totals.unpriced_responses,
        usd_without_cache=_without_cache(connection, workspace, since, until),
        active_ms=connection.execute(_ACTIVE, (since, until)).fetchone()[0],
    )  # fmt: skip


def total_types(connection: sqlite3.Connection, since: int, until: int) -> list[TypeTotals]:
    """The week by agent type, the most expensive first."""
    ended = {
        (name, agent): (sessions, incomplete)
        for name, agent, sessions, incomplete in connection.execute(_TYPES, (since, until))
    }
    source, where, values = usage_source(connection, Filter(since, until))
    rows = connection.execute(
        f"SELECT p.agent_type, p.agent, {SUMS} FROM {source} JOIN sessions s USING (session)"
        f" JOIN points p ON p.session = s.id WHERE {where} GROUP BY 1, 2",
        values,
    ).fetchall()
    spent = {(row[0], row[1]): read_totals(0, row[2:]) for row in rows}
    found = [
        _type_totals(*key, spent.get(key, Totals()), ended.get(key, (0, 0))) for key in dict.fromkeys([*spent, *ended])
    ]
    return sorted(found, key=lambda one: (-(one.usd or 0.0), -one.tokens, -one.sessions, one.agent_type, one.agent))


def _type_totals(agent_type: str, agent: str, totals: Totals, ended: tuple[int, int]) -> TypeTotals:
    cached = _share(totals.cache_read, totals.tokens - totals.output)
    return TypeTotals(agent_type, agent, *ended, totals.tokens, cached, totals.usd, totals.unpriced_responses)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _without_cache(connection: sqlite3.Connection, workspace: Workspace, since: int, until: int) -> float | None:
    """USD of what is priced, were there no cache; None when nothing is. A response's tier is by all that it read."""
    prices = workspace.prices(connection)
    pico, is_priced = 0, False
    rows = connection.execute(read_query("counted_between"), {"since": since, "until": until})
    for provider, model, at, speed, plain, read, brief, long, output, reasoning, searches, cost in rows:
        if cost is None:
            continue
        is_priced = True
        told: int | None = cost
        if read or brief or long:
            usage = Usage(plain + read + brief + long, 0, 0, 0, output, reasoning, searches)
            told = prices.price(provider, model, at, speed, usage)
        pico += cost if told is None else told
    return to_usd(pico) if is_priced else None
