"""The report on one week: what was used, what went well or worse, what is being tried, what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

import msgspec

from tachograph.analysis.kpis import load_kpis
from tachograph.app.alerts import AlertRow
from tachograph.app.budgets import judge_user_budgets
from tachograph.app.cost import CostGroup, query_groups
from tachograph.app.filters import Filter
from tachograph.app.find_session import short_names
from tachograph.app.learn.decisions import load_acks, now_ms
from tachograph.app.learn.fold import judge_again, load_baselines
from tachograph.app.learn.points import load_points
from tachograph.app.learn.weekly import week_of, week_span
from tachograph.app.reports.incident import IncidentReport, report_incident
from tachograph.app.reports.week_sessions import (
    MOST_REGRESSIONS,
    Performer,
    WeekGroup,
    WeekRegression,
    find_performers,
    find_week_regressions,
    group_kpis,
)
from tachograph.app.reports.week_spend import TypeTotals, WeekTotals, total_types, total_week
from tachograph.app.suggestions import SuggestionRow, list_suggestions
from tachograph.app.trials import TrialRow, list_trials
from tachograph.app.workspace import Workspace
from tachograph.errors import UsageError
from tachograph.learning.alerts import Alert
from tachograph.learning.budgets import BudgetState
from tachograph.learning.review import Judged
from tachograph.model import to_datetime

MOST_ALERTS = 10
MOST_RECOMMENDATIONS = 5
WEEKS_SHOWN = 8
"""Weeks in the chart of costs, this one included."""
_DAY_MS = 24 * 3600 * 1000


class WeekAlerts(msgspec.Struct, frozen=True, kw_only=True):
    """The alerts about sessions that ended in the week."""

    critical: int
    warning: int
    info: int
    false_alarms: int
    """Those that the user has called so, of any severity."""
    gravest: list[AlertRow]
    """Critical ones, by priority, the first few."""


class WeeklyReport(msgspec.Struct, frozen=True, kw_only=True):
    """One ISO week."""

    week: str
    """2026-W46."""
    since: datetime
    """Monday's midnight."""
    until: datetime
    """The next Monday's midnight."""
    timezone: str
    is_over: bool
    """False: the week still runs."""
    totals: WeekTotals
    before: WeekTotals
    """Of the week before."""
    agent_types: list[TypeTotals]
    days: list[CostGroup]
    """Spend by day."""
    weeks: list[CostGroup]
    """Spend by week, keyed by its Monday; this week is the last one."""
    groups: list[WeekGroup]
    """KPIs of the agent types with most sessions."""
    performers: list[Performer]
    regressions: list[WeekRegression]
    more_regressions: int
    """Beyond those listed."""
    alerts: WeekAlerts
    incidents: list[IncidentReport]
    """Those that ended with a session of the week."""
    trials: list[TrialRow]
    """Those that ran in the week, as they stand now."""
    budgets: list[BudgetState]
    """As of the week's end, or now; a budget for a day once for each day."""
    recommendations: list[SuggestionRow]
    """What fits the last weeks' sessions and is not under test, what saves most first."""
    session_names: dict[str, str]
    """Short names of the best and the worst sessions."""


def last_week(zone: tzinfo, now: int | None = None) -> str:
    """The last whole week before ``now`` (ms UTC)."""
    moment = datetime.fromtimestamp((now_ms() if now is None else now) / 1000, UTC).astimezone(zone)
    return week_of(moment - timedelta(days=7))


def check_week(week: str, zone: tzinfo) -> tuple[int, int]:
    """The span of ``week``, ms UTC. Raises UsageError for what is no ISO week."""
    try:
        return week_span(week, zone)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{week!r} is no week.", slug="bad_week", hint="An ISO week is written as 2026-W46."
        ) from error


