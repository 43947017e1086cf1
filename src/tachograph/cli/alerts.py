"""``tacho alerts``."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path

import click

from tachograph.analysis.kpis import load_kpis
from tachograph.app.alerts import (
    AcknowledgedAlerts,
    AlertList,
    AlertRow,
    BudgetRow,
    Replay,
    acknowledge_alerts,
    acknowledge_all,
    list_alerts,
    replay_rules,
)
from tachograph.app.learn.decisions import Verdict
from tachograph.app.learn.figures import show_value
from tachograph.app.learn.run import learn_if_free
from tachograph.app.workspace import Workspace
from tachograph.cli._loop import loop_connection
from tachograph.cli._options import MANY, chosen_filter, filter_options, json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._session import note
from tachograph.errors import UsageError
from tachograph.learning.alerts import RulePrecision
from tachograph.report.document import Block, Column, Document, Heading, Line, Style, Table
from tachograph.report.units import UNKNOWN, count, counted, minute, tokens, usd

_limit_option = click.option(
    "--limit", type=click.IntRange(0, MANY), default=20, show_default=True, metavar="N", help="How many; 0: all."
)


@click.group()
def command() -> None:
    """See which sessions were worse than usual, say whether an alert was right, try rules on your own history."""


@command.command("list")
@click.option("--severity", type=click.Choice(["critical", "warning", "info"]), help="Only alerts of this severity.")
@click.option("--all", "everything", is_flag=True, help="Also those of severity info, and those you have seen.")
@_limit_option
@filter_options
@update_option
@json_option
def list_command(
    severity: str | None, everything: bool, limit: int, as_json: bool, no_ingest: bool,
    since: str | None, until: str | None, project: str | None, agent: str | None, tz: str | None,
) -> None:  # fmt: skip
    """List alerts that nobody has seen yet, the latest session's first, the incidents, and what each rule is worth."""
    workspace = Workspace()
    chosen = chosen_filter(workspace, since, until, project, agent, tz)
    with loop_connection(workspace, no_ingest) as connection:
        found = list_alerts(connection, workspace, chosen, severity, everything=everything, limit=limit)
    print_json("alerts", found) if as_json else print_document(_describe(found, chosen.zone, everything))


@command.command("ack")
@click.argument("alerts", nargs=-1, metavar="ALERT...")
@click.option("--all", "everything", is_flag=True, help="All that nobody has seen yet.")
@click.option("--real", is_flag=True, help="It was right.")
@click.option("--false-alarm", is_flag=True, help="It was wrong.")
@json_option
def ack_command(alerts: tuple[str, ...], everything: bool, real: bool, false_alarm: bool, as_json: bool) -> None:
    """Say that you have seen alerts, and whether they were right.

    ALERT is an id as tacho alerts list shows it, or a unique beginning of one. Rules of which more than 5 % were false
    alarms are proposed another threshold.
    """
    if everything == bool(alerts):
        raise UsageError("Name alerts, or ask for --all.", hint="tacho alerts list shows their ids.")
    if real and false_alarm:
        raise UsageError("An alert was right or a false alarm: not both.")
    workspace = Workspace()
    said: Verdict = "real" if real else "false_alarm" if false_alarm else "seen"
    ids = acknowledge_all(workspace, said) if everything else acknowledge_alerts(workspace, alerts, said)
    learn_if_free(workspace, update=False, note=note)
    if as_json:
        print_json("alerts_acked", AcknowledgedAlerts(said, ids))
    else:
        print_document(Document([Line(f"{counted(len(ids), 'alert')}: {said.replace('_', ' ')}.")]))


@command.command("replay")
@click.option(
    "--rules", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="A table of rules of your own."
)
@_limit_option
@filter_options
@update_option
@json_option
def replay_command(
    rules: Path | None, limit: int, as_json: bool, no_ingest: bool,
    since: str | None, until: str | None, project: str | None, agent: str | None, tz: str | None,
) -> None:  # fmt: skip
    """Show what the rules would have said over your own history; nothing is stored.

    --rules FILE tries a table of your own; as alerts.toml beside config.toml it is switched on.
    """
    workspace = Workspace()
    chosen = chosen_filter(workspace, since, until, project, agent, tz)
    with loop_connection(workspace, no_ingest) as connection:
        replay = replay_rules(connection, chosen, rules, limit)
    print_json("alerts_replay", replay) if as_json else print_document(_describe_replay(replay, chosen.zone))


