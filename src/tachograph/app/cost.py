"""What was spent, by day, model, project …, and how the count comes about."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from typing import Literal

import msgspec

from tachograph.app.filters import Filter
from tachograph.app.periods import period_labels
from tachograph.app.totals import SUMS, Totals, read_totals
from tachograph.app.usage_window import usage_source

By = Literal["day", "week", "month", "model", "project", "agent", "session", "agent-type", "branch"]

_KEYS: dict[By, str] = {
    "day": "period(u.quarter)",
    "week": "period(u.quarter)",
    "month": "period(u.quarter)",
    "model": "u.model",
    "project": "coalesce(s.project, '')",
    "agent": "s.agent",
    "session": "s.root_id",
    "agent-type": "CASE s.kind WHEN 'main' THEN 'main' ELSE coalesce(s.agent_type, 'unknown') END",
    "branch": "u.branch",
}
_BY_TIME = ("day", "week", "month")


class CostGroup(Totals, kw_only=True):
    """Totals of one day, model, project …"""

    key: str


class CostReport(msgspec.Struct):
    """Spend in total and by group; ``groups`` by key for times, else by cost, the highest first."""

    by: By
    timezone: str
    total: Totals
    groups: list[CostGroup]


def report_cost(connection: sqlite3.Connection, by: By, chosen: Filter) -> CostReport:
    """Spend within ``chosen``, dated by response."""
    return CostReport(by, chosen.zone_name, query_totals(connection, chosen), query_groups(connection, by, chosen))


def query_groups(connection: sqlite3.Connection, by: By, chosen: Filter) -> list[CostGroup]:
    """The groups of a cost report."""
    if by in ("day", "week", "month"):
        connection.create_function("period", 1, period_labels(by, chosen.zone), deterministic=True)
    source, where, values = usage_source(connection, chosen)
    rows = connection.execute(
        f"SELECT {_KEYS[by]} AS key, count(DISTINCT s.root_id), {SUMS}"
        f" FROM {source} JOIN sessions s USING (session) WHERE {where} GROUP BY key",
        values,
    )
    groups = [
        CostGroup(**msgspec.structs.asdict(read_totals(row[1], row[2:])), key=row[0])
        for row in rows
        if row[0] is not None
    ]
    if by in _BY_TIME:
        groups.sort(key=lambda group: group.key)
    else:
        groups.sort(key=lambda group: (-(group.usd or 0.0), -group.tokens, group.key))
    return groups


def query_totals(connection: sqlite3.Connection, chosen: Filter) -> Totals:
    """Totals of all responses within ``chosen``."""
    source, where, values = usage_source(connection, chosen)
    row = connection.execute(
        f"SELECT count(DISTINCT s.root_id), {SUMS} FROM {source} JOIN sessions s USING (session) WHERE {where}",
        values,
    ).fetchone()
    return read_totals(row[0], row[1:])


class Reconciliation(msgspec.Struct):
    """From raw lines to counted responses: every line is accounted for."""

    raw_lines: int
    """Log lines that carry usage."""
    skipped: dict[str, int]
    """Reason -> lines that are no usage (synthetic, api_error, repeat, null_info)."""
    further_lines: int
    """Lines that repeat a response of the same log."""
    responses: int
    """Responses in the logs, copies included."""
    copies: int
    """Responses that another session (or log) owns: forks, resumed and moved files."""
    counted: int


def reconcile(connection: sqlite3.Connection, chosen: Filter) -> Reconciliation:
    """How the number of responses comes about; by session (``since`` and ``until`` are about session starts)."""
    where, values = chosen.where("s.started_at")
    lines = 0
    skipped: Counter[str] = Counter()
    for usage_lines, reasons in connection.execute(
        f"SELECT g.usage_lines, g.skipped_usage FROM segments g JOIN sessions s ON s.id = g.session WHERE {where}",
        values,
    ):
        lines += usage_lines
        skipped.update(json.loads(reasons))
    row = connection.execute(
        "SELECT coalesce(sum(r.lines), 0), count(*), coalesce(sum(r.counted), 0) FROM responses r"
        f" JOIN segments g USING (segment) JOIN sessions s ON s.id = g.session WHERE r.pass = 0 AND {where}",
        values,
    ).fetchone()
    return Reconciliation(lines, dict(sorted(skipped.items())), row[0] - row[1], row[1], row[1] - row[2], row[2])
