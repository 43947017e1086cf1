"""``tacho export``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO, cast

import click

from tachograph.app.export import TABLES, Format, export_table, write_privately
from tachograph.app.workspace import Workspace
from tachograph.cli._options import chosen_filter, filter_options, update_option
from tachograph.cli._session import note, report_connection
from tachograph.report.sanitise import harmless
from tachograph.report.units import count

_STDOUT = Path("-")


@click.command()
@click.argument("format", type=click.Choice(["csv", "jsonl"]))
@click.option("--table", type=click.Choice(list(TABLES)), required=True, help="What to export.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write to FILE, readable by you alone, instead of stdout (-). It appears when all is written.",
)
@filter_options
@update_option
def command(
    format: Format, table: str, out: Path | None, no_ingest: bool,
    since: str | None, until: str | None, project: str | None, agent: str | None, tz: str | None,
) -> None:  # fmt: skip
    """Export stored rows as CSV or as one JSON object a line (docs/export.md explains every column).

    Times are ISO-8601 in UTC, costs exact decimal dollars; what is not known is empty in CSV, null in JSON. In CSV,
    text that a spreadsheet would take for a formula gets an apostrophe before it. --since and --until are about the
    row's own moment: a session's start, a response, a call, a prompt.
    """
    workspace = Workspace()
    chosen = chosen_filter(workspace, since, until, project, agent, tz)
    with report_connection(workspace, no_ingest) as connection:
        if out is None or out == _STDOUT:
            clean_cell = harmless if sys.stdout.isatty() else None
            export_table(connection, table, format, chosen, cast(BinaryIO, sys.stdout.buffer), clean_cell)
            return
        with write_privately(out) as stream:
            rows = export_table(connection, table, format, chosen, stream)
    note(f"{count(rows)} rows of {table} written to {harmless(str(out))}")