def _describe(found: AlertList, zone: tzinfo, everything: bool) -> Document:
    blocks: list[Block] = []
    if found.alerts:
        remark = f"{count(len(found.alerts))} of {count(found.matching)}, the latest first"
        blocks += [Heading("Alerts", remark), _alert_table(found.alerts, zone), *_actions(found.alerts)]
    else:
        blocks.append(Line("No alerts." if everything else "No alerts that nobody has seen (--all shows the others)."))
    if found.incidents:
        columns = [Column("id", "left", style="accent"), Column("at", "left"), Column("KPI", "left"),
                   Column("agent type", "left", flexible=True), Column("sessions")]  # fmt: skip
        rows = [
            [one.id, minute(one.at, zone), _title(one.kpi), one.agent_type, count(len(one.sessions))]
            for one in found.incidents
        ]
        remark = "three sessions in a row on the bad side; tacho report incident ID tells more"
        blocks += [Heading("Incidents", remark), Table(columns, rows)]
    if found.budgets:
        blocks += [Heading("Budgets"), _budgets(found.budgets)]
    judged = [one for one in found.precision if one.real or one.false_alarms]
    if judged:
        blocks += [Heading("What the rules are worth", "by what you said of their alerts"), _precision(judged)]
    return Document(blocks)


def _alert_table(alerts: list[AlertRow], zone: tzinfo) -> Table:
    columns = [
        Column("id", "left", style="accent"),
        Column("severity", "left"),
        Column("KPI", "left"),
        Column("value", style="strong"),
        Column("usual"),
        Column("worse by"),
        Column("session", "left"),
        Column("agent type", "left", flexible=True, rank=1, least=8),
        Column("ended", "left", rank=2),
        Column("rule", "left", rank=3),
    ]
    return Table(columns, [_alert_row(one, zone) for one in alerts])


def _alert_row(one: AlertRow, zone: tzinfo) -> list[str]:
    kpi = load_kpis().get(one.kpi)
    value, usual = (UNKNOWN, UNKNOWN) if kpi is None else (show_value(kpi, one.value), show_value(kpi, one.mean))
    if kpi is None and one.value is not None:
        value = f"{one.value:.3g}"
    worse = UNKNOWN if one.deviations is None else f"{one.deviations:.1f} sd"
    return [
        one.id, one.severity, one.title, value, usual, worse, one.session_name or UNKNOWN, one.agent_type,
        minute(one.at, zone), one.rule,
    ]  # fmt: skip


def _title(kpi: str) -> str:
    known = load_kpis().get(kpi)
    return kpi if known is None else known.title


def _actions(alerts: list[AlertRow]) -> list[Block]:
    """What each rule advises, once."""
    advice = dict.fromkeys((one.rule, one.action) for one in alerts if one.action)
    return [Line(f"{rule}: {action}", "dim", 2) for rule, action in advice]


def _budgets(budgets: list[BudgetRow]) -> Table:
    columns = [Column("scope", "left"), Column("used"), Column("of"), Column("share", style="strong"),
               Column("", "left"), Column("of what", "left", flexible=True)]  # fmt: skip
    rows = []
    for one in budgets:
        show = usd if one.unit == "USD" else lambda value: tokens(None if value is None else round(value))
        share = UNKNOWN if one.share is None else f"{100 * one.share:.0f} %"
        about = " ".join(part for part in (one.project, one.agent, one.session) if part)
        rows.append([one.scope, show(one.used), show(one.limit), share, "" if one.level == "ok" else one.level, about])
    return Table(columns, rows)


def _precision(rules: list[RulePrecision]) -> Table:
    columns = [Column("rule", "left"), Column("alerts"), Column("right"), Column("false alarms"), Column("precision"),
               Column("proposed threshold", "left")]  # fmt: skip
    return Table(
        columns,
        [
            [
                one.rule, count(one.alerts), count(one.real), count(one.false_alarms),
                UNKNOWN if one.precision is None else f"{100 * one.precision:.0f} %",
                "" if one.proposed_threshold is None else f"{one.proposed_threshold:.3g}",
            ]
            for one in rules
        ],
    )  # fmt: skip


def _describe_replay(replay: Replay, zone: tzinfo) -> Document:
    if not replay.sessions:
        return Document([Line("No sessions with KPIs in this selection.")])
    of = f"of {counted(replay.sessions, 'session')}"
    blocks: list[Block] = [
        Heading("What the rules would have said", of),
        Line(f"critical  {_share(replay.critical_sessions, replay.sessions)}", _style("critical")),
        Line(f"warning   {_share(replay.warning_sessions, replay.sessions)}", _style("warning")),
        Line(f"incidents {count(replay.incidents)}"),
        Line(),
        Table(
            [Column("rule", "left"), Column("severity", "left"), Column("alerts"), Column("sessions")],
            [[one.rule, one.severity, count(one.alerts), count(one.sessions)] for one in replay.rules],
        ),
    ]
    if replay.alerts:
        blocks += [Heading("Critical alerts", "the latest first"), _alert_table(replay.alerts, zone)]
    return Document(blocks)


def _share(part: int, whole: int) -> str:
    return f"{counted(part, 'session')}, {100 * part / whole:.1f} %"


def _style(severity: str) -> Style:
    return "bad" if severity == "critical" else "warn" if severity == "warning" else "dim"
