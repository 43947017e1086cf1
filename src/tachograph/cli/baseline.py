"""``tacho baseline``."""

from __future__ import annotations

import click

from tachograph.analysis.kpis import load_kpis
from tachograph.app.baselines import BaselineReport, GroupBaselines, ResetReport, report_baselines, reset_baselines
from tachograph.app.learn.figures import show_deviation, show_value
from tachograph.app.learn.run import learn_if_free
from tachograph.app.workspace import Workspace
from tachograph.cli._loop import loop_connection
from tachograph.cli._options import json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._session import note
from tachograph.learning.baselines import Baseline
from tachograph.report.document import Block, Column, Document, Heading, Line, Table
from tachograph.report.units import UNKNOWN, count

_LEGEND = (
    "bootstrap: fewer than 5 sessions, conservative defaults where there are any · settling, converged: whether the"
    " spread has settled · wide: standard deviation above half the mean · stale: sessions came, none fed it for 7 days"
)


@click.group()
def command() -> None:
    """See what is usual for each kind of session, and set it back after a change."""


@command.command("list")
@click.option("--agent", metavar="NAME", help="Only this agent, such as claude_code or codex.")
@click.option("--pooled", is_flag=True, help="Also those over all model families, and over all agents (*).")
@update_option
@json_option
def list_command(agent: str | None, pooled: bool, no_ingest: bool, as_json: bool) -> None:
    """List the groups that have a baseline: agent type, agent, model family."""
    with loop_connection(Workspace(), no_ingest) as connection:
        report = report_baselines(connection, None, agent, pooled=pooled)
    print_json("baselines", report) if as_json else print_document(_list(report))


@command.command("show")
@click.argument("agent_type", metavar="TYPE")
@click.option("--agent", metavar="NAME", help="Only this agent, such as claude_code or codex.")
@click.option("--pooled", is_flag=True, help="Also those over all model families, and over all agents (*).")
@update_option
@json_option
def show_command(agent_type: str, agent: str | None, pooled: bool, no_ingest: bool, as_json: bool) -> None:
    """Show the baselines of one agent type, KPI by KPI."""
    with loop_connection(Workspace(), no_ingest) as connection:
        report = report_baselines(connection, agent_type, agent, pooled=pooled)
    print_json("baselines", report) if as_json else print_document(_show(report))


@command.command("reset")
@click.argument("agent_type", metavar="TYPE")
@click.option("--agent", metavar="NAME", help="Only of this agent.")
@click.option("--family", metavar="NAME", help="Only of this model family, as tacho baseline list names it.")
@click.option("--kpi", metavar="NAME", help="Only of this KPI.")
@json_option
def reset_command(agent_type: str, agent: str | None, family: str | None, kpi: str | None, as_json: bool) -> None:
    """Have baselines begin anew, because what is usual has changed on purpose.

    Sessions that have ended by now no longer feed them. Nothing is deleted: KPIs, alerts and reports of old sessions
    stay.
    """
    workspace = Workspace()
    report = reset_baselines(workspace, agent_type, agent, family, kpi)
    learn_if_free(workspace, update=False, note=note)
    print_json("baseline_reset", report) if as_json else print_document(_describe_reset(report))


def _describe_reset(report: ResetReport) -> Document:
    what = f"KPI {report.kpi}" if report.kpi else "all KPIs"
    groups = f"{report.groups} group{'s' * (report.groups != 1)}"
    return Document([Line(f"Set back: {what} of the agent type {report.agent_type}, {groups} of sessions.")])


def _list(report: BaselineReport) -> Document:
    if not report.groups:
        return Document([Line("There are no baselines yet: no session has KPIs.")])
    columns = [
        Column("agent type", "left", flexible=True, style="strong"),
        Column("agent", "left"),
        Column("model family", "left", flexible=True),
        Column("sessions"),
        Column("KPIs"),
        Column("bootstrap", rank=1),
        Column("converged", rank=1),
        Column("stale"),
    ]
    rows = [
        [
            one.agent_type, one.agent, one.model_family, count(one.sessions), count(len(one.kpis)),
            count(one.bootstrap), count(one.converged), _count_stale(one),
        ]
        for one in report.groups
    ]  # fmt: skip
    return Document([Heading("Baselines", "one for each group and KPI"), Table(columns, rows), Line(_LEGEND, "dim")])


def _count_stale(group: GroupBaselines) -> str:
    stale = sum(one.is_stale for one in group.kpis.values())
    return count(stale) if stale else ""


def _show(report: BaselineReport) -> Document:
    blocks: list[Block] = []
    for group in report.groups:
        blocks += [_heading(group), _table(group)]
    return Document([*blocks, Line(_LEGEND, "dim")])


def _heading(group: GroupBaselines) -> Heading:
    return Heading(f"{group.agent_type}: {group.agent}, {group.model_family}", f"{count(group.sessions)} sessions")


def _table(group: GroupBaselines) -> Table:
    columns = [
        Column("KPI", "left"),
        Column("sessions"),
        Column("mean", style="strong"),
        Column("± sd", "left"),
        Column("p50", rank=1),
        Column("p95", rank=2),
        Column("p99", rank=3),
        Column("status", "left"),
    ]
    return Table(columns, [_row(name, one) for name, one in group.kpis.items() if name in load_kpis()])


def _row(name: str, one: Baseline) -> list[str]:
    kpi = load_kpis()[name]
    remarks = [one.status, *(["wide"] if one.is_spread_wide else []), *(["stale"] if one.is_stale else [])]
    spread = UNKNOWN if one.sd is None else f"± {show_deviation(kpi, one.sd)}"
    quantiles = [show_value(kpi, value) for value in (one.p50, one.p95, one.p99)]
    return [kpi.title, count(one.n), show_value(kpi, one.mean), spread, *quantiles, ", ".join(remarks)]