def report_week(
    connection: sqlite3.Connection, workspace: Workspace, week: str, zone: tzinfo, zone_name: str, now: int
) -> WeeklyReport:
    """The report on ``week`` in ``zone`` as it is known at ``now``. Raises UsageError for what is no ISO week."""
    since, until = check_week(week, zone)
    earlier = check_week(week_of(datetime.fromtimestamp(since / 1000, zone) - timedelta(days=3)), zone)[0]
    judged = _judge(connection, since, until)
    before = list(load_points(connection, "ended_at >= ? AND ended_at < ?", (earlier, since)))
    performers, regressions = find_performers(judged), find_week_regressions(judged)
    shown = regressions[:MOST_REGRESSIONS]
    incidents = [report_incident(connection, incident) for one in judged for incident in one.incidents]
    span = Filter(since, until, zone=zone, zone_name=zone_name)
    weeks = msgspec.structs.replace(span, since=_weeks_before(since, zone))
    return WeeklyReport(
        week=week, since=to_datetime(since), until=to_datetime(until), timezone=zone_name, is_over=until <= now,
        totals=total_week(connection, workspace, since, until),
        before=total_week(connection, workspace, earlier, since), agent_types=total_types(connection, since, until),
        days=query_groups(connection, "day", span), weeks=query_groups(connection, "week", weeks),
        groups=group_kpis(judged, before, load_baselines(connection)), performers=performers, regressions=shown,
        more_regressions=len(regressions) - len(shown), alerts=_alerts(connection, judged), incidents=incidents,
        trials=_trials(connection, since, until), budgets=_budgets(connection, workspace, since, until, now),
        recommendations=_recommend(connection, workspace),
        session_names=short_names(connection, _named(performers, shown)),
    )  # fmt: skip


def _named(performers: Sequence[Performer], regressions: Sequence[WeekRegression]) -> dict[str, None]:
    """The sessions that the report names, but for those of incidents."""
    return dict.fromkeys([*(one.session for one in performers), *(one.worst_session for one in regressions)])


def _weeks_before(since: int, zone: tzinfo) -> int:
    first = datetime.fromtimestamp(since / 1000, zone) - timedelta(weeks=WEEKS_SHOWN - 1)
    return round(first.timestamp() * 1000)


def _judge(connection: sqlite3.Connection, since: int, until: int) -> list[Judged]:
    """The sessions that ended in the week, each judged as it was when it ended."""
    rows = connection.execute(
        "SELECT session FROM points WHERE family <> '' AND ended_at >= ? AND ended_at < ?", (since, until)
    )
    wanted = {session: None for (session,) in rows}
    return list(judge_again(connection, wanted)) if wanted else []


def _alerts(connection: sqlite3.Connection, judged: Sequence[Judged]) -> WeekAlerts:
    acks = load_acks(connection)
    found = [alert for one in judged for alert in one.alerts]
    critical = [one for one in found if one.severity == "critical"]
    critical.sort(key=lambda one: (acks.get(one.id) == "false_alarm", one.priority, -(one.deviations or 0.0), one.id))
    shown = critical[:MOST_ALERTS]
    names = short_names(connection, {one.session for one in shown if one.session})
    return WeekAlerts(
        critical=len(critical),
        warning=sum(one.severity == "warning" for one in found),
        info=sum(one.severity == "info" for one in found),
        false_alarms=sum(acks.get(one.id) == "false_alarm" for one in found),
        gravest=[_alert_row(one, names.get(one.session, ""), acks.get(one.id)) for one in shown],
    )


def _alert_row(one: Alert, name: str, verdict: str | None) -> AlertRow:
    kpi = load_kpis().get(one.kpi)
    return AlertRow(
        id=one.id, severity=one.severity, rule=one.rule, kpi=one.kpi, title=kpi.title if kpi else one.kpi,
        session=one.session, session_name=name, agent_type=one.group.agent_type if one.group else "",
        agent=one.group.agent if one.group else "", at=to_datetime(one.at), value=one.value, mean=one.mean,
        deviations=one.deviations, consecutive=one.consecutive, action=one.action, verdict=verdict,
    )  # fmt: skip


def _trials(connection: sqlite3.Connection, since: int, until: int) -> list[TrialRow]:
    """Those that had begun by the week's end and were not decided before it began."""
    first, after = to_datetime(since), to_datetime(until)
    return [
        one
        for one in list_trials(connection).trials
        if one.started_at < after and (one.decided_at is None or one.decided_at >= first)
    ]


def _budgets(
    connection: sqlite3.Connection, workspace: Workspace, since: int, until: int, now: int
) -> list[BudgetState]:
    end = min(until - 1, now)
    states = judge_user_budgets(connection, workspace, end)
    found = [one for one in states if one.budget.scope != "day"]
    if len(found) < len(states):
        for day in range(since + _DAY_MS // 2, end + 1, _DAY_MS):
            found += [one for one in judge_user_budgets(connection, workspace, day) if one.budget.scope == "day"]
    return found


def _recommend(connection: sqlite3.Connection, workspace: Workspace) -> list[SuggestionRow]:
    offered = [one for one in list_suggestions(connection, workspace, None).suggestions if one.state == "offered"]
    return offered[:MOST_RECOMMENDATIONS]
