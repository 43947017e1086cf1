"""``tacho compare``."""

from __future__ import annotations

import os
import time
from datetime import tzinfo

import click

from tachograph.app.compare.metrics import choose_metrics
from tachograph.app.compare.report import report_comparison
from tachograph.app.compare.sides import Question, Side, find_sides
from tachograph.app.workspace import Workspace
from tachograph.cli._compare import describe_comparison
from tachograph.cli._loop import loop_connection
from tachograph.cli._options import chosen_filter, json_option, update_option, zone_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._session import note
from tachograph.model import to_datetime
from tachograph.report.units import minute


@click.command()
@click.option("--before", metavar="WHEN", help="Sessions that began before this moment, or within A..B.")
@click.option("--after", metavar="WHEN", help="Sessions that began from this moment on, or within A..B.")
@click.option("--at", metavar="WHEN", help="Instead of both: the moment between before and after.")
@click.option(
    "--window",
    type=click.IntRange(1, 36_500),
    metavar="DAYS",
    help="How far the sides reach from their moments; without it as far as the history does.",
)
@click.option(
    "--metric",
    multiple=True,
    metavar="NAME",
    help="What to compare: a KPI, usd, or a metric such as duration_seconds or tokens.output; may be repeated."
    " Without it all KPIs.",
)
@click.option("--project", metavar="TEXT", help="Only projects whose path contains TEXT.")
@click.option("--agent", metavar="NAME", help="Only this agent, such as claude_code or codex.")
@click.option("--seed", type=int, default=42, show_default=True, metavar="N", help="Of the bootstrap.")
@zone_option
@update_option
@json_option
def command(
    before: str | None, after: str | None, at: str | None, window: int | None, metric: tuple[str, ...], seed: int,
    project: str | None, agent: str | None, tz: str | None, as_json: bool, no_ingest: bool,
) -> None:  # fmt: skip
    """Compare sessions before and after a change, like with like.

    WHEN is a date, a timestamp, 30d (so many days ago), a tag or commit of the repository you stand in, retro (the
    last commit that added a file under docs/retros or retros), or file:CLAUDE.md (the last commit that changed that
    file). A..B is from A on, up to B.

    Sessions are matched by task type and size (turns); the difference of those that have their like on the other
    side stands with its bootstrap interval beside the naive difference of all. Where there are too few, it says so
    and gives no number.
    """
    workspace = Workspace()
    chosen = chosen_filter(workspace, None, None, project, agent, tz)
    wanted = choose_metrics(metric)
    question = Question(before, after, at, window)
    sides = find_sides(question, chosen.zone, time.time_ns() // 1_000_000, os.curdir)
    _tell_commits(sides, chosen.zone, project)
    with loop_connection(workspace, no_ingest) as connection:
        report = report_comparison(connection, sides, wanted, chosen, seed)
    print_json("compare", report) if as_json else print_document(describe_comparison(report, chosen.zone))


def _tell_commits(sides: tuple[Side, Side], zone: tzinfo, project: str | None) -> None:
    """What git knew, each once."""
    found = {one.given: one for side in sides for one in side.moments if one.commit is not None}
    for one in found.values():
        note(f"{one.given}: commit {str(one.commit)[:7]} of {minute(to_datetime(one.at), zone)}")
    if found and project is None:
        note("Sessions of all projects are compared; --project TEXT keeps to those of this repository.")
