"""Suggestions that fit the user's own recent sessions, by what they may save."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping

import msgspec

from tachograph.analysis.kpis import load_kpis
from tachograph.app.learn.fold import keep_kind, load_kind
from tachograph.app.learn.points import load_points
from tachograph.app.totals import to_usd
from tachograph.learning.suggestions import Offer, Suggestion, WasteSum, find_offers

WEEK_MS = 7 * 24 * 3600 * 1000
RECENT_WEEKS = 4
"""What is older says little about how one works today."""

_WASTE = """
SELECT f.detector, p.agent_type, sum_pico(f.cost_pico), count(*), count(DISTINCT p.session), p.agent
FROM points p JOIN segments g USING (session) JOIN findings f USING (segment)
WHERE p.ended_at >= ? GROUP BY 1, 2, 6 ORDER BY 1, 2, 6"""


def refresh_offers(
    connection: sqlite3.Connection, catalogue: Mapping[str, Suggestion], now: int, told: Collection[str] = ()
) -> list[Offer]:
    """What the catalogue has to offer for the last weeks' sessions, the best first; kept for the reports.

    The weeks are those up to the last session, so that a pause does not empty the list. ``told``: see find_offers.
    """
    last = connection.execute("SELECT max(ended_at) FROM points WHERE family <> ''").fetchone()[0]
    offers: list[Offer] = []
    if last is not None:
        since = min(last, now) - RECENT_WEEKS * WEEK_MS
        points = list(load_points(connection, "ended_at >= ?", (since,)))
        first = min((point.ended_at for point in points), default=last)
        weeks = max(1.0, (last - first) / WEEK_MS)
        waste = [
            WasteSum(detector, agent_type, None if pico is None else to_usd(pico), findings, sessions, weeks, agent)
            for detector, agent_type, pico, findings, sessions, agent in connection.execute(_WASTE, (since,))
        ]
        offers = find_offers(points, waste, dict(catalogue), load_kpis(), min(last, now), told)
    keep_kind(connection, "offers", {"all": offers})
    return offers


def load_offers(connection: sqlite3.Connection) -> list[Offer]:
    """The offers as of the last time that the loop went round."""
    record = load_kind(connection, "offers").get("all")
    return msgspec.msgpack.decode(record, type=list[Offer]) if record else []
