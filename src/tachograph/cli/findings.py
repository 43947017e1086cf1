"""``tacho findings``."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import click

from tachograph.app.mechanisms import report_findings
from tachograph.app.reports.markdown import write_report
from tachograph.app.workspace import Workspace
from tachograph.cli._findings import describe_findings
from tachograph.cli._options import chosen_filter, filter_options, json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._session import note, report_connection
from tachograph.errors import UsageError
from tachograph.report.markdown import to_markdown


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--markdown", metavar="FILE", help="Write Markdown into FILE; - prints it.")
@filter_options
@update_option
@json_option
def command(
    names: tuple[str, ...], markdown: str | None, as_json: bool, no_ingest: bool,
    since: str | None, until: str | None, project: str | None, agent: str | None, tz: str | None,
) -> None:  # fmt: skip
    """Show what the history says about how agents are used: known mechanisms, computed on your own sessions.

    NAME is one of them: apparent_retries (how many are subagents), untyped_records (records of the user that no human
    typed), practices (subagents, skills, slash commands, commits, reviews, and tokens near their use), retro_themes
    (what retrospectives are about), file_rework (files changed again within 30 days), size_confounding (how much of a
    difference between sessions is their size). Without a name: all.

    Each number stands with its n, its 95 % interval, and what it does not prove. Sessions count by their start.
    """
    if as_json and markdown is not None:
        raise UsageError("Ask for --markdown or for --json, not for both.")
    workspace = Workspace()
    chosen = chosen_filter(workspace, since, until, project, agent, tz)
    with report_connection(workspace, no_ingest) as connection:
        report = report_findings(connection, chosen, workspace.clean, names)
    if as_json:
        print_json("findings", report)
    elif markdown is None:
        print_document(describe_findings(report))
    elif markdown == "-":
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # whatever the machine's language
        sys.stdout.write(to_markdown(describe_findings(report)))
    else:
        write_report(Path(markdown), to_markdown(describe_findings(report)))
        note(f"Written to {markdown}.")
