"""Alerts: what they say, what the user said of them, and what other rules would have said."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from tachograph.analysis.kpis import load_kpis
from tachograph.app.budgets import judge_user_budgets
from tachograph.app.filters import Filter
from tachograph.app.find_session import short_names
from tachograph.app.learn.decisions import Verdict, acknowledge, load_acks, load_resets, now_ms
from tachograph.app.learn.fold import load_alerts, load_incidents, load_treated
from tachograph.app.learn.points import load_points
from tachograph.app.learn.rules import load_user_rules
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound
from tachograph.learning.alerts import Alert, Incident, RulePrecision, rule_precision
from tachograph.learning.budgets import BudgetState
from tachograph.learning.review import Reviewer
from tachograph.model import to_datetime
from tachograph.report.sanitise import harmless
from tachograph.warehouse.store import open_writer, transaction

_SEVERITIES = ("critical", "warning", "info")


class AlertRow(msgspec.Struct, frozen=True):
    """One alert of a list."""

    id: str
    severity: str
    rule: str
    kpi: str
    """The KPI, or what else the rule is about."""
    title: str
    session: str
    """Empty: about many sessions."""
    session_name: str
    agent_type: str
    agent: str
    at: datetime
    value: float | None
    mean: float | None
    """The baseline that it was held against."""
    deviations: float | None
    """Standard deviations on the bad side."""
    consecutive: int
    """How many sessions in a row were on the bad side."""
    action: str
    verdict: str | None
    """What the user said of it: seen, real or false_alarm; null: nothing yet."""


class IncidentSummary(msgspec.Struct, frozen=True):
    """Sessions in a row that lay on the bad side in one KPI."""

    id: str
    kpi: str
    agent_type: str
    agent: str
    model_family: str
    at: datetime
    """End of the last one."""
    sessions: list[str]
    """Their ids, the oldest first."""
    causes: list[str]
    actions: list[str]


class BudgetRow(msgspec.Struct, frozen=True):
    """A budget of config.toml as it stands."""

    scope: str
    """day, week, project or session."""
    unit: Literal["USD", "tokens"]
    limit: float
    used: float | None
    """Null: nothing of it is priced."""
    share: float | None
    """Used up, of the limit."""
    level: str
    """ok, near (80 % and more), over, unknown."""
    project: str | None
    agent: str | None
    session: str | None
    """Of a budget for sessions: the one that used most in the last week."""


class AlertList(msgspec.Struct, frozen=True):
    """Alerts, the latest first, and what the rules are worth by what the user said."""

    matching: int
    alerts: list[AlertRow]
    incidents: list[IncidentSummary]
    precision: list[RulePrecision]
    budgets: list[BudgetRow]


class AcknowledgedAlerts(msgspec.Struct, frozen=True):
    """What the user said, and of which alerts."""

    verdict: Verdict
    alerts: list[str]
    """Their ids."""


class RuleCount(msgspec.Struct, frozen=True):
    """What one rule said over a history."""

    rule: str
    severity: str
    alerts: int
    sessions: int


class Replay(msgspec.Struct, frozen=True):
    """What rules would have said, session by session, had they been there all the time."""

    sessions: int
    critical_sessions: int
    """Sessions with at least one critical alert."""
    warning_sessions: int
    """Sessions with at least one warning, and nothing graver."""
    incidents: int
    rules: list[RuleCount]
    alerts: list[AlertRow]
    """Critical ones, the latest first."""


def list_alerts(
    connection: sqlite3.Connection,
    workspace: Workspace,
    chosen: Filter,
    severity: str | None,
    *,
    everything: bool,
    limit: int,
) -> AlertList:
    """Alerts of the sessions that ended within ``chosen``; without ``everything`` warnings and worse, unseen ones.

    The latest session's first, and of a session the gravest first.
    """
    acks = load_acks(connection)
    projects = _projects(connection) if chosen.project is not None else {}
    found = [one for one in load_alerts(connection) if _fits(one, chosen, projects)]
    found.sort(key=lambda one: (-one.at, one.session, _SEVERITIES.index(one.severity), one.priority, one.id))
    shown = [one for one in found if severity is None or one.severity == severity]
    if not everything:
        shown = [one for one in shown if one.id not in acks and (severity or one.severity != "info")]
    kept = shown[:limit] if limit else shown
    return AlertList(
        len(shown),
        _rows(connection, kept, acks),
        [_sum_up(one) for one in load_incidents(connection) if _is_about(one, chosen, projects)][: limit or None],
        rule_precision(found, acks),
        [_budget_row(one) for one in judge_user_budgets(connection, workspace, now_ms())],
    )


def acknowledge_alerts(workspace: Workspace, names: Sequence[str], verdict: Verdict) -> list[str]:
    """Write down what the user says of alerts, named by id or a unique beginning; returns the ids. Raises NotFound."""
    with open_writer(workspace.folder) as connection:
        ids = [_find(connection, name) for name in names]
        with transaction(connection):
            for one in ids:
                acknowledge(connection, one, verdict)
    return ids


def acknowledge_all(workspace: Workspace, verdict: Verdict) -> list[str]:
    """The same for every alert that nobody has seen yet."""
    with open_writer(workspace.folder) as connection:
        held = load_acks(connection)
        ids = [one.id for one in load_alerts(connection) if one.id not in held]
        with transaction(connection):
            for one in ids:
                acknowledge(connection, one, verdict)
    return ids


def replay_rules(connection: sqlite3.Connection, chosen: Filter, rules: Path | None, limit: int) -> Replay:
    """What the rules, or those of a file of the user's own, would have said of the sessions within ``chosen``."""
    reviewer = Reviewer(load_kpis(), load_user_rules(rules), load_resets(connection))
    treated = load_treated(connection)
    alerts: list[Alert] = []
    sessions = incidents = 0
    for point in load_points(connection):
        judged = reviewer.take(point, unfed=treated.get(point.session, ()))
        if _in_span(point.ended_at, chosen) and _is_chosen(point.project, point.group.agent, chosen):
            sessions += 1
            alerts += judged.alerts
            incidents += len(judged.incidents)
    critical = {one.session for one in alerts if one.severity == "critical"}
    warning = {one.session for one in alerts if one.severity == "warning"} - critical
    grave = sorted((one for one in alerts if one.severity == "critical"), key=lambda one: (-one.at, one.id))
    return Replay(
        sessions, len(critical), len(warning), incidents, _count_rules(alerts),
        _rows(connection, grave[:limit] if limit else grave, load_acks(connection)),
    )  # fmt: skip


