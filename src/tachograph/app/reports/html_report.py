"""The report as one HTML file that needs nothing else: making it, and putting it where it may go."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec

from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.goal_facts import find_goals
from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.reports.html_figures import Figures, gather_figures, report_scope
from tachograph.app.reports.html_names import Names, load_pseudonyms
from tachograph.app.reports.html_steps import Direction
from tachograph.app.reports.html_view import describe_report
from tachograph.app.reports.own_files import put_report
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, UsageError
from tachograph.model import to_datetime
from tachograph.report.html.render import render_standalone

_MARK = b"\n<!-- written by tacho report html -->\n"
"""The last line of every report: what ends so may be written over."""
_SHOWN_PROJECTS = 10


class HtmlReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report that was written, and its main numbers."""

    path: str | None
    """Null: it went to stdout."""
    bytes: int
    since: date
    until: date
    """The last day, itself included."""
    timezone: str
    project: str | None
    """Null: all."""
    share_safe: bool
    sessions: int
    """Begun in these days, subagents folded in."""
    responses: int
    """Made in these days; so tokens and dollars."""
    tokens: int
    usd: float | None
    """Null when nothing is priced; a lower bound when ``unpriced_responses`` > 0."""
    unpriced_responses: int
    cost_trend: Direction | None
    """Of the cost per session; null: too few days or weeks with sessions."""
    cost_trend_ratio: float | None
    """Second half of the range by the first."""


class MadeReport(msgspec.Struct, frozen=True):
    """A report before it is written."""

    content: bytes
    figures: Figures


def make_report(workspace: Workspace, days: int, project: str | None, now: int, *, share_safe: bool) -> MadeReport:
    """The report on the last ``days`` days of what is stored, the last one that of ``now`` (ms UTC).

    ``project``: only the project of this path, or of this part of it that no other has. Raises NotFound and UsageError
    when there is none or more than one, TachographError as the store does.
    """
    with open_desk(workspace, update=True) as desk:
        chosen = None if project is None else _find_project(desk, project)
        scope = report_scope(desk, days, chosen, now)
        figures = gather_figures(desk, scope, find_goals(desk, scope))
    names: Names = load_pseudonyms(workspace.folder) if share_safe else _plain_names(figures)
    view = describe_report(figures, names, to_datetime(now))
    page = render_standalone(view, zone=figures.scope.zone, footer="Made by Tachograph. This file needs nothing else.")
    return MadeReport(page.encode("utf-8", "replace") + _MARK, figures)


def default_path(told: Figures) -> Path:
    """In the folder one stands in; named by the day alone."""
    return Path(f"tachograph-report-{told.scope.today}.html")


def write_report(path: Path, content: bytes) -> None:
    """Put the report at ``path``, as ``put_report`` does."""
    put_report(path, content, mark=_MARK, option="--output")


def sum_up(made: MadeReport, path: Path | None, *, share_safe: bool) -> HtmlReport:
    """What is told of the report."""
    told = made.figures
    assert told.scope.first is not None
    return HtmlReport(
        path=None if path is None else str(path.absolute()), bytes=len(made.content), since=told.scope.first,
        until=told.scope.today, timezone=told.scope.zone_name, project=told.scope.project, share_safe=share_safe,
        sessions=told.sessions.sessions, responses=told.usage.responses, tokens=told.usage.tokens, usd=told.usage.usd,
        unpriced_responses=told.usage.unpriced, cost_trend=told.trend.direction if told.trend else None,
        cost_trend_ratio=told.trend.ratio if told.trend else None,
    )  # fmt: skip


def _plain_names(told: Figures) -> Names:
    return Names([*(path for path, _, _ in told.projects), *(one.project or "" for one in told.dearest.sessions)])


def _find_project(desk: Desk, text: str) -> str:
    """The project of this path, else the only one with ``text`` in its path."""
    rows = desk.connection.execute(
        "SELECT text FROM roll.names WHERE name IN (SELECT project FROM roll.roots)"
        " AND text <> '' AND instr(lower(text), lower(?)) > 0 ORDER BY text",
        (text,),
    )
    found = [str(row[0]) for row in rows]
    if text in found:
        return text
    if not found:
        raise NotFound(f"There is no project {text!r}.", slug="no_such_project")
    if len(found) > 1:
        more = f"\n  … and {len(found) - _SHOWN_PROJECTS} more" if len(found) > _SHOWN_PROJECTS else ""
        raise UsageError(
            f"{len(found)} projects have {text!r} in their path.", slug="ambiguous_project",
            hint="Give one of them as it is:" + "".join(f"\n  {one}" for one in found[:_SHOWN_PROJECTS]) + more,
        )  # fmt: skip
    return found[0]
