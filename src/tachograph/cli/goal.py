"""``tacho goal``."""

from __future__ import annotations

import click

from tachograph.cli._goal_history import add_history_commands
from tachograph.cli._goal_infer import add_infer_command
from tachograph.cli._goal_read import add_read_commands, list_command
from tachograph.cli._goal_reports import add_report_commands
from tachograph.cli._goal_write import add_write_commands


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Keep what was asked for, how many attempts it took, and how it ended.

    Goals are lines of a file in the repository (metrics/events.ndjson), which a person can read and git can merge. What
    they cost comes from the history, to the response; nobody types it in. Without a command, the open goals are listed.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_command, status="in_progress")


add_write_commands(command)
add_read_commands(command)
add_history_commands(command)
add_report_commands(command)
add_infer_command(command)
