"""The dearest findings of a range, without looking at all of them."""

from __future__ import annotations

import heapq

import msgspec

from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.root_rows import is_broad, root_conditions
from tachograph.app.filters import Filter
from tachograph.app.findings import FindingFilter, FindingRecord, list_findings
from tachograph.app.scope import Scope

_PICO = 10**12
_PICO_PER_MICRO = 10**6
_MOST_ROOTS = 500
"""Sessions looked at, those with the most waste first."""
_MICRO_ERROR = 1
"""A session's waste is kept rounded to a microdollar."""
_Row = tuple[int, int, int, str, str]
"""Cost, tokens and time of a finding, by which it is ranked, its id and its session."""
_COSTS = """
SELECT f.cost_pico, coalesce(f.tokens, -1), -f.at, f.id, g.session
FROM roll.members m JOIN sessions s USING (session) JOIN segments g ON g.session = s.id JOIN findings f USING (segment)
WHERE m.root = ? AND f.cost_pico IS NOT NULL AND (?2 IS NULL OR f.detector = ?2)"""


class DearestFindings(msgspec.Struct, frozen=True):
    """The dearest findings with a known cost."""

    findings: list[FindingRecord]
    """The dearest first."""
    complete: bool
    """False: more than 500 sessions might hold one of them, and only those with the most waste were looked at."""


def dearest_findings(desk: Desk, scope: Scope, detector: str | None, limit: int) -> list[FindingRecord]:
    """The findings of :func:`look_for_dearest` alone."""
    return look_for_dearest(desk, scope, detector, limit).findings


def look_for_dearest(desk: Desk, scope: Scope, detector: str | None, limit: int) -> DearestFindings:
    """The ``limit`` dearest priced findings of the sessions that began within ``scope``, of one detector or of all.

    A session's ``waste_micro`` is that of its dearest detector, so no finding of it costs more: sessions are looked at
    in that order until no further one can hold a dearer finding.
    """
    best: list[_Row] = []
    roots = _roots(desk, scope)
    for root, micro in roots[:_MOST_ROOTS]:
        bound = (micro + _MICRO_ERROR) * _PICO_PER_MICRO
        if len(best) == limit and best[0][0] >= bound:
            return DearestFindings(_load(desk, best, detector), True)
        for row in desk.connection.execute(_COSTS, (root, detector)):
            if len(best) < limit:
                heapq.heappush(best, row)
            else:
                heapq.heappushpop(best, row)
    return DearestFindings(_load(desk, best, detector), len(roots) <= _MOST_ROOTS)


def _roots(desk: Desk, scope: Scope) -> list[tuple[int, int]]:
    """Sessions and their waste in microdollars, the most first; one more than are looked at."""
    where, values = root_conditions(desk.connection, scope)
    waste = "r.waste_micro" if is_broad(scope) else "+r.waste_micro"  # the plus keeps the index out
    return desk.connection.execute(
        f"SELECT r.root, r.waste_micro FROM roll.roots r WHERE {where} AND {waste} IS NOT NULL"
        f" ORDER BY {waste} DESC, r.root LIMIT ?",
        [*values, _MOST_ROOTS + 1],
    ).fetchall()


def _load(desk: Desk, best: list[_Row], detector: str | None) -> list[FindingRecord]:
    if not best:
        return []
    sessions = sorted({session for *_, session in best})
    wanted = FindingFilter(detector, best[0][0] / _PICO)
    ids = {name for *_, name, _ in best}
    found = [one for one in list_findings(desk.connection, Filter(), wanted, 0, sessions) if one.id in ids]
    return sorted(found, key=lambda one: (-(one.wasted_usd or 0.0), -(one.wasted_tokens or 0), one.at, one.id))
