"""Findings of waste as records, read from the warehouse."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from typing import Any

import msgspec

from tachograph.app.filters import Filter
from tachograph.app.find_session import short_names
from tachograph.app.totals import to_usd
from tachograph.errors import NotFound, UsageError
from tachograph.model import Finding, to_datetime
from tachograph.report.sanitise import harmless
from tachograph.warehouse.query_files import read_query
from tachograph.warehouse.rows import finding_id

_PICO = 10**12
_DEAREST = 1_000_000
"""USD; no finding costs as much, and picodollars of it still fit the database's integers."""


class FindingRecord(msgspec.Struct):
    """One case of waste with its proof."""

    id: str
    """By which ``tacho waste --explain`` finds it."""
    detector: str
    session: str
    session_name: str
    """A short name by which ``tacho show`` finds the session."""
    project: str | None
    agent_type: str | None
    """Kind of subagent; null for a main session."""
    at: datetime
    count: int
    """How many times something was done that need not have been."""
    wasted_tokens: int | None
    """What the needless part weighed, once; null when the log does not say enough."""
    carried_tokens: int
    """The same tokens as often as later responses read them again."""
    wasted_usd: float | None
    """What both cost; null when a price or a size is not known."""
    is_estimate: bool
    """False: the numbers are the responses' own."""
    evidence: dict[str, Any]
    """``calls`` and ``responses`` (ids, in order), ``turns`` (numbers), ``facts`` (by the detector's own names)."""

    @property
    def facts(self) -> dict[str, Any]:
        """The facts of the evidence."""
        return dict(self.evidence["facts"])


class FindingFilter(msgspec.Struct, frozen=True):
    """Which findings are meant."""

    detector: str | None = None
    min_usd: float | None = None
    """Findings without a known cost are left out when this is set."""
    max_gap_turns: int | None = None
    """Of redundant reads only those in which one comes at most so many responses after the one before it."""


def check_detector(name: str | None) -> None:
    """Raise UsageError when there is no detector of that name."""
    from tachograph.analysis.detectors import detector_names

    if name is not None and name not in detector_names():
        known = ", ".join(detector_names())
        raise UsageError(f"There is no detector {name!r}.", slug="unknown_detector", hint=f"Known ones: {known}.")


def list_findings(
    connection: sqlite3.Connection,
    chosen: Filter,
    wanted: FindingFilter | None = None,
    limit: int = 0,
    sessions: list[str] | None = None,
) -> list[FindingRecord]:
    """Findings of the sessions that began within ``chosen``, the dearest first; at most ``limit`` (0: all).

    ``sessions``: only of these, in their order of happening.
    """
    where, values = finding_conditions(chosen, wanted or FindingFilter())
    order = "f.cost_pico IS NULL, f.cost_pico DESC, f.tokens DESC, f.at, f.id"
    if sessions is not None:
        where += f" AND s.id IN ({', '.join('?' * len(sessions))})"
        values += sessions
        order = "f.at, f.position, f.id"
    query = f"{read_query('findings')} WHERE {where} ORDER BY {order} LIMIT ?"
    return _read(connection, query, [*values, limit or -1])


def find_finding(connection: sqlite3.Connection, name: str) -> FindingRecord:
    """The finding whose id is, or begins with, ``name``. Raises NotFound."""
    query = f"{read_query('findings')} WHERE f.id >= ? AND f.id < ? ORDER BY f.id LIMIT 3"
    text = name.encode(errors="replace").decode()  # what a terminal gives need not be text
    found = _read(connection, query, [text, text + "\U0010ffff"])
    exact = [record for record in found if record.id == text] or found
    if len(exact) == 1:
        return exact[0]
    if not found:
        raise NotFound(f"No finding is called {harmless(name)}.", slug="no_finding", hint="tacho waste lists them.")
    raise NotFound(
        f"Several findings begin with {harmless(name)}.",
        slug="ambiguous_finding",
        hint="Give more of the id: " + ", ".join(record.id for record in exact),
    )


def finding_conditions(chosen: Filter, wanted: FindingFilter) -> tuple[str, list[Any]]:
    """An SQL condition on findings ``f`` and their sessions ``s``, and its parameters. Raises UsageError."""
    where, values = chosen.where("s.started_at")
    if wanted.detector is not None:
        where, values = f"{where} AND f.detector = ?", [*values, wanted.detector]
    if wanted.min_usd is not None:
        if not 0 <= wanted.min_usd <= _DEAREST:  # also what is no number at all
            raise UsageError(f"The least cost has to lie between $0 and ${_DEAREST:,}.")
        where, values = f"{where} AND f.cost_pico >= ?", [*values, round(wanted.min_usd * _PICO)]
    if wanted.max_gap_turns is not None:
        where += " AND (f.detector <> 'redundant_read' OR json_extract(f.evidence, '$.facts.gap_turns') <= ?)"
        values = [*values, wanted.max_gap_turns]
    return where, list(values)


def record_finding(finding: Finding, session: str) -> FindingRecord:
    """A finding that was not stored, under the id by which the same one is stored."""
    evidence = {
        "calls": list(finding.calls),
        "responses": list(finding.responses),
        "turns": list(finding.turns),
        "facts": finding.facts,
    }
    usd = None if finding.cost_pico is None else to_usd(finding.cost_pico)
    return FindingRecord(
        finding_id(session, finding), finding.detector, session, session, None, None, to_datetime(finding.at),
        finding.count, finding.tokens, finding.carried_tokens, usd, finding.is_estimate, evidence,
    )  # fmt: skip


def _read(connection: sqlite3.Connection, query: str, values: list[Any]) -> list[FindingRecord]:
    rows = connection.execute(query, values).fetchall()
    names = short_names(connection, {row[2] for row in rows})
    return [_record(row, names) for row in rows]


def _record(row: tuple[Any, ...], names: dict[str, str]) -> FindingRecord:
    name, detector, session, project, agent_type, at, count, tokens, carried, pico, is_estimate, evidence, earlier = row
    proof = json.loads(evidence)
    if earlier:  # turns of the session's logs before this one
        proof["turns"] = [turn + earlier for turn in proof["turns"]]
    return FindingRecord(
        name, detector, session, names[session], project, agent_type, to_datetime(at), count, tokens, carried,
        None if pico is None else to_usd(pico), bool(is_estimate), proof,
    )  # fmt: skip
