"""``tacho report html``."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from tachograph.app.learn.decisions import now_ms
from tachograph.app.workspace import Workspace
from tachograph.cli._loop import loop_connection
from tachograph.cli._options import json_option, update_option, zone_option
from tachograph.cli._output import print_json
from tachograph.cli._session import note
from tachograph.errors import UsageError
from tachograph.report.units import size

_LONGEST = 3650
"""Days: ten years."""


@click.command("html")
@click.option(
    "-o", "--output", metavar="FILE", help="Where to; - prints it. [default: tachograph-report-<date>.html, here]"
)
@click.option(
    "--days", type=click.IntRange(1, _LONGEST), default=90, show_default=True, metavar="N",
    help="The last N days, up to and including today.",
)  # fmt: skip
@click.option(
    "--project", metavar="PROJECT", help="Only this project: its path, or a part of it that no other project has."
)
@click.option(
    "--share-safe",
    is_flag=True,
    help="Pseudonyms in the place of projects, sessions, prompts and other names of yours.",
)
@zone_option
@update_option
@json_option
def html_command(
    output: str | None, days: int, project: str | None, share_safe: bool, tz: str | None, no_ingest: bool, as_json: bool
) -> None:
    """Report on the last days as one HTML file that needs nothing else: it opens offline, and prints.

    Cost and its trend, retry signals, waste, KPIs, projects, models, sessions, tools, and how it was counted. An
    earlier report of that name is replaced, any other file is not. With --share-safe it can be sent to others: the
    names that you and your tools gave are replaced by pseudonyms, dates and amounts stay.
    """
    from tachograph.app.reports import html_report  # loads templates

    if output == "-" and as_json:
        raise UsageError("Ask for the report on stdout or for --json, not for both.")
    workspace = Workspace()
    if tz is not None:
        workspace.settings = msgspec.structs.replace(workspace.settings, display_timezone=tz)
    with loop_connection(workspace, no_ingest):
        pass  # new logs are read, and the loop goes round, so that KPIs are there
    wanted = project.encode("utf-8", "replace").decode() if project else None  # an argument may hold any bytes
    made = html_report.make_report(workspace, days, wanted, now_ms(), share_safe=share_safe)
    if output == "-":
        sys.stdout.buffer.write(made.content)
        return
    path = Path(output) if output else html_report.default_path(made.figures)
    html_report.write_report(path, made.content)
    note(f"Written to {path} ({size(len(made.content))}).")
    if as_json:
        print_json("report_html", html_report.sum_up(made, path, share_safe=share_safe))
