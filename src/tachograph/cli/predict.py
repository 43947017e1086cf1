"""``tacho predict``."""

from __future__ import annotations

import sys
from datetime import tzinfo
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
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Table
from tachograph.report.units import UNKNOWN, count, counted, minute, usd

if TYPE_CHECKING:
    from tachograph.app.ml.predict import Forecast, SessionForecast, StartForecast
    from tachograph.app.ml.session_models import Foreseen
    from tachograph.app.ml.usual import Kind, Usual

_MOST_BYTES = 4 << 20
"""Of a prompt's file, as the hooks read at most."""
_NO_MODEL = (
    "No model of sessions is in use: what stands here is what earlier sessions came to. tacho ml train --target session"
    " makes one."
)
_INTERVAL = (
    "interval: meant to hold the truth in 9 of 10 sessions; tacho ml status says how often it did · USD of"
    " the whole session, subagents included"
)
_BAND = "10 % and 90 %: a tenth of the sessions lay below, a tenth above"


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

    before = any((task_type, prompt_file, agent_type, agent))
    if (session is not None) + live + before != 1:
        raise UsageError(
            "Name a session, or give --live, or say what is about to start.",
            hint="Such as: tacho predict --task-type debug-fix",
        )
    workspace = Workspace()
    zone, _ = find_zone(tz or workspace.settings.display_timezone)
    prompt = None if prompt_file is None else _read_prompt(prompt_file)
    with loop_connection(workspace, no_ingest) as connection:
        if before:
            start = forecast_start(connection, _kind(agent, agent_type, task_type), prompt)
            print_json("predict_start", start) if as_json else print_document(_describe_start(start))
            return
        told = (
            forecast_live(connection, workspace)
            if session is None
            else forecast_session(connection, workspace, session)
        )
    print_json("predict", told) if as_json else print_document(_describe(told, zone))


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


def _describe(told: Forecast, zone: tzinfo) -> Document:
    if not told.sessions:
        return Document([Line("No session goes on.")])
    blocks: list[Block] = []
    for one in told.sessions:
        blocks += _describe_session(one, zone)
    return Document([*blocks, Line(_INTERVAL if told.models else _NO_MODEL, "dim")])


def _describe_session(one: SessionForecast, zone: tzinfo) -> list[Block]:
    state = "goes on" if one.live else f"last record {minute(one.last_at, zone)}"
    facts = [
        ("session", f"{one.id}, {state}"),
        ("about", one.title or UNKNOWN),
        ("kind", f"{one.agent_type} ({one.agent}), {one.task_type or 'task type not known'}"),
        ("so far", f"{usd(one.usd)}, {counted(one.turns, 'finished turn')}"),
    ]
    blocks: list[Block] = [Heading(one.name), Facts(facts)]
    if one.foreseen:
        blocks.append(_table(one.foreseen))
        blocks += _remarks(one.foreseen)
    blocks += [Line(f"Worse than usual: {sentence}.", "warn") for sentence in one.worse]
    return [*blocks, *_describe_usual(one.usual, 2)]


def _table(foreseen: list[Foreseen]) -> Table:
    columns = [
        Column("predicted", "left"),
        Column("after turns"),
        Column("value", style="strong"),
        Column("interval", "left"),
        Column("spent by then", rank=2),
        Column("came to"),
        Column("mostly because of", "left", flexible=True, rank=1),
    ]
    rows = [
        [
            one.what, count(one.turns), _show(one, one.value), f"{_show(one, one.low)} to {_show(one, one.high)}",
            UNKNOWN if one.spent_usd is None else usd(one.spent_usd), _show(one, one.actual), one.top_feature,
        ]
        for one in foreseen
    ]  # fmt: skip
    return Table(columns, rows)


def _remarks(foreseen: list[Foreseen]) -> list[Line]:
    poor = sorted({one.model for one in foreseen if not one.beats_baseline})
    remarks = [Line(f"{name} was no better than a simple guess on sessions it had not seen.", "warn") for name in poor]
    if any(one.learned_from for one in foreseen):
        remarks.append(Line("The model has learned from this session: that it fits proves nothing.", "dim"))
    return remarks


def _show(one: Foreseen, value: float | None) -> str:
    if value is None:
        return UNKNOWN
    return usd(value) if one.unit == "USD" else f"{100 * value:.0f} %"


def _describe_start(told: StartForecast) -> Document:
    what = told.task_type or "any work"
    blocks: list[Block] = [Heading(f"Before the start: {what}", f"{told.agent_type} ({told.agent or 'every agent'})")]
    blocks += [Line(f"Worse than usual: {sentence}.", "warn") for sentence in told.worse]
    return Document([*blocks, *_describe_usual(told.usual, 0), Line(_BAND, "dim")])


def _describe_usual(usual: Usual, most: int) -> list[Block]:
    """What sessions of the kind came to; ``most`` figures, 0: all."""
    from tachograph.app.ml.usual import LEAST, show_figure

    of = ", ".join(part for part in (usual.of.task_type, usual.of.agent_type, usual.of.agent) if part) or "all"
    columns = [
        Column("usually", "left"),
        Column("sessions"),
        Column("10 %"),
        Column("median", style="strong"),
        Column("90 %"),
    ]
    rows = []
    for one in usual.figures[: most or None]:
        show = show_figure(one)
        rows.append([one.title, count(one.n), show(one.p10), show(one.median), show(one.p90)])
    wider = f"Fewer than {LEAST} sessions are of just this kind: a wider one is told of."
    heading = Heading(f"Earlier sessions: {of}", counted(usual.sessions, "session"))
    return [heading, *([Line(wider, "dim")] if usual.of != usual.asked else []), Table(columns, rows)]
