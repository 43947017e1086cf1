"""Reports as Markdown, and the week's as a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from tachograph.app.filters import find_zone
from tachograph.app.learn.decisions import now_ms
from tachograph.app.reports.incident import report_incident
from tachograph.app.reports.incident_page import describe_incident
from tachograph.app.reports.session import report_session, report_sessions
from tachograph.app.reports.session_page import describe_session
from tachograph.app.reports.weekly import report_week
from tachograph.app.reports.weekly_page import describe_week
from tachograph.app.workspace import Workspace
from tachograph.learning.alerts import Incident
from tachograph.paths import open_private, private_dir
from tachograph.report.markdown import to_markdown

FOLDER = "reports"
"""Of the weekly reports, in the data folder."""


def session_markdown(connection: sqlite3.Connection, workspace: Workspace, id: str) -> str:
    """The report on the session ``id``. Raises NotFound when it has no KPIs."""
    return to_markdown(describe_session(report_session(connection, id), find_zone(_zone_name(workspace))[0]))


def session_markdowns(
    connection: sqlite3.Connection, workspace: Workspace, ids: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """The id and the report of each of ``ids`` that has KPIs; the history is read once."""
    zone, _ = find_zone(_zone_name(workspace))
    for report in report_sessions(connection, ids):
        yield report.id, to_markdown(describe_session(report, zone))


def weekly_markdown(connection: sqlite3.Connection, workspace: Workspace, week: str) -> str:
    """The report on ``week`` (2026-W46) in the user's time zone. Raises UsageError for what is no ISO week."""
    zone, name = find_zone(_zone_name(workspace))
    return to_markdown(describe_week(report_week(connection, workspace, week, zone, name, now_ms()), zone))


def incident_markdown(connection: sqlite3.Connection, workspace: Workspace, incident: Incident) -> str:
    """The report on an incident."""
    return to_markdown(describe_incident(report_incident(connection, incident), find_zone(_zone_name(workspace))[0]))


def write_weekly(connection: sqlite3.Connection, workspace: Workspace, week: str) -> Path:
    """Write the report on ``week`` into the data folder (0600), in place of an earlier one; returns the file.

    Raises UsageError for what is no ISO week, TachographError when it cannot be written.
    """
    text = weekly_markdown(connection, workspace, week)
    path = private_dir(workspace.folder / FOLDER) / f"weekly-{week}.md"
    write_report(path, text)
    return path


def write_report(path: Path, text: str) -> None:
    """Write a report with mode 0600. Raises TachographError when it cannot be written."""
    with open_private(path) as stream:
        stream.write(text.encode("utf-8", "replace"))


def _zone_name(workspace: Workspace) -> str | None:
    return workspace.settings.display_timezone
