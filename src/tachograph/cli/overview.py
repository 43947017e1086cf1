"""``tacho overview``, which is what ``tacho`` alone shows."""

from __future__ import annotations

import click

from tachograph.app.goals.glance import glance_at_goals
from tachograph.app.goals.roots import here
from tachograph.app.overview import report_overview
from tachograph.app.workspace import Workspace
from tachograph.cli._glance import describe_nothing, describe_overview
from tachograph.cli._options import chosen_filter, filter_options, json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._session import report_connection


@click.command()
@filter_options
@update_option
@json_option
def command(
    as_json: bool, no_ingest: bool,
    since: str | None, until: str | None, project: str | None, agent: str | None, tz: str | None,
) -> None:  # fmt: skip
    """Show at a glance what the agents did and cost, and where to look next."""
    workspace = Workspace()
    chosen = chosen_filter(workspace, since, until, project, agent, tz)
    with report_connection(workspace, no_ingest) as connection:
        goals = glance_at_goals(connection, workspace, chosen, here())
        overview = report_overview(connection, chosen, goals)
    if as_json:
        print_json("overview", overview)
    elif overview.activity.sessions or overview.total.responses:
        print_document(describe_overview(overview, chosen))
    else:
        print_document(describe_nothing(chosen, overview.goals))
