"""Gathering an overview from the warehouse."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime, timedelta

import msgspec

from tachograph.app.cost import CostGroup, query_groups, query_totals
from tachograph.app.filters import QUARTER_MS, Filter
from tachograph.app.goals.figure_records import GoalFigures
from tachograph.app.overview.next_commands import suggest_commands
from tachograph.app.overview.record import Overview, ProblemCounts, SubagentShare, Week
from tachograph.app.periods import period_labels
from tachograph.app.retries import count_signals
from tachograph.app.sessions import count_sessions, list_sessions
from tachograph.app.token_facts import count_verdicts
from tachograph.app.totals import to_usd
from tachograph.app.usage_window import usage_source
from tachograph.app.waste import group_waste
from tachograph.model import to_datetime

WEEKS = 12
"""Weeks of the trend."""
_SESSIONS = 5


def report_overview(connection: sqlite3.Connection, chosen: Filter, goals: GoalFigures | None = None) -> Overview:
    """The overview of what lies within ``chosen``; ``goals`` are its goals."""
    first, last = _span(connection, chosen)
    overview = Overview(
        chosen.zone_name,
        None if chosen.since is None else to_datetime(chosen.since),
        None if chosen.until is None else to_datetime(chosen.until),
        None if first is None else to_datetime(first * QUARTER_MS),
        None if last is None else to_datetime(last * QUARTER_MS),
        count_sessions(connection, chosen),
        query_totals(connection, chosen),
        [] if first is None or last is None else _trend(connection, chosen, first, last),
        query_groups(connection, "model", chosen),
        query_groups(connection, "project", chosen),
        query_groups(connection, "agent", chosen),
        _share_of_subagents(connection, chosen),
        count_signals(connection, "agent", chosen)[0],
        list_sessions(connection, chosen, "cost", _SESSIONS).sessions,
        _count_problems(connection),
    )
    overview.waste = group_waste(connection, "detector", chosen)
    overview.token_verdicts = count_verdicts(connection, chosen)
    overview.goals = goals
    overview.next = suggest_commands(overview)
    return overview


def _span(connection: sqlite3.Connection, chosen: Filter) -> tuple[int | None, int | None]:
    """The first and the last quarter-hour with responses."""
    source, where, values = usage_source(connection, chosen)
    row = connection.execute(
        f"SELECT min(u.quarter), max(u.quarter) FROM {source} JOIN sessions s USING (session) WHERE {where}",
        values,
    ).fetchone()
    return row[0], row[1]


def _trend(connection: sqlite3.Connection, chosen: Filter, first: int, last: int) -> list[Week]:
    """The last weeks between two quarter-hours, those without responses included."""
    label = period_labels("week", chosen.zone)
    final, earliest = date.fromisoformat(label(last)), date.fromisoformat(label(first))
    size = min(WEEKS, (final - earliest).days // 7 + 1)
    mondays = [final - timedelta(weeks=number) for number in range(size - 1, -1, -1)]
    start = datetime(mondays[0].year, mondays[0].month, mondays[0].day, tzinfo=chosen.zone)
    since = max(round(start.timestamp() * 1000), chosen.since or 0)
    recent = query_groups(connection, "week", msgspec.structs.replace(chosen, since=since))
    groups = {group.key: group for group in recent}
    weeks = []
    for monday in mondays:
        group = groups.get(monday.isoformat()) or CostGroup(key="")
        weeks.append(Week(monday, group.sessions, group.responses, group.tokens, group.usd, group.unpriced_responses))
    return weeks


def _share_of_subagents(connection: sqlite3.Connection, chosen: Filter) -> SubagentShare:
    source, where, values = usage_source(connection, chosen)
    row = connection.execute(
        "SELECT count(DISTINCT s.session), coalesce(sum(u.responses), 0), coalesce(sum(u.input + u.cache_read"
        " + u.cache_write_5m + u.cache_write_1h + u.output), 0), sum_pico(u.cost_pico)"
        f" FROM {source} JOIN sessions s USING (session) WHERE s.kind = 'subagent' AND {where}",
        values,
    ).fetchone()
    return SubagentShare(row[0], row[1], row[2], to_usd(row[3]))


def _count_problems(connection: sqlite3.Connection) -> ProblemCounts:
    row = connection.execute(
        "SELECT count(*), count(DISTINCT CASE WHEN slug LIKE 'unreadable%' THEN log END) FROM problems"
    ).fetchone()
    return ProblemCounts(row[0] - row[1], row[1])
