"""What the rollups have to say, from the reports that read the warehouse's own rows, or counted here by hand."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec

from tachograph.app.cost import query_groups, query_totals
from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.retries import count_signals
from tachograph.app.rollups.cubes import (
    CUBES,
    CostSums,
    KpiSums,
    SessionSums,
    Sums,
    ToolSums,
    UsageSums,
    VerdictSums,
    WasteSums,
    WasteTypeSums,
)
from tachograph.app.rollups.read import add_up, day_of
from tachograph.app.scope import Scope
from tachograph.app.session_rows import SessionRow
from tachograph.app.sessions import count_sessions, list_sessions
from tachograph.app.token_facts import count_verdicts
from tachograph.app.tools import report_tools
from tachograph.app.workspace import Workspace

_EARLY, _LATE = date(2000, 1, 2), date(2199, 1, 1)
_TOTALS = (
    "responses",
    "input",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "output",
    "reasoning",
    "web_searches",
)


def assert_right(workspace: Workspace) -> None:
    """The rollups say what the reports say: of everything, of every project and agent, of some ranges of days."""
    with open_desk(workspace, update=False) as desk:
        for scope in list(list_scopes(desk)):
            assert_scope(desk, scope)


def list_scopes(desk: Desk) -> Iterator[Scope]:
    """Everything, each agent, each project of which the reports say the same, the first and the last days.

    They match a part of a project's path.
    """
    whole = Scope(day_of(0), "custom", _EARLY, _LATE, zone=desk.zone, zone_name=desk.zone_name)
    yield whole
    for column in ("project", "agent"):
        rows = desk.connection.execute(f"SELECT DISTINCT {column} FROM sessions WHERE {column} IS NOT NULL")
        names = [name for (name,) in rows]
        for name in names:
            if sum(name.lower() in other.lower() for other in names) == 1:
                yield msgspec.structs.replace(whole, **{column: name})
    days = sorted(int(key[0]) for key, _ in add_up(desk.connection, UsageSums, whole, by=("day",)))
    if days:
        yield msgspec.structs.replace(whole, last=day_of(days[0]))
        yield msgspec.structs.replace(whole, first=day_of(days[0]) + timedelta(days=1))
        yield msgspec.structs.replace(whole, first=day_of(days[-1]), last=day_of(days[-1]))


def assert_scope(desk: Desk, scope: Scope) -> None:
    """The rollups say of ``scope`` what the reports say."""
    _check_usage(desk.connection, scope)
    _check_sessions(desk.connection, scope)
    _check_costs(desk.connection, scope)
    _check_tools(desk.connection, scope)
    _check_waste(desk.connection, scope)
    _check_kpis(desk.connection, scope)
    for sums in CUBES:
        assert_pieces(desk.connection, sums, scope)


def assert_pieces(connection: sqlite3.Connection, sums: type[Sums], scope: Scope) -> None:
    """Months and the days around them give what the days give one by one, and what the weeks and months give."""
    [(_, total)] = add_up(connection, sums, scope)
    for by in ("day", "week", "month", "agent", "project", *sums.keys):
        parts = [msgspec.structs.astuple(part) for _, part in add_up(connection, sums, scope, by=(by,))]
        found = tuple(map(sum, zip(*parts, strict=True))) if parts else msgspec.structs.astuple(sums())
        assert found == msgspec.structs.astuple(total), (sums.table, by)


def _only(connection: sqlite3.Connection, sums: type[Any], scope: Scope) -> Any:
    [(_, found)] = add_up(connection, sums, scope)
    return found


def _check_usage(connection: sqlite3.Connection, scope: Scope) -> None:
    found, expected = _only(connection, UsageSums, scope), query_totals(connection, scope.filter)
    assert _usage(found) == _totals(expected)
    by_model = {key[0]: _usage(sums) for key, sums in add_up(connection, UsageSums, scope, by=("model",))}
    assert by_model == {group.key: _totals(group) for group in query_groups(connection, "model", scope.filter)}
    by_day = {str(day_of(int(key[0]))): _usage(sums) for key, sums in add_up(connection, UsageSums, scope, by=("day",))}
    assert by_day == {group.key: _totals(group) for group in query_groups(connection, "day", scope.filter)}


def _usage(sums: UsageSums) -> tuple[object, ...]:
    numbers = [getattr(sums, name) for name in _TOTALS]
    return (*numbers, sums.usd, sums.unpriced, sums.unreliable)


def _totals(totals: Any) -> tuple[object, ...]:
    numbers = [getattr(totals, name) for name in _TOTALS]
    return (*numbers, totals.usd, totals.unpriced_responses, totals.output_unreliable_responses)


def _check_sessions(connection: sqlite3.Connection, scope: Scope) -> None:
    found, expected = _only(connection, SessionSums, scope), count_sessions(connection, scope.filter)
    assert msgspec.structs.astuple(expected) == (
        found.sessions, found.subagents, found.active_ms / 1000, found.turns, found.prompts, found.tool_calls,
        found.tool_errors, found.logs_missing,
    )  # fmt: skip
    signals, _ = count_signals(connection, "agent", scope.filter)
    assert signals.sessions == found.with_logs
    of = {"follow_ups": found.prompted, "structural_retries": found.comparable}
    held = {
        "follow_ups": (found.follow_ups, found.followed_up),
        "interruptions": (found.interruptions, found.interrupted),
        "structural_retries": (found.retried, found.retried),
        "subagent_spawns": (found.spawns, found.spawning),
    }
    for name, numbers in held.items():
        signal = getattr(signals, name)
        assert (signal.count or 0, signal.sessions or 0, signal.of or 0) == (*numbers, of.get(name, found.with_logs))
    verdicts = {key[0]: sums.sessions for key, sums in add_up(connection, VerdictSums, scope, by=("verdict",))}
    assert verdicts == {name: number for name, number in count_verdicts(connection, scope.filter).items() if number}
    listed = Counter(
        text
        for text, at in connection.execute(
            "SELECT n.text, started_at FROM roll.roots JOIN roll.names n ON name = verdict"
        )
        if text and at is not None
    )
    if (scope.first, scope.last, scope.project, scope.agent) == (_EARLY, _LATE, None, None):
        assert verdicts == listed


def _check_costs(connection: sqlite3.Connection, scope: Scope) -> None:
    listed = list_sessions(connection, scope.filter, "recent", 0).sessions
    expected: defaultdict[str, list[SessionRow]] = defaultdict(list)
    for row in listed:
        expected[row.models[0] if row.models else ""].append(row)
    found = {key[0]: sums for key, sums in add_up(connection, CostSums, scope, by=("model",))}
    assert {key: (one.sessions, one.logs_missing, one.priced, one.unpriced) for key, one in found.items()} == {
        key: (
            len(rows), sum(row.log_missing for row in rows), sum(row.usd is not None for row in rows),
            sum(row.unpriced_responses > 0 for row in rows),
        )
        for key, rows in expected.items()
    }  # fmt: skip
    for key, one in found.items():
        usd = sum(row.usd or 0.0 for row in expected[str(key)])
        assert abs(one.micro / 10**6 - usd) <= 1e-6 * one.sessions


def _check_tools(connection: sqlite3.Connection, scope: Scope) -> None:
    expected = {
        group.key: (
            group.calls, group.ok, group.errors, group.denied, group.cancelled, group.missing, group.results,
            group.result_chars, group.unpriced_calls, group.unattributed_calls, group.timed_calls,
            None if group.usd is None else round(group.usd, 9),
        )
        for group in report_tools(connection, "tool", scope.filter).groups
    }  # fmt: skip
    assert expected == {
        key[0]: (
            sums.calls, sums.ok, sums.errors, sums.denied, sums.cancelled, sums.missing, sums.results,
            sums.result_chars, sums.unpriced, sums.unattributed, sum(sums.times),
            None if sums.usd is None else round(sums.usd, 9),
        )
        for key, sums in add_up(connection, ToolSums, scope, by=("tool",))
    }  # fmt: skip


_FINDINGS = """
SELECT s.root_id, s.id, f.detector, CASE s.kind WHEN 'main' THEN 'main session' ELSE coalesce(s.agent_type, '') END,
    f.count, f.tokens, f.carried_tokens, f.cost_pico
