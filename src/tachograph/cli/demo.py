"""``tacho demo``."""

from __future__ import annotations

import shlex
from datetime import datetime

import click

from tachograph.app.demo import open_demo
from tachograph.app.overview import report_overview
from tachograph.app.workspace import Workspace
from tachograph.cli._glance import describe_overview
from tachograph.cli._options import chosen_filter, json_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._session import note, report_connection


@click.command()
@click.option("--reset", is_flag=True, help="Make it anew, even if it is there already.")
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Let the history end on the evening before DATE [default: today].",
)
@json_option
def command(reset: bool, today: datetime | None, as_json: bool) -> None:
    """Show the overview of a made-up history: three projects, two agents, six weeks.

    It is kept in a folder of its own and never mixed with yours.
    """
    chosen = chosen_filter(Workspace(), None, None, None, None, None)
    day = today.date() if today is not None else datetime.now(chosen.zone).date()
    demo = open_demo(day, reset=reset)
    note(f"a made-up history of the six weeks before {day}, in {demo.folder}")
    with report_connection(demo.workspace, no_ingest=True) as connection:
        overview = report_overview(connection, chosen)
    print_json("overview", overview) if as_json else print_document(describe_overview(overview, chosen))
    note(f"more of it:  TACHO_DATA_DIR={shlex.quote(str(demo.folder))} tacho sessions")
