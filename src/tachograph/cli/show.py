"""``tacho show``."""

from __future__ import annotations

import click

from tachograph.app.find_session import current_folder, find_last, find_session
from tachograph.app.judging import judge_config
from tachograph.app.show import tell_session
from tachograph.app.workspace import Workspace
from tachograph.cli._options import MANY, chosen_filter, json_option, update_option, zone_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._session import report_connection
from tachograph.cli._story import describe_story
from tachograph.errors import UsageError

_SHOWN = 12


@click.command()
@click.argument("session", required=False)
@click.option("--last", is_flag=True, help="The session that ended last in the project you stand in, else in all.")
@click.option(
    "--turns", type=click.IntRange(1, MANY), default=_SHOWN, show_default=True, metavar="N", help="Turns to show."
)
@click.option("--all", "everything", is_flag=True, help="Show every turn and subagent.")
@zone_option
@update_option
@json_option
def command(
    session: str | None, last: bool, turns: int, everything: bool, as_json: bool, no_ingest: bool, tz: str | None
) -> None:
    """Tell one session's story: its turns with tokens, cost and what happened, and its subagents.

    SESSION is an id as tacho sessions lists it, or the beginning of one.
    """
    if last == (session is not None):
        raise UsageError("Name one session, or ask for --last.", hint="tacho sessions lists them.")
    workspace = Workspace()
    chosen = chosen_filter(workspace, None, None, None, None, tz)
    with report_connection(workspace, no_ingest) as connection:
        found = (
            find_last(connection, workspace.clean.name(current_folder()))
            if session is None
            else find_session(connection, session)
        )
        story = tell_session(connection, found, chosen, judge_config(workspace.settings))
    if as_json:
        print_json("show", story)
    else:
        print_document(describe_story(story, chosen.zone, None if everything else turns))
