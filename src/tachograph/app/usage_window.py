"""Usage within a span of time, exact also where the span begins or ends within a quarter-hour."""

from __future__ import annotations

import sqlite3

import msgspec

from tachograph.app.filters import QUARTER_MS, Filter
from tachograph.warehouse.query_files import read_query

_FOREVER = 1 << 53


def usage_source(connection: sqlite3.Connection, chosen: Filter) -> tuple[str, str, list[object]]:
    """What to select from instead of ``usage_quarters u`` (joined with ``sessions s``), a condition, its parameters.

    The rollup answers for whole quarter-hours. Of those that the span cuts, the responses are counted anew, into a
    temporary table with the rollup's columns.
    """
    start = -_FOREVER if chosen.since is None else chosen.since
    end = _FOREVER * QUARTER_MS if chosen.until is None else chosen.until
    first, last = -(-start // QUARTER_MS), end // QUARTER_MS
    edges = [(start, min(first * QUARTER_MS, end)), (max(last * QUARTER_MS, start), end)]
    cut = [edge for edge in dict.fromkeys(edges) if edge[0] < edge[1]]
    if not cut or (chosen.since is None and chosen.until is None):
        return "usage_quarters u", *chosen.where(f"u.quarter * {QUARTER_MS}")
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS edge_usage AS SELECT * FROM usage_quarters WHERE 0")
    connection.execute("DELETE FROM edge_usage")
    for edge in cut:
        _count_edge(connection, *edge)
    source = (
        f"(SELECT * FROM usage_quarters WHERE quarter >= {first} AND quarter < {last}"
        " UNION ALL SELECT * FROM edge_usage) u"
    )
    return source, *msgspec.structs.replace(chosen, since=None, until=None).where("u.quarter")


def _count_edge(connection: sqlite3.Connection, start: int, end: int) -> None:
    """Count the responses of the sessions that were alive between two moments of one quarter-hour."""
    owned = (
        "SELECT n.session, g.segment FROM sessions n CROSS JOIN segments g ON g.session = n.id"
        f" WHERE g.started_at < {end} AND g.ended_at >= {start}"
    )
    within = f"started_at >= {start} AND started_at < {end}"
    connection.execute(read_query("count_usage").format(target="edge_usage", owned=owned, within=within))
