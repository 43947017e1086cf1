"""Options that many commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from tachograph.app.filters import Filter, make_filter
from tachograph.app.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])

MANY = 10**9
"""The highest number that an option takes."""

_FILTERS = (
    click.option("--since", metavar="WHEN", help="From this date, time, or 7d (seven days ago) on."),
    click.option("--until", metavar="WHEN", help="Up to, not including, this date or time."),
    click.option("--project", metavar="TEXT", help="Only projects whose path contains TEXT."),
    click.option("--agent", metavar="NAME", help="Only this agent, such as claude_code or codex."),
    click.option("--tz", metavar="ZONE", help="Time zone of days and hours, such as Europe/Berlin."),
)


def json_option(command: F) -> F:
    """``--json``: one object on stdout."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)


def update_option(command: F) -> F:
    """``--no-ingest``: report from what is stored."""
    return click.option("--no-ingest", is_flag=True, help="Do not bring the warehouse up to date first.")(command)


def zone_option(command: F) -> F:
    """``--tz`` alone."""
    return _FILTERS[-1](command)


def filter_options(command: F) -> F:
    """``--since --until --project --agent --tz``, as keyword arguments of the same names."""
    for option in reversed(_FILTERS):
        command = option(command)
    return command


def chosen_filter(
    workspace: Workspace, since: str | None, until: str | None, project: str | None, agent: str | None, tz: str | None
) -> Filter:
    """The filter that the options ask for; the zone of the settings when none is named. Raises UsageError."""
    if project is not None:
        project = project.encode("utf-8", "replace").decode()  # an argument may hold any bytes
    if agent is not None:
        from tachograph.app.plan import check_agent

        check_agent(agent)
    return make_filter(since, until, project, agent, tz or workspace.settings.display_timezone)