FROM findings f JOIN segments g USING (segment) JOIN sessions s ON s.id = g.session
WHERE s.root_id IN (
    SELECT r.root_id FROM sessions r LEFT JOIN sessions h ON h.id = r.root_id
    GROUP BY r.root_id
    HAVING {where}
        AND coalesce(h.started_at, min(r.started_at)) >= ? AND coalesce(h.started_at, min(r.started_at)) < ?)"""


def _check_waste(connection: sqlite3.Connection, scope: Scope) -> None:
    chosen = scope.filter
    parts, values = ["1"], list[object]()
    if chosen.project is not None:  # that of the session at the top
        parts.append("instr(lower(coalesce(h.project, min(r.project), '')), lower(?)) > 0")
        values.append(chosen.project)
    if chosen.agent is not None:
        parts.append("min(r.agent) = ?")
        values.append(chosen.agent)
    where = " AND ".join(parts)
    rows = connection.execute(_FINDINGS.format(where=where), [*values, chosen.since, chosen.until]).fetchall()
    for sums, place, holder in ((WasteSums, 2, 0), (WasteTypeSums, 3, 1)):
        groups: defaultdict[tuple[str, ...], list[Any]] = defaultdict(list)
        for row in rows:
            groups[(row[2],) if place == 2 else (row[3], row[2])].append(row)
        assert {key: _waste(sums) for key, sums in add_up(connection, sums, scope, by=sums.keys)} == {
            key: (
                len({row[holder] for row in group}), len(group), sum(row[4] for row in group),
                sum(row[5] or 0 for row in group), sum(row[6] for row in group),
                sum(row[7] is None for row in group), sum(row[5] is None for row in group),
                sum(row[7] or 0 for row in group),
            )
            for key, group in groups.items()
        }  # fmt: skip
    wasteful = {row[0] for row in rows}
    assert _only(connection, SessionSums, scope).wasteful == len(wasteful)


def _waste(sums: WasteSums) -> tuple[int, ...]:
    return (
        sums.sessions, sums.findings, sums.times, sums.tokens, sums.carried_tokens, sums.unpriced, sums.unweighed,
        sums.pico or 0,
    )  # fmt: skip


def _check_kpis(connection: sqlite3.Connection, scope: Scope) -> None:
    chosen = scope.filter
    where, values = chosen.where("p.ended_at", "p")
    rows = connection.execute(
        "SELECT p.agent_type, k.kpi, k.value FROM points p JOIN kpis k USING (session)"
        f" WHERE p.family <> '' AND {where}",
        values,
    )
    expected: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for agent_type, kpi, value in rows:
        expected[agent_type, kpi].append(round(value * 10**6))
    found = {key: (sums.sessions, sums.millionths) for key, sums in add_up(connection, KpiSums, scope, by=KpiSums.keys)}
    assert found.keys() == expected.keys()
    for key, (sessions, millionths) in found.items():
        assert sessions == len(expected[key])  # type: ignore[index]
        assert abs(millionths - sum(expected[key])) <= sessions  # type: ignore[index]  # halves are rounded otherwise