def _count_rules(alerts: Sequence[Alert]) -> list[RuleCount]:
    by_rule: dict[tuple[str, str], list[Alert]] = {}
    for one in alerts:
        by_rule.setdefault((one.rule, one.severity), []).append(one)
    counts = [
        RuleCount(rule, severity, len(found), len({one.session for one in found}))
        for (rule, severity), found in by_rule.items()
    ]
    return sorted(counts, key=lambda one: (_SEVERITIES.index(one.severity), -one.alerts, one.rule))


def _rows(connection: sqlite3.Connection, alerts: Sequence[Alert], acks: dict[str, Verdict]) -> list[AlertRow]:
    kpis = load_kpis()
    names = short_names(connection, {one.session for one in alerts if one.session})
    return [
        AlertRow(
            id=one.id, severity=one.severity, rule=one.rule, kpi=one.kpi,
            title=kpis[one.kpi].title if one.kpi in kpis else one.kpi, session=one.session,
            session_name=names.get(one.session, ""), agent_type=one.group.agent_type if one.group else "",
            agent=one.group.agent if one.group else "", at=to_datetime(one.at), value=one.value, mean=one.mean,
            deviations=one.deviations, consecutive=one.consecutive, action=one.action, verdict=acks.get(one.id),
        )
        for one in alerts
    ]  # fmt: skip


def _budget_row(one: BudgetState) -> BudgetRow:
    budget = one.budget
    return BudgetRow(
        budget.scope, "USD" if budget.usd is not None else "tokens", budget.limit, one.used, one.share, one.level,
        budget.project, budget.agent, one.session,
    )  # fmt: skip


def _sum_up(one: Incident) -> IncidentSummary:
    return IncidentSummary(
        one.id, one.kpi, one.group.agent_type, one.group.agent, one.group.family, to_datetime(one.at),
        [row.session for row in one.sessions], list(one.causes), list(one.actions),
    )  # fmt: skip


def _find(connection: sqlite3.Connection, name: str) -> str:
    text = name.encode("utf-8", "replace").decode()
    found = [
        str(one)
        for (one,) in connection.execute(
            "SELECT id FROM alerts WHERE id >= ? AND id < ? ORDER BY id LIMIT 3", (text, text + "\U0010ffff")
        )
    ]
    if name in found or len(found) == 1:
        return name if name in found else found[0]
    if not found:
        raise NotFound(
            f"No alert is called {harmless(name)}.", slug="no_alert", hint="tacho alerts list --all lists them."
        )
    raise NotFound(f"Several alerts begin with {harmless(name)}.", slug="ambiguous_alert", hint="Give more of the id.")


def _fits(one: Alert, chosen: Filter, projects: Mapping[str, str]) -> bool:
    agent = one.group.agent if one.group else ""
    return _in_span(one.at, chosen) and _is_chosen(projects.get(one.session), agent, chosen)


def _is_about(one: Incident, chosen: Filter, projects: Mapping[str, str]) -> bool:
    """Whether one of the incident's sessions is chosen."""
    return _in_span(one.at, chosen) and any(
        _is_chosen(projects.get(row.session), one.group.agent, chosen) for row in one.sessions
    )


def _projects(connection: sqlite3.Connection) -> dict[str, str]:
    """The project of each session that has one."""
    return dict(connection.execute("SELECT session, project FROM points WHERE project NOTNULL"))


def _in_span(at: int, chosen: Filter) -> bool:
    return (chosen.since is None or at >= chosen.since) and (chosen.until is None or at < chosen.until)


def _is_chosen(project: str | None, agent: str, chosen: Filter) -> bool:
    if chosen.agent is not None and agent != chosen.agent:
        return False
    return chosen.project is None or chosen.project.lower() in (project or "").lower()
