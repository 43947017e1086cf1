"""What the loop writes for people and other tools: the week's report, and the plan's files in the user's folder."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tachograph.analysis.kpis import load_kpis
from tachograph.app.filters import find_zone
from tachograph.app.learn.assignments import load_assignments
from tachograph.app.learn.decisions import Activation
from tachograph.app.learn.fold import judge_all, load_incidents
from tachograph.app.learn.plan_files import PlanFiles, write_plan_files
from tachograph.app.learn.plan_suggestions import SessionSuggestions, plan_suggestion, session_suggestions
from tachograph.app.learn.points import load_points
from tachograph.app.learn.weekly import due_week, note_written
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError
from tachograph.learning.baselines import BaselineTable
from tachograph.learning.records import Point
from tachograph.learning.suggestions import Suggestion, find_session_offers, render
from tachograph.learning.trials import TrialState

_MOST_REPORTS = 500
"""Sessions of one round that get a report of their own, the latest: a first round over years need not write all."""


def write_due_week(connection: sqlite3.Connection, workspace: Workspace, now: int) -> tuple[str | None, list[str]]:
    """Write the last week's report when it is due: its file, and what the person should know.

    The caller's transaction commits that it was written.
    """
    from tachograph.app.reports.markdown import write_weekly

    zone, _ = find_zone(workspace.settings.display_timezone)
    week = due_week(connection, zone, now)
    if week is None:
        return None, []
    try:
        path = write_weekly(connection, workspace, week)
    except TachographError as error:
        return None, [f"The report on the week {week} could not be written: {error.message}"]
    note_written(connection, week, now)
    return str(path), []


def publish(
    connection: sqlite3.Connection,
    workspace: Workspace,
    folder: Path,
    baselines: BaselineTable,
    activations: Sequence[Activation],
    states: Mapping[str, TrialState],
    catalogue: Mapping[str, Suggestion],
    changed: Sequence[str],
    weekly: str | None,
) -> list[str]:
    """Write the plan's layout below ``folder``; returns what the person should know.

    ``changed`` are the sessions with new KPIs, ``weekly`` is the file of the week's report.
    """
    from tachograph.app.reports.markdown import session_markdowns

    latest = list(changed)[-_MOST_REPORTS:]
    points = _load(connection, latest)
    plan = PlanFiles(
        judged=judge_all(connection),
        applied=_applied(connection),
        baselines=baselines,
        suggestions=list(_suggest(points, activations, states, catalogue)),
        incidents=load_incidents(connection),
        reports=dict(session_markdowns(connection, workspace, [point.session for point in points])),
        weekly={Path(weekly).stem.removeprefix("weekly-"): Path(weekly).read_text("utf-8")} if weekly else {},
    )
    return write_plan_files(folder, plan)


def _load(connection: sqlite3.Connection, sessions: Sequence[str]) -> list[Point]:
    marks = ", ".join("?" * len(sessions))
    return list(load_points(connection, f"session IN ({marks})", sessions)) if sessions else []


def _applied(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Session -> the suggestions under test that it was given."""
    given: dict[str, list[str]] = defaultdict(list)
    for one in load_assignments(connection):
        if one.arm == "treatment":
            given[one.session].append(one.suggestion)
    return given


def _suggest(
    points: Sequence[Point],
    activations: Sequence[Activation],
    states: Mapping[str, TrialState],
    catalogue: Mapping[str, Suggestion],
) -> Iterator[SessionSuggestions]:
    """For each session what its own KPIs call for."""
    active = {(one.suggestion, one.agent_type): one for one in activations if one.closed is None}
    for point in points:
        told = []
        for offer in find_session_offers(point, load_kpis(), catalogue):
            suggestion = catalogue[offer.suggestion]
            one = active.get((offer.suggestion, offer.agent_type))
            if one is not None and one.agent not in ("", point.group.agent):
                one = None  # it is under test with another agent's sessions
            told.append(
                plan_suggestion(
                    offer, suggestion, render(suggestion, offer.numbers), one.started_at if one else None,
                    states.get(one.trial) if one else None,
                )
            )  # fmt: skip
        if told:
            yield session_suggestions(point, told)
