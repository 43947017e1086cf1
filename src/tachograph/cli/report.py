"""``tacho report``."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from tachograph.app.filters import find_zone
from tachograph.app.find_session import current_folder, find_last
from tachograph.app.learn.decisions import now_ms
from tachograph.app.reports.incident import find_incident
from tachograph.app.reports.incident_page import describe_incident
from tachograph.app.reports.markdown import write_report
from tachograph.app.reports.session import find_point, report_session
from tachograph.app.reports.session_page import describe_session
from tachograph.app.reports.weekly import check_week, last_week, report_week
from tachograph.app.reports.weekly_page import describe_week
from tachograph.app.workspace import Workspace
from tachograph.cli._loop import loop_connection
from tachograph.cli._options import json_option, update_option, zone_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._report_html import html_command
from tachograph.cli._session import note
from tachograph.errors import UsageError
from tachograph.report.document import Document
from tachograph.report.markdown import to_markdown

F = TypeVar("F", bound=Callable[..., Any])


def _output_options(command: F) -> F:
    """``--markdown FILE``, ``--json``, ``--no-ingest`` and ``--tz``."""
    markdown = click.option("--markdown", metavar="FILE", help="Write Markdown into FILE; - prints it.")
    return markdown(zone_option(update_option(json_option(command))))


@click.group()
def command() -> None:
    """Report on a session, a week or an incident (terminal, Markdown, JSON), or on all of the last days in HTML."""


command.add_command(html_command)


@command.command("session")
@click.argument("session", required=False)
@click.option("--last", is_flag=True, help="The session that ended last in the project you stand in, else in all.")
@_output_options
def session_command(
    session: str | None, last: bool, as_json: bool, markdown: str | None, no_ingest: bool, tz: str | None
) -> None:
    """Report on one SESSION: its KPIs against the baseline, what got worse, alerts, suggestions, trends."""
    if last == (session is not None):
        raise UsageError("Name a session, or ask for --last.", hint="tacho sessions lists them.")
    _check_output(as_json, markdown)
    workspace = Workspace()
    zone, _ = find_zone(tz or workspace.settings.display_timezone)
    with loop_connection(workspace, no_ingest) as connection:
        if session is None:
            session = find_last(connection, workspace.clean.name(current_folder()))
        else:
            session = find_point(connection, session)
        report = report_session(connection, session)
    _put_out("report_session", report, lambda: describe_session(report, zone), as_json, markdown)


@command.command("weekly")
@click.option("--week", metavar="WEEK", help="An ISO week such as 2026-W46; without it the last whole one.")
@_output_options
def weekly_command(week: str | None, as_json: bool, markdown: str | None, no_ingest: bool, tz: str | None) -> None:
    """Report on one week: use and cost with and without a cache, best sessions, regressions, trials, what to do.

    The first tacho learn after a week's end writes this report into the data folder, under reports.
    """
    _check_output(as_json, markdown)
    workspace = Workspace()
    zone, name = find_zone(tz or workspace.settings.display_timezone)
    now = now_ms()
    week = week or last_week(zone, now)
    check_week(week, zone)
    with loop_connection(workspace, no_ingest) as connection:
        report = report_week(connection, workspace, week, zone, name, now)
    _put_out("report_weekly", report, lambda: describe_week(report, zone), as_json, markdown)


@command.command("incident")
@click.argument("incident")
@_output_options
def incident_command(incident: str, as_json: bool, markdown: str | None, no_ingest: bool, tz: str | None) -> None:
    """Report on one INCIDENT: its sessions, the probable cause by evidence, what to do.

    INCIDENT is an id as tacho alerts list shows it, or a unique beginning of one.
    """
    _check_output(as_json, markdown)
    workspace = Workspace()
    zone, _ = find_zone(tz or workspace.settings.display_timezone)
    with loop_connection(workspace, no_ingest) as connection:
        report = find_incident(connection, incident)
    _put_out("report_incident", report, lambda: describe_incident(report, zone), as_json, markdown)


def _check_output(as_json: bool, markdown: str | None) -> None:
    if as_json and markdown is not None:
        raise UsageError("Ask for --markdown or for --json, not for both.")


def _put_out(
    name: str, report: msgspec.Struct, describe: Callable[[], Document], as_json: bool, markdown: str | None
) -> None:
    if as_json:
        print_json(name, report)
    elif markdown is None:
        print_document(describe())
    elif markdown == "-":
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # charts are made of characters, whatever the machine's language
        sys.stdout.write(to_markdown(describe()))
    else:
        write_report(Path(markdown), to_markdown(describe()))
        note(f"Written to {markdown}.")
