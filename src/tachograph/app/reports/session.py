"""The report on one session: its KPIs against what was usual, what got worse, and what may help."""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

import msgspec

from tachograph.analysis.kpis import load_kpis
from tachograph.app.filters import Filter
from tachograph.app.find_session import find_session, short_names
from tachograph.app.findings import list_findings
from tachograph.app.learn.figures import show_value
from tachograph.app.learn.fold import judge_again
from tachograph.app.learn.points import load_points
from tachograph.app.learn.trials import load_trials
from tachograph.app.reports.kpi_rows import (
    Peers,
    Regression,
    ReportedKpi,
    Verdict,
    find_regressions,
    report_kpis,
    verdict_on,
)
from tachograph.app.totals import to_usd
from tachograph.errors import NotFound
from tachograph.learning.alerts import Alert
from tachograph.learning.records import Arm, Group, Point, in_order
from tachograph.learning.review import Judged
from tachograph.learning.suggestions import PRIORITIES, Suggestion, find_session_offers, load_catalogue
from tachograph.learning.suggestions.catalogue import Condition, DetectorCondition, KpiCondition
from tachograph.learning.trials import TrialState
from tachograph.model import to_datetime

CHART_SESSIONS = 20
"""Sessions in a chart, this one included."""
_MAIN_KPIS = ("cost_per_turn", "token_efficiency", "cache_efficiency", "active_time_ratio")
"""Drawn when nothing got worse."""
_MOST_CHARTS = 4
_SESSION = """
SELECT coalesce(s.title, s.opening, ''), coalesce(s.model, '') FROM points p LEFT JOIN sessions s ON s.id = p.session
WHERE p.session = ?"""


class SessionSuggestion(msgspec.Struct, frozen=True):
    """A suggestion of the catalogue that fits this session."""

    id: str
    title: str
    priority: str
    category: str
    kpi: str
    """What it is meant to change."""
    direction: str
    impact: str
    implementation: str
    evidence: list[str]


class TrialArm(msgspec.Struct, frozen=True):
    """A trial that the session took part in."""

    trial: str
    suggestion: str
    arm: Arm
    share: float
    """The chance of treatment that it had."""
    state: str | None
    """Where the trial stands now; null: it was not judged yet."""


class KpiHistory(msgspec.Struct, frozen=True):
    """One KPI over the last sessions of the group, this one the last."""

    kpi: str
    title: str
    ended_at: list[datetime]
    values: list[float]


class SessionReport(msgspec.Struct, frozen=True, kw_only=True):
    """One session."""

    id: str
    name: str
    """A short name by which ``tacho show`` finds it."""
    title: str
    agent: str
    agent_type: str
    kind: str
    model: str
    """That gave most of its output; empty: not known."""
    model_family: str
    project: str | None
    task_type: str | None
    started_at: datetime
    ended_at: datetime
    usd: float | None
    """Of its own responses; null: nothing is priced."""
    verdict: Verdict
    """PASS, WARNING or CRITICAL: that of its gravest alert."""
    completeness: float | None
    """Share of the KPIs that apply whose data is there."""
    kpis: list[ReportedKpi]
    lacking: dict[str, str]
    """KPIs that apply but whose data is missing, and why."""
    regressions: list[Regression]
    """The worst first."""
    alerts: list[Alert]
    """The gravest first."""
    suggestions: list[SessionSuggestion]
    """By priority, those whose waste cost most first."""
    trials: list[TrialArm]
    history: list[KpiHistory]
    """Of the KPIs that got worse, else of the main ones."""


def report_session(connection: sqlite3.Connection, id: str) -> SessionReport:
    """The report on the session ``id``. Raises NotFound when it has no KPIs."""
    for report in report_sessions(connection, [id]):
        return report
    raise NotFound(
        f"The session {id} has no KPIs: no response of a model is its own.", slug="no_kpis",
        hint="tacho show tells what its log holds.",
    )  # fmt: skip


def find_point(connection: sqlite3.Connection, name: str) -> str:
    """The id of the session called ``name``, also of one that only telemetry knows. Raises NotFound."""
    text = name.encode("utf-8", "replace").decode()  # an argument may hold any bytes
    told = connection.execute("SELECT session FROM points WHERE session = ?", (text,)).fetchone()
    return str(told[0]) if told else find_session(connection, name)


def report_sessions(connection: sqlite3.Connection, ids: Sequence[str]) -> Iterator[SessionReport]:
    """The reports on those of ``ids`` that have KPIs, in the order in which they ended; the history is read once."""
    gathering = _Gathering(connection)
    for judged in judge_again(connection, dict.fromkeys(ids)):
        yield gathering.report(judged)


