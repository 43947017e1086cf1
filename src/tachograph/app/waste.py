"""Waste over the whole history: by detector, project and kind of agent, and the dearest findings."""

from __future__ import annotations

import sqlite3
from typing import Any, Literal

import msgspec

from tachograph.app.filters import Filter
from tachograph.app.findings import FindingFilter, FindingRecord, finding_conditions, list_findings
from tachograph.app.totals import to_usd
from tachograph.sources import load_sources
from tachograph.warehouse.query_files import read_query

By = Literal["detector", "project", "agent_type"]

_KEYS: dict[By, str] = {
    "detector": "f.detector",
    "project": "coalesce(s.project, '')",
    "agent_type": "CASE s.kind WHEN 'main' THEN 'main session' ELSE coalesce(s.agent_type, '') END",
}


class WasteGroup(msgspec.Struct):
    """Findings of one detector, project or kind of agent."""

    key: str
    """Empty where it is not known."""
    findings: int
    sessions: int
    """Sessions with such a finding (main sessions with their subagents folded in; by agent type: by themselves)."""
    of: int
    """Sessions in which there could be one."""
    rate: float | None
    """``sessions / of``; null when ``of`` is 0."""
    count: int
    """How many times something was done that need not have been."""
    wasted_tokens: int | None
    """Sum of what is known; null when nothing is."""
    carried_tokens: int
    wasted_usd: float | None
    """Sum of what is priced; null when nothing is."""
    unpriced_findings: int
    """Findings without a known cost: above 0, ``wasted_usd`` is a lower bound."""
    unweighed_findings: int
    """Findings without a known size: above 0, ``wasted_tokens`` and ``carried_tokens`` are lower bounds."""


class WasteReport(msgspec.Struct):
    """Waste of the sessions that began in the selection. Detectors overlap: there is no sum over them."""

    timezone: str
    sessions: int
    """Sessions in the selection, subagents folded into theirs."""
    sessions_with_findings: int
    detectors: list[WasteGroup]
    """Every detector, also without a finding; the dearest first, so below."""
    projects: list[WasteGroup]
    agent_types: list[WasteGroup]
    transient_failures: int
    """Failed commands left out because such errors pass by themselves (rate limits, locks, pending checks …)."""
    unexamined_sessions: int
    """Sessions whose log is gone and was read by an older version: retries and repeated reads cannot be found there."""
    findings: list[FindingRecord]
    """The dearest ones."""
    more_findings: int
    """Findings beyond these."""


def report_waste(
    connection: sqlite3.Connection, chosen: Filter, wanted: FindingFilter | None = None, limit: int = 10
) -> WasteReport:
    """The report with the ``limit`` dearest findings (0: all)."""
    wanted = wanted or FindingFilter()
    where, values = finding_conditions(chosen, wanted)
    with_findings, number = connection.execute(
        "SELECT count(DISTINCT s.root_id), count(*) FROM findings f JOIN segments g USING (segment)"
        f" JOIN sessions s ON s.id = g.session WHERE {where}",
        values,
    ).fetchone()
    found = list_findings(connection, chosen, wanted, limit)
    return WasteReport(
        chosen.zone_name,
        _count(connection, "count(DISTINCT s.root_id)", chosen),
        with_findings,
        group_waste(connection, "detector", chosen, wanted),
        group_waste(connection, "project", chosen, wanted),
        group_waste(connection, "agent_type", chosen, wanted),
        _count_transient(connection, chosen),
        _count_unexamined(connection, chosen),
        found,
        number - len(found),
    )


def group_waste(
    connection: sqlite3.Connection, by: By, chosen: Filter, wanted: FindingFilter | None = None
) -> list[WasteGroup]:
    """Sums and rates by detector, project or kind of agent."""
    wanted = wanted or FindingFilter()
    where, values = finding_conditions(chosen, wanted)
    query = read_query("waste_groups").format(key=_KEYS[by], where=where)
    possible = _possible(connection, by, chosen)
    groups = [_group(row, by, possible) for row in connection.execute(query, values)]
    if by == "detector":
        from tachograph.analysis.detectors import detector_names

        met = {group.key for group in groups}
        names = [wanted.detector] if wanted.detector else detector_names()
        groups += [
            WasteGroup(name, 0, 0, possible[""], 0.0 if possible[""] else None, 0, None, 0, None, 0, 0)
            for name in names
            if name not in met
        ]
    return groups


def _group(row: tuple[Any, ...], by: By, possible: dict[str, int]) -> WasteGroup:
    key, findings, roots, sessions, times, tokens, carried, pico, unpriced, unweighed = row
    held = sessions if by == "agent_type" else roots
    of = possible[""] if by == "detector" else possible.get(key, 0)
    usd = None if pico is None else to_usd(pico)
    rate = held / of if of else None
    return WasteGroup(key, findings, held, of, rate, times, tokens, carried, usd, unpriced, unweighed)


def _possible(connection: sqlite3.Connection, by: By, chosen: Filter) -> dict[str, int]:
    """Sessions in the selection by key; for detectors all of them under the empty key."""
    if by == "detector":
        return {"": _count(connection, "count(DISTINCT s.root_id)", chosen)}
    what = "count(*)" if by == "agent_type" else "count(DISTINCT s.root_id)"
    where, values = chosen.where("s.started_at")
    query = f"SELECT {_KEYS[by]}, {what} FROM sessions s WHERE {where} GROUP BY 1"
    return dict(connection.execute(query, values).fetchall())


def _count(connection: sqlite3.Connection, what: str, chosen: Filter) -> int:
    where, values = chosen.where("s.started_at")
    return int(connection.execute(f"SELECT {what} FROM sessions s WHERE {where}", values).fetchone()[0])


def _count_transient(connection: sqlite3.Connection, chosen: Filter) -> int:
    where, values = chosen.where("s.started_at")
    row = connection.execute(
        "SELECT count(*) FROM tool_calls t JOIN segments g USING (segment) JOIN sessions s ON s.id = g.session"
        " WHERE t.status = 'error' AND t.result_kind = 'transient' AND t.category = 'shell'"
        f" AND t.position > g.inherited_until AND {where}",
        values,
    ).fetchone()
    return int(row[0])


def is_unexamined(connection: sqlite3.Connection, id: str) -> bool:
    """Whether the session ``id`` was last read by an older version, and its log is gone."""
    old, versions = _read_by_older_versions()
    row = connection.execute(
        f"SELECT EXISTS (SELECT 1 FROM segments g JOIN logs l USING (log) WHERE g.session = ? AND ({old}))",
        [id, *versions],
    ).fetchone()
    return bool(row[0])


def _count_unexamined(connection: sqlite3.Connection, chosen: Filter) -> int:
    where, values = chosen.where("s.started_at")
    old, versions = _read_by_older_versions()
    row = connection.execute(
        "SELECT count(DISTINCT g.session) FROM logs l JOIN segments g USING (log) JOIN sessions s ON s.id = g.session"
        f" WHERE ({old}) AND {where}",
        [*versions, *values],
    ).fetchone()
    return int(row[0])


def _read_by_older_versions() -> tuple[str, list[Any]]:
    """A condition on logs ``l``, and its parameters. Ingestion reads such a log anew as long as it is there."""
    sources = load_sources()
    condition = " OR ".join("(l.agent = ? AND l.parser BETWEEN 0 AND ?)" for _ in sources)
    return condition, [value for name, source in sources.items() for value in (name, source.VERSION - 1)]
