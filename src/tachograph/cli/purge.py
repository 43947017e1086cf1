"""``tacho purge``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from tachograph.app.filters import find_zone, parse_moment
from tachograph.app.purge import PurgedSession, PurgeReport, Target, plan_purge, purge
from tachograph.app.workspace import Workspace
from tachograph.cli._options import json_option, update_option, zone_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._session import report_connection
from tachograph.errors import UsageError
from tachograph.report.document import Block, Column, Document, Heading, Line, Table
from tachograph.report.sanitise import harmless
from tachograph.report.units import UNKNOWN, count, counted

_SHOWN = 10


@click.command()
@click.option("--project", metavar="PATH", help="Every session of this project (its path, or a part only it has).")
@click.option("--session", metavar="ID", help="This session and its subagents (id, native id or unique prefix).")
@click.option("--before", metavar="WHEN", help="Sessions that ended before this date or time (2026-01-01, 90d).")
@click.option(
    "--path",
    "stores",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="DIR",
    help="Also what these ran, in the store of commands in DIR (.tacho); alone: what sessions purged earlier ran.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be removed and remove nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@zone_option
@update_option
@json_option
def command(
    project: str | None, session: str | None, before: str | None, stores: tuple[Path, ...], dry_run: bool, yes: bool,
    as_json: bool, no_ingest: bool, tz: str | None,
) -> None:  # fmt: skip
    """Remove sessions from the warehouse for good, and never read them again.

    Subagents go with the session that started them. Nothing of what was said is left in Tachograph's files: only
    hashes, so that neither tacho ingest nor --rebuild bring it back. The agents' own logs are not touched. Sessions
    that were forked from a purged one keep what they copied from it. Stores of commands inside repositories are reached
    only where --path names them.

    Asks before it removes anything; without a terminal it needs --yes.
    """
    workspace = Workspace()
    target = _read_target(workspace, project, session, before, tz, alone=bool(stores))
    asks = not (yes or dry_run)
    if asks and not (sys.stdin.isatty() and sys.stderr.isatty()):
        hint = "Give --yes, or --dry-run to look first."
        raise UsageError("There is no terminal to ask on.", slug="cannot_ask", hint=hint)
    with report_connection(workspace, no_ingest) as connection:
        report = plan_purge(connection, target, stores)
    if asks:
        click.echo("\n".join(_summary(report)), err=True)
        click.confirm("Remove this for good?", abort=True, err=True)
    if not dry_run:
        report = purge(workspace, report)
    print_json("purge", report) if as_json else print_document(_describe(report))


def _read_target(
    workspace: Workspace, project: str | None, session: str | None, before: str | None, tz: str | None, *, alone: bool
) -> Target:
    named = sum(bool(one) for one in (project, session, before))
    if named == 0 and alone:
        return Target()
    if named != 1:
        raise UsageError(
            "Give exactly one of --project, --session and --before, or --path alone.", slug="which_sessions"
        )
    if before is None:
        return Target(project, session)
    zone, _ = find_zone(tz or workspace.settings.display_timezone)
    return Target(before=parse_moment(before, zone, time.time_ns() // 1_000_000))


def _summary(report: PurgeReport) -> list[str]:
    numbers = {
        "main sessions": report.main_sessions,
        "subagents": report.subagents,
        "responses": report.responses,
        "tool calls": report.tool_calls,
        "prompts": report.prompts,
        "logs": report.logs + report.shared_logs,
    }
    lines = []
    if report.session or report.sessions:
        lines.append(" · ".join(f"{name} {count(number)}" for name, number in numbers.items()))
    for store in report.stores:
        ran = f"{counted(store.commands, 'command')} of {counted(store.sessions, 'session')}"
        lines.append(f"{ran} in the store {harmless(store.folder)}")
    return lines


def _describe(report: PurgeReport) -> Document:
    columns = [
        Column("session", "left"),
        Column("ended (UTC)", "left"),
        Column("project", "left", flexible=True, keep_end=True),
        Column("about", "left", flexible=True, rank=1),
    ]
    mains = [session for session in report.sessions if session.kind == "main"] or report.sessions
    blocks: list[Block] = [
        Heading("Removed" if report.removed else "Would be removed"),
        *map(Line, _summary(report)),
    ]
    if mains:
        blocks.append(Table(columns, [_row(session) for session in mains[:_SHOWN]]))
    if len(mains) > _SHOWN:
        blocks.append(Line(f"… and {count(len(mains) - _SHOWN)} more", "dim"))
    if report.sharing_sessions:
        blocks.append(
            Line(f"{counted(len(report.sharing_sessions), 'other session')} (forks, resumed ones) with copies of these"
                 " responses will keep them: " + ", ".join(report.sharing_sessions[:5]), "warn")
        )  # fmt: skip
    if report.removed and not report.erased:
        blocks.append(
            Line("Another process is using the warehouse, or the disk is full: remains may still be in its files."
                 " Close the other process and purge anything else, or run tacho ingest.", "warn")
        )  # fmt: skip
    return Document(blocks)


def _row(session: PurgedSession) -> list[str]:
    ended = UNKNOWN if session.ended_at is None else session.ended_at.strftime("%Y-%m-%d %H:%M")
    return [session.id.partition(":")[2][:8], ended, session.project or "(unknown)", session.label or ""]