class _Gathering:
    """What the reports of one round share."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._catalogue = load_catalogue()
        self._states = load_trials(connection)
        self._groups: dict[Group, list[Point]] = defaultdict(list)
        self._peers: dict[tuple[str, str], Peers] = {}

    def report(self, judged: Judged) -> SessionReport:
        """One session."""
        point, connection = judged.point, self._connection
        title, model = connection.execute(_SESSION, (point.session,)).fetchone()
        regressions = find_regressions(judged)
        return SessionReport(
            id=point.session, name=short_names(connection, [point.session])[point.session], title=title,
            agent=point.group.agent, agent_type=point.group.agent_type, kind=point.kind, model=model,
            model_family=point.group.family, project=point.project, task_type=point.task_type,
            started_at=to_datetime(point.started_at), ended_at=to_datetime(point.ended_at),
            usd=to_usd(point.cost_pico), verdict=verdict_on(judged.alerts), completeness=point.completeness,
            kpis=report_kpis(judged, self._meet(point.group)), lacking=dict(point.lacking), regressions=regressions,
            alerts=list(judged.alerts),
            suggestions=_suggest(connection, point, self._catalogue),
            trials=_find_arms(connection, point.session, self._states),
            history=self._history(point, [one.kpi for one in regressions]),
        )  # fmt: skip

    def _meet(self, group: Group) -> Peers:
        """The sessions to compare with, loaded when they are first asked for."""
        key = group.agent_type, group.agent
        if key not in self._peers:
            points = list(load_points(self._connection, "agent_type = ? AND agent = ?", key))
            self._peers[key] = Peers(points)
            for point in points:
                self._groups[point.group].append(point)
        return self._peers[key]

    def _history(self, point: Point, worse: Sequence[str]) -> list[KpiHistory]:
        names = worse or [name for name in _MAIN_KPIS if name in point.values]
        group = self._groups[point.group]
        end = bisect_right(group, in_order(point), key=in_order)
        return [_draw(name, group, end) for name in names[:_MOST_CHARTS]]


def _draw(name: str, points: Sequence[Point], end: int) -> KpiHistory:
    """The last of ``points`` before ``end`` that have the KPI."""
    having = (point for point in reversed(points[:end]) if name in point.values)
    shown = list(islice(having, CHART_SESSIONS))[::-1]
    return KpiHistory(
        name,
        load_kpis()[name].title,
        [to_datetime(point.ended_at) for point in shown],
        [point.values[name] for point in shown],
    )


def _find_arms(connection: sqlite3.Connection, session: str, states: Mapping[str, TrialState]) -> list[TrialArm]:
    rows = connection.execute(
        "SELECT trial, suggestion, arm, share FROM assignments WHERE session = ? ORDER BY at, trial", (session,)
    )
    return [
        TrialArm(trial, suggestion, arm, share, states[trial].state if trial in states else None)
        for trial, suggestion, arm, share in rows
    ]


# --------------------------------------------------------------------------------------------------- suggestions


def _suggest(
    connection: sqlite3.Connection, point: Point, catalogue: Mapping[str, Suggestion]
) -> list[SessionSuggestion]:
    """Those whose condition on a KPI holds for this session, and those about waste that it has."""
    found = [
        (catalogue[offer.suggestion], 0.0, [_tell_bound(catalogue[offer.suggestion].when, offer.numbers)])
        for offer in find_session_offers(point, load_kpis(), catalogue)
    ]
    waste: dict[str, list[tuple[str, float | None]]] = defaultdict(list)
    for finding in list_findings(connection, Filter(), sessions=[point.session]):
        waste[finding.detector].append((finding.id, finding.wasted_usd))
    for one in catalogue.values():
        if isinstance(one.when, DetectorCondition) and one.when.detector in waste:
            findings = waste[one.when.detector]
            usd = sum(cost or 0.0 for _, cost in findings)
            found.append((one, usd, [_tell_waste(one.when.detector, findings, usd)]))
    found.sort(key=lambda told: (PRIORITIES.index(told[0].priority), -told[1], told[0].id))
    return [_suggestion(one, evidence) for one, _, evidence in found]


def _tell_bound(when: Condition, numbers: Mapping[str, float]) -> str:
    """What of a session lies beyond the bound of a suggestion's condition."""
    kpi = load_kpis()[when.kpi] if isinstance(when, KpiCondition) else None
    return f"{kpi.title} {show_value(kpi, numbers['value'])}, bound {show_value(kpi, numbers['bound'])}" if kpi else ""


def _tell_waste(detector: str, findings: Sequence[tuple[str, float | None]], usd: float) -> str:
    priced = sum(cost is not None for _, cost in findings)
    cost = f", ${usd:.2f} (estimate)" if priced else ""
    ids = ", ".join(name for name, _ in sorted(findings, key=lambda one: (-(one[1] or 0.0), one[0]))[:3])
    number = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
    return f"{detector}: {number}{cost}; tacho waste --explain shows the proof of {ids}"


def _suggestion(one: Suggestion, evidence: list[str]) -> SessionSuggestion:
    return SessionSuggestion(
        one.id, one.title, one.priority, one.category, one.kpi, one.direction, one.impact, one.implementation, evidence
    )
