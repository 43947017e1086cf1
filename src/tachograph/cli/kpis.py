"""``tacho kpis``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

import click

from tachograph.analysis.kpis import load_kpis
from tachograph.app.find_session import current_folder, find_last
from tachograph.app.kpis import (
    KpiGroup,
    KpiReport,
    KpiSummary,
    SessionKpi,
    SessionKpis,
    describe_session,
    report_kpis,
    report_session_kpis,
)
from tachograph.app.learn.figures import show_deviation, show_trend, show_value
from tachograph.app.workspace import Workspace
from tachograph.cli._loop import loop_connection, type_option
from tachograph.cli._options import chosen_filter, filter_options, json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.errors import UsageError
from tachograph.learning.alerts import Alert
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Style, Table
from tachograph.report.units import UNKNOWN, count, minute

_LEGEND = (
    "status: of the median, against the KPI's thresholds; a dash where there are none for everybody. baseline: moving"
    " average ± standard deviation. lacking: sessions that the KPI applies to, but whose log says too little."
)


@click.command()
@click.argument("session", required=False)
@click.option("--last", is_flag=True, help="The session that ended last in the project you stand in, else in all.")
@type_option
@filter_options
@update_option
@json_option
def command(
    session: str | None, last: bool, agent_type: str | None, as_json: bool, no_ingest: bool,
    since: str | None, until: str | None, project: str | None, agent: str | None, tz: str | None,
) -> None:  # fmt: skip
    """Show the KPIs: of sessions by agent type, or of one SESSION beside its baseline.

    What each KPI is, and where it holds, is in the docs page on KPIs. A KPI that does not apply to a session is absent,
    never 0; one whose data is missing is counted as lacking.
    """
    if session is not None and (last or agent_type):
        raise UsageError("Name a session, or choose some: not both.")
    workspace = Workspace()
    chosen = chosen_filter(workspace, since, until, project, agent, tz)
    with loop_connection(workspace, no_ingest) as connection:
        if last:
            session = find_last(connection, workspace.clean.name(current_folder()))
        if session is not None:
            told = describe_session(connection, session) if last else report_session_kpis(connection, session)
            print_json("session_kpis", told) if as_json else print_document(_describe_session(told, chosen.zone))
            return
        report = report_kpis(connection, chosen, agent_type)
    print_json("kpis", report) if as_json else print_document(_describe(report))


def _describe(report: KpiReport) -> Document:
    if not report.groups:
        return Document(
            [Line("No sessions in this selection."), Line("tacho doctor shows where logs were looked for.", "dim")]
        )
    blocks: list[Block] = []
    for group in report.groups:
        blocks += [Heading(f"{group.agent_type} ({group.agent})", _remark(group)), _table(group)]
    return Document([*blocks, Line(_LEGEND, "dim")])


def _remark(group: KpiGroup) -> str:
    share = f", {100 * group.incomplete / group.sessions:.0f} % incomplete" if group.incomplete else ""
    return f"{count(group.sessions)} session{'s' * (group.sessions != 1)}{share}"


def _table(group: KpiGroup) -> Table:
    columns = [
        Column("KPI", "left"),
        Column("better", "left", rank=5),
        Column("sessions", rank=3),
        Column("lacking", rank=4),
        Column("p25", rank=2),
        Column("median", style="strong"),
        Column("p75", rank=2),
        Column("status", "left"),
        Column("baseline", "left", rank=1),
    ]
    return Table(columns, [_row(one) for one in group.kpis])


def _row(one: KpiSummary) -> list[str]:
    kpi = load_kpis()[one.kpi]
    baseline = UNKNOWN
    if one.baseline is not None:
        baseline = f"{show_value(kpi, one.baseline.mean)} ± {show_deviation(kpi, one.baseline.sd)}"
    return [
        one.title, one.better, count(one.sessions), count(one.lacking) if one.lacking else "",
        *(show_value(kpi, value) for value in (one.p25, one.median, one.p75)), one.status or UNKNOWN, baseline,
    ]  # fmt: skip


def _describe_session(told: SessionKpis, zone: tzinfo) -> Document:
    facts = [
        ("session", told.id),
        ("about", told.title or UNKNOWN),
        ("agent type", f"{told.agent_type} ({told.agent}, {told.model_family})"),
        ("ended", minute(told.ended_at, zone)),
        ("complete", UNKNOWN if told.completeness is None else f"{100 * told.completeness:.0f} % of the KPIs"),
    ]
    columns = [
        Column("KPI", "left"),
        Column("value", style="strong"),
        Column("baseline", "left"),
        Column("deviation", "left"),
        Column("status", "left"),
        Column("trend", "left", rank=2),
        Column("no better", rank=1),
    ]
    present = [one for one in told.kpis if one.value is not None]
    blocks: list[Block] = [Facts(facts), Table(columns, [session_row(one) for one in present])]
    lacking = [(one.title, one.lacking or "") for one in told.kpis if one.value is None]
    if lacking:
        blocks += [Heading("Lacking", "the data is missing"), Facts(lacking)]
    if told.alerts:
        blocks += [Heading("Alerts"), *_tell_alerts(told.alerts)]
    note = (
        "deviation: standard deviations from the baseline as it was, + is worse · status: against the KPI's own"
        " thresholds · no better: share of the other sessions of this agent type whose value was not better"
    )
    return Document([*blocks, Line(note, "dim")])


def _tell_alerts(alerts: Sequence[Alert]) -> Iterator[Line]:
    """A line for each severity and advice, with the KPIs that it is about."""
    about: dict[tuple[str, str], list[str]] = {}
    for one in alerts:
        about.setdefault((one.severity, one.action), []).append(_title(one.kpi))
    for (severity, action), titles in about.items():
        yield Line(f"{severity}, {'; '.join(titles)}: {action}", _style(severity))


def _title(kpi: str) -> str:
    known = load_kpis().get(kpi)
    return kpi if known is None else known.title


def session_row(one: SessionKpi) -> list[str]:
    """One KPI of a session as a row: title, value, baseline, deviation, status, trend, percentile."""
    kpi = load_kpis()[one.kpi]
    baseline = UNKNOWN
    if one.baseline_mean is not None:
        baseline = f"{show_value(kpi, one.baseline_mean)} ± {show_deviation(kpi, one.baseline_sd)}"
    deviation = UNKNOWN if one.deviations is None else f"{round(one.deviations, 1) + 0.0:+.1f} sd"
    percentile = UNKNOWN if one.percentile is None else f"{100 * one.percentile:.0f} %"
    return [
        one.title, show_value(kpi, one.value), baseline, deviation, one.status or UNKNOWN, show_trend(one.trend),
        percentile,
    ]  # fmt: skip


def _style(severity: str) -> Style:
    return "bad" if severity == "critical" else "warn" if severity == "warning" else "dim"
