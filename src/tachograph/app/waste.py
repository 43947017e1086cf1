"""Waste over the whole history: by detector, project and kind of agent, and the dearest findings."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, Literal

import msgspec

from tachograph.app.filters import Filter
from tachograph.app.findings import FindingFilter, FindingRecord, finding_conditions, list_findings
from tachograph.app.totals import to_usd
from tachograph.warehouse.query_files import read_query

By = Literal["detector", "project", "agent_type"]

_KEYS: dict[By, str] = {
    "detector": "f.detector",
    "project": "coalesce(s.project, '')",
    "agent_type": "CASE s.kind WHEN 'main' THEN 'main session' ELSE coalesce(s.agent_type, '') END",
}
UNEXAMINED = {
    "claude_code": ("abandoned_branch", "heavy_result", "redundant_read", "repeated_failed_retry"),
    "codex": ("heavy_result", "redundant_read", "repeated_failed_retry"),
}
"""By agent: detectors that find nothing, or not all, in what the first version of its reader has stored.

It kept no sizes of calls, no hashes of commands and errors, no word of a tool that a file is unchanged, and of Claude
Code's prompts not which record each answers to.
"""
_OLD = f"(l.parser BETWEEN 0 AND 1 AND l.agent IN ({', '.join(map(repr, UNEXAMINED))}))"
"""Whether a log ``l`` was last read by that version. Ingestion reads it anew as long as it is there."""


class WasteGroup(msgspec.Struct):
    """Findings of one detector, project or kind of agent."""

    key: str
    """Empty where it is not known."""
    findings: int
    sessions: int
    """Sessions with such a finding (main sessions with their subagents folded in; by agent type: by themselves)."""
    of: int
    """Sessions in which there could be one: by detector those that it could look at, see ``unexamined_detectors``."""
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
    amounts_of: str | None = None
    """The detector that tokens and USD are of. Detectors overlap, so a project has no sum over them: of its detectors
    the dearest. Null when there is no finding."""


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
    """Sessions whose log is gone and was read by an older version, which did not keep all that detectors need."""
    unexamined_detectors: list[str]
    """Those that find nothing, or not all, in such a session of the selection."""
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
    unexamined = _unexamined_sessions(connection, chosen)
    return WasteReport(
        chosen.zone_name,
        _count(connection, "count(DISTINCT s.root_id)", chosen),
        with_findings,
        group_waste(connection, "detector", chosen, wanted),
        group_waste(connection, "project", chosen, wanted),
        group_waste(connection, "agent_type", chosen, wanted),
        _count_transient(connection, chosen),
        len(unexamined),
        sorted({name for agent in set(unexamined.values()) for name in UNEXAMINED[agent]}),
        found,
        number - len(found),
    )


def group_waste(
    connection: sqlite3.Connection, by: By, chosen: Filter, wanted: FindingFilter | None = None
) -> list[WasteGroup]:
    """Findings and rates by detector, project or kind of agent; amounts of one detector each, the dearest first."""
    wanted = wanted or FindingFilter()
    possible = _possible(connection, by, chosen)
    groups = _query_groups(connection, by, chosen, wanted, possible)
    if by == "detector":
        met = {group.key for group in groups}
        groups += [_empty_group(name, of) for name, of in possible.items() if name not in met]
        return [group for group in groups if wanted.detector in (None, group.key)]
    from tachograph.analysis.detectors import detector_names

    names = [wanted.detector] if wanted.detector else detector_names()
    shares = [
        msgspec.structs.replace(group, amounts_of=name)
        for name in names
        for group in _query_groups(connection, by, chosen, msgspec.structs.replace(wanted, detector=name), possible)
    ]
    dearest: dict[str, WasteGroup] = {}
    for share in sorted(shares, key=_amount):
        dearest[share.key] = share
    return sorted((_with_amounts(group, dearest[group.key]) for group in groups), key=_amount, reverse=True)


def _query_groups(
    connection: sqlite3.Connection, by: By, chosen: Filter, wanted: FindingFilter, possible: dict[str, int]
) -> list[WasteGroup]:
    where, values = finding_conditions(chosen, wanted)
    query = read_query("waste_groups").format(key=_KEYS[by], where=where)
    return [_group(row, by, possible) for row in connection.execute(query, values)]


def _amount(group: WasteGroup) -> tuple[float, int, int]:
    return group.wasted_usd or 0.0, group.wasted_tokens or 0, group.findings


def _with_amounts(group: WasteGroup, share: WasteGroup) -> WasteGroup:
    """``group`` with the amounts of one of its detectors."""
    return msgspec.structs.replace(
        group,
        wasted_tokens=share.wasted_tokens,
        carried_tokens=share.carried_tokens,
        wasted_usd=share.wasted_usd,
        unpriced_findings=share.unpriced_findings,
        unweighed_findings=share.unweighed_findings,
        amounts_of=share.amounts_of,
    )


def _empty_group(detector: str, of: int) -> WasteGroup:
    return WasteGroup(detector, 0, 0, of, 0.0 if of else None, 0, None, 0, None, 0, 0)


def _group(row: tuple[Any, ...], by: By, possible: dict[str, int]) -> WasteGroup:
    key, findings, roots, sessions, times, tokens, carried, pico, unpriced, unweighed = row
    held = sessions if by == "agent_type" else roots
    of = possible.get(key, 0)
    usd = None if pico is None else to_usd(pico)
    rate = held / of if of else None
    amounts_of = key if by == "detector" else None
    return WasteGroup(key, findings, held, of, rate, times, tokens, carried, usd, unpriced, unweighed, amounts_of)


def _possible(connection: sqlite3.Connection, by: By, chosen: Filter) -> dict[str, int]:
    """Sessions in the selection by key."""
    if by == "detector":
        return _possible_by_detector(connection, chosen)
    what = "count(*)" if by == "agent_type" else "count(DISTINCT s.root_id)"
    where, values = chosen.where("s.started_at")
    query = f"SELECT {_KEYS[by]}, {what} FROM sessions s WHERE {where} GROUP BY 1"
    return dict(connection.execute(query, values).fetchall())


def _possible_by_detector(connection: sqlite3.Connection, chosen: Filter) -> dict[str, int]:
    """Sessions in the selection that each detector could look at, or has found something in all the same."""
    from tachograph.analysis.detectors import detector_names

    every = _count(connection, "count(DISTINCT s.root_id)", chosen)
    possible = dict.fromkeys(detector_names(), every)
    where, values = chosen.where("s.started_at")
    query = read_query("unexamined_roots").format(old=_OLD, where=where)
    for agent, found in connection.execute(query, values):
        for name in set(UNEXAMINED[agent]) - set(json.loads(found)):
            possible[name] -= 1
    return possible


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


def unexamined_agent(connection: sqlite3.Connection, id: str) -> str | None:
    """The agent of the session ``id`` when it was last read by that older version, see ``UNEXAMINED``; else None."""
    row = connection.execute(
        f"SELECT l.agent FROM segments g JOIN logs l USING (log) WHERE g.session = ? AND {_OLD} LIMIT 1", (id,)
    ).fetchone()
    return row[0] if row else None


def list_unexamined(connection: sqlite3.Connection, agent: str | None = None) -> list[str]:
    """The ids of all such sessions, of ``agent`` or of all, in order."""
    rows = connection.execute(
        "SELECT DISTINCT g.session FROM logs l JOIN segments g USING (log)"
        f" WHERE {_OLD} AND l.agent = coalesce(?, l.agent) ORDER BY g.session",
        (agent,),
    )
    return [session for (session,) in rows]


def _unexamined_sessions(connection: sqlite3.Connection, chosen: Filter) -> dict[str, str]:
    """Their ids within the selection, each with its agent."""
    where, values = chosen.where("s.started_at")
    rows = connection.execute(
        "SELECT g.session, l.agent FROM logs l JOIN segments g USING (log) JOIN sessions s ON s.id = g.session"
        f" WHERE {_OLD} AND {where}",
        values,
    )
    return dict(rows.fetchall())
