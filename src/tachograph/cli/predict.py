"""``tacho predict``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tachograph.analysis.task_type import TASK_TYPES
from tachograph.app.filters import find_zone
from tachograph.app.workspace import Workspace
from tachograph.cli._loop import loop_connection
from tachograph.cli._options import json_option, update_option, zone_option
from tachograph.cli._output import print_document, print_json
from tachograph.errors import TachographError, UsageError

if TYPE_CHECKING:
    from tachograph.app.ml.usual import Kind

_MOST_BYTES = 4 << 20
"""Of a prompt's file, as the hooks read at most."""


@click.command()
@click.argument("session", required=False)
@click.option("--live", is_flag=True, help="The main sessions that go on now.")
@click.option("--task-type", type=click.Choice(TASK_TYPES), help="Before the start: what kind of work it will be.")
@click.option("--prompt-file", metavar="FILE", help="Before the start: its first prompt tells that; - reads stdin.")
@click.option("--agent-type", metavar="TYPE", help="Before the start: main (the default), or a subagent's type.")
@click.option("--agent", metavar="NAME", help="Before the start: claude_code or codex.")
@zone_option
@update_option
@json_option
def command(
    session: str | None, live: bool, task_type: str | None, prompt_file: str | None, agent_type: str | None,
    agent: str | None, tz: str | None, no_ingest: bool, as_json: bool,
) -> None:  # fmt: skip
    """Predict what a session will cost, waste and come to.

    Of a SESSION by name, or of those that go on (--live): what the models in use say after its first turns, and what
    other sessions of the kind came to. Before the start: what earlier sessions with such work and of that agent type
    came to, as median and 10-90 % band; that needs no model. Nothing is asked of any server.
    """
    from tachograph.app.ml.predict import forecast_live, forecast_session, forecast_start
    from tachograph.cli._forecast import describe_forecast, describe_start

    start = {"--task-type": task_type, "--prompt-file": prompt_file, "--agent-type": agent_type, "--agent": agent}
    before = [option for option, value in start.items() if value is not None]
    _check_options(session is not None, live, before)
    workspace = Workspace()
    zone, _ = find_zone(tz or workspace.settings.display_timezone)
    prompt = None if prompt_file is None else _read_prompt(prompt_file)
    with loop_connection(workspace, no_ingest) as connection:
        if before:
            said = forecast_start(connection, _kind(agent, agent_type, task_type), prompt)
            print_json("predict_start", said) if as_json else print_document(describe_start(said))
            return
        told = (
            forecast_live(connection, workspace)
            if session is None
            else forecast_session(connection, workspace, session)
        )
    print_json("predict", told) if as_json else print_document(describe_forecast(told, zone))


def _check_options(is_named: bool, live: bool, before: Sequence[str]) -> None:
    """Raise UsageError unless they ask for one thing. ``before`` are the options about what is to start."""
    if is_named and live:
        raise UsageError("A SESSION and --live do not go together.", hint="--live shows all sessions that go on.")
    if before and (is_named or live):
        told = before[0] if len(before) == 1 else f"{', '.join(before[:-1])} and {before[-1]}"
        what, go = "--live" if live else "a SESSION that has begun", "does" if len(before) == 1 else "do"
        raise UsageError(
            f"{told} {go} not go with {what}: such options say what is about to start.",
            hint="tacho predict SESSION, or tacho predict --live, or tacho predict with any of --task-type,"
            " --prompt-file, --agent-type and --agent.",
        )
    if not (is_named or live or before):
        raise UsageError(
            "Name a session, or give --live, or say what is about to start.",
            hint="Such as: tacho predict --task-type debug-fix",
        )


def _kind(agent: str | None, agent_type: str | None, task_type: str | None) -> Kind:
    from tachograph.app.ml.usual import Kind

    if agent is not None:
        from tachograph.app.plan import check_agent

        check_agent(agent)
    if agent_type is not None:
        agent_type = agent_type.encode("utf-8", "replace").decode()  # an argument may hold any bytes
    return Kind(agent, agent_type, task_type)


def _read_prompt(name: str) -> str:
    try:
        if name == "-":
            content = sys.stdin.buffer.read(_MOST_BYTES)
        else:
            with Path(name).open("rb") as file:
                content = file.read(_MOST_BYTES)
    except OSError as error:
        raise TachographError(f"Cannot read {name}: {error.strerror or error}.", slug="cannot_read") from error
    return content.decode("utf-8", "replace")
