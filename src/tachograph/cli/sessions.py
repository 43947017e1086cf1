"""``tacho sessions``."""

from __future__ import annotations

import typing
from datetime import tzinfo

import click
import msgspec

from tachograph.app.session_rows import SessionRow
from tachograph.app.sessions import SessionList, Sort, list_sessions
from tachograph.app.workspace import Workspace
from tachograph.cli._options import MANY, chosen_filter, filter_options, json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._session import report_connection
from tachograph.report.document import Block, Column, Document, Heading, Line, Table
from tachograph.report.units import UNKNOWN, clock, count, day, seconds, tokens, usd

_SORTED: dict[Sort, str] = {
    "recent": "started",
    "cost": "cost",
    "own-cost": "own cost",
    "duration": "duration",
    "active": "active",
    "tokens": "tokens",
    "turns": "turns",
    "prompts": "prompts",
    "tool-calls": "calls",
    "errors": "errors",
    "subagents": "subagents",
}
"""Title of the column that shows what is sorted by."""


@click.command()
@click.option(
    "--sort", type=click.Choice(typing.get_args(Sort)), default="recent", show_default=True, help="The highest first."
)
@click.option(
    "--limit", type=click.IntRange(0, MANY), default=20, show_default=True, metavar="N", help="How many; 0: all."
)
@click.option("--subagents", is_flag=True, help="List subagents by themselves.")
@filter_options
@update_option
@json_option
def command(
    sort: Sort, limit: int, subagents: bool, as_json: bool, no_ingest: bool,
    since: str | None, until: str | None, project: str | None, agent: str | None, tz: str | None,
) -> None:  # fmt: skip
    """List sessions that began in the given time, subagents folded in, each with all it used."""
    workspace = Workspace()
    chosen = chosen_filter(workspace, since, until, project, agent, tz)
    with report_connection(workspace, no_ingest) as connection:
        found = list_sessions(connection, chosen, sort, limit, subagents)
    print_json("sessions", found) if as_json else print_document(_describe(found, chosen.zone, subagents))


def _describe(found: SessionList, zone: tzinfo, subagents: bool) -> Document:
    if not found.sessions:
        return Document(
            [Line("No sessions in this selection."), Line("tacho doctor shows where logs were looked for.", "dim")]
        )
    columns = [
        Column("id", "left", style="accent"),
        Column("started", "left"),
        Column("at", "left", rank=4),
        Column("project", "left", flexible=True, keep_end=True, least=14),
        Column("kind" if subagents else "about", "left", flexible=True, least=22),
        Column("cost", style="strong"),
        Column("own cost", rank=9),
        Column("active", rank=2),
        Column("duration", rank=8),
        Column("tokens", rank=7),
        Column("turns", rank=10),
        Column("prompts", rank=3),
        Column("calls", rank=5),
        Column("errors", rank=1),
        Column("subagents", rank=6),
    ]
    shown = _SORTED[found.sort]
    columns = [msgspec.structs.replace(column, rank=0) if column.title == shown else column for column in columns]
    noun = "subagents" if subagents else "sessions"
    order = "most recent first" if found.sort == "recent" else f"by {found.sort}, the highest first"
    remark = f"{count(len(found.sessions))} of {count(found.matching)}, {order}; time zone {found.timezone}"
    blocks: list[Block] = [
        Heading(noun.capitalize(), remark),
        Table(columns, [_row(row, zone, subagents) for row in found.sessions]),
    ]
    if found.matching > len(found.sessions):
        blocks.append(
            Line(f"--limit 0 lists all {count(found.matching)}; tacho show ID tells one session's story.", "dim")
        )
    return Document(blocks)


def _row(row: SessionRow, zone: tzinfo, subagents: bool) -> list[str]:
    bound = row.unpriced_responses > 0
    return [
        row.name,
        day(row.started_at, zone),
        clock(row.started_at, zone),
        row.project or "(unknown)",
        about(row) if not subagents else row.agent_type or "(unknown)",
        usd(row.usd, lower_bound=bound) if row.responses else UNKNOWN,
        usd(row.own_usd, lower_bound=bound) if row.responses else UNKNOWN,
        seconds(row.active_seconds),
        seconds(row.duration_seconds),
        tokens(row.tokens),
        count(row.turns),
        count(row.prompts),
        count(row.tool_calls),
        count(row.tool_errors),
        count(row.subagents),
    ]


def about(row: SessionRow) -> str:
    """What a session is about, in the words there are."""
    return row.label or ("(its own log is missing)" if row.log_missing else "(no prompt)")
