"""Suggestions and trials: what could be changed, whether it helped, and what is out of the ordinary."""

from __future__ import annotations

import shlex

from tachograph.analysis.kpis import load_kpis
from tachograph.app.alerts import AlertRow, IncidentSummary
from tachograph.app.dashboard.desk import Desk, Params
from tachograph.app.dashboard.links import session_link
from tachograph.app.dashboard.loop_report import MOST_ALERTS, LoopData, gather_loop
from tachograph.app.dashboard.page import Page, Param
from tachograph.app.dashboard.trial_blocks import TONES, kpi_title, show_trial, show_trials, state_cell
from tachograph.app.learn.figures import show_value
from tachograph.app.scope import Scope
from tachograph.app.suggestions import SuggestionRow
from tachograph.report.units import counted
from tachograph.report.view import (
    Block,
    Card,
    Cards,
    Cell,
    Code,
    Column,
    Empty,
    Facts,
    Grid,
    Kind,
    Note,
    Section,
    View,
)  # fmt: skip
from tachograph.sources import load_sources

MOST_OFFERS = 8
"""Told in full; the table has all of them."""
_ID = 12
"""Characters of a session's id that are enough to know it again."""
MOST_INCIDENTS = 3
"""The same of incidents."""
_SAID = {"seen": "seen", "real": "real", "false_alarm": "false alarm"}


def gather(desk: Desk, scope: Scope, params: Params) -> LoopData:  # noqa: ARG001 (the signature of every page)
    """See :class:`LoopData`."""
    return gather_loop(desk, params)


def show(data: LoopData, scope: Scope, params: Params) -> View:  # noqa: ARG001
    """The page."""
    lead = "Texts that may help the next sessions, each put to the test against a control group."
    blocks: list[Block] = [_cards(data), *_standing(data), *([show_trial(data.trial)] if data.trial else [])]
    blocks += [
        *_show_offers(data),
        show_trials(data),
        *_show_alerts(data),
        *_show_incidents(data),
        _show_decisions(data),
    ]
    return View("Suggestions and trials", blocks, lead)


def _cards(data: LoopData) -> Cards:
    states = [one.state for one in data.suggestions]
    fresh = data.unseen_alerts.critical + data.unseen_alerts.warning
    return Cards(
        [
            Card("Offered now", Cell(sum(state in ("offered", "candidate") for state in states)), how="trials"),
            Card("Under test", Cell(states.count("active")), how="trials"),
            Card("Proven or kept", Cell(sum(state in ("proven", "promoted") for state in states)), how="trials"),
            Card(
                "Unseen alerts",
                Cell(
                    fresh,
                    tone="warn" if fresh else "",
                    note="warnings and critical",
                    at_least=data.unseen_alerts.at_least,
                ),
                how="alerts",
            ),
        ]
    )


def _standing(data: LoopData) -> list[Block]:
    """What keeps suggestions from reaching anybody."""
    if data.last_round is None:
        return [
            Empty("The loop has not gone round yet: nothing is known of KPIs, alerts and suggestions.", "tacho learn")
        ]
    if not data.hooks:
        return [Empty("No hooks are installed, so no session is told anything.", "tacho hooks install")]
    if data.activation == "manual":
        return [Note("A suggestion is put to the test when you say so; this page changes nothing.", "dim")]
    return [Note("Free places are filled by themselves, the most saving suggestion first.", "dim")]


def _show_offers(data: LoopData) -> list[Block]:
    offered = [one for one in data.suggestions if one.state in ("offered", "candidate")]
    columns = [
        Column("suggestion", "Suggestion", wide=True), Column("agent_type", "Agent type"), Column("state", "State"),
        Column("usd_per_week", "May save a week", "usd", "Estimate from your own last weeks"),
        Column("kpi", "Target", low=True), Column("priority", "Priority", low=True),
    ]  # fmt: skip
    rows = [
        [
            Cell(one.title, title=one.id), Cell(one.agent_type), state_cell(one.state),
            Cell(one.usd_per_week, about=True) if one.usd_per_week is not None else Cell("–", title=one.basis),
            Cell(f"{kpi_title(one.kpi)}, {one.direction}"), Cell(one.priority.lower()),
        ]
        for one in data.suggestions
    ]  # fmt: skip
    grid = Grid(
        "suggestions", "Suggestions", columns, rows,
        "Those that fit the last four weeks' sessions, and all that are or were under test.",
        empty="Nothing fits the sessions of the last four weeks. The loop looks again after every session that ends.",
        how="trials",
    )  # fmt: skip
    details: list[Block] = [_offer(one) for one in offered[:MOST_OFFERS]]
    return [grid, *details]


def _offer(one: SuggestionRow) -> Section:
    saving = Cell(one.usd_per_week, about=True, note=one.basis) if one.usd_per_week is not None else Cell(one.basis)
    kind: Kind = "usd" if one.usd_per_week is not None else "text"
    facts: list[tuple[str, Cell, Kind]] = [
        ("may save a week", saving, kind),
        ("changes", Cell(f"{kpi_title(one.kpi)}: {one.direction}"), "text"),
        ("sessions are told", Cell(one.text or None), "text"),
        *(("evidence", _evidence(line), "text") for line in one.evidence),
    ]
    command = f"tacho suggest activate {shlex.quote(one.id)} --agent-type {shlex.quote(one.agent_type)}"
    return Section(f"{one.title} · {one.agent_type}", [Facts(facts), Code(command, "Put it to the test")])


def _evidence(line: str) -> Cell:
    """A clause, or the id of a session."""
    is_session = line.partition(":")[0] in load_sources() and " " not in line
    return Cell(line, href=session_link(line) if is_session else "")


def _show_alerts(data: LoopData) -> list[Block]:
    columns = [
        Column("title", "What", wide=True), Column("severity", "Severity"), Column("at", "When", "moment", low=True),
        Column("value", "Value"), Column("mean", "Baseline", low=True),
        Column("deviations", "Off by (SD)", "number", "Standard deviations on the bad side", low=True),
        Column("agent_type", "Agent type", low=True), Column("session", "Session", low=True),
        Column("verdict", "You said", low=True),
    ]  # fmt: skip
    rows = [_alert_row(one) for one in data.alerts]
    about = (
        f"The latest {MOST_ALERTS} warnings and critical alerts, seen or not. What each rule recommends stands in How"
        " we count."
    )
    blocks: list[Block] = [Grid("alerts", "Alerts", columns, rows, about, empty="There is no alert.", how="alerts")]
    fresh = next((one.id for one in data.alerts if one.verdict is None), None)
    if fresh is not None:
        blocks.append(
            Code(
                f"tacho alerts ack {shlex.quote(fresh)}",
                "Mark an alert as seen; --real or --false-alarm says what it was",
            )
        )
    return blocks


def _alert_row(one: AlertRow) -> list[Cell]:
    kpi = load_kpis().get(one.kpi)
    shown = [None if kpi is None else show_value(kpi, value) for value in (one.value, one.mean)]
    deviations = None if one.deviations is None else round(one.deviations, 1)
    return [
        Cell(one.title, session_link(one.session) if one.session else "", one.rule.replace("_", " "), one.id),
        Cell(one.severity, tone=TONES.get(one.severity, ""), tag=True), Cell(one.at), Cell(shown[0]), Cell(shown[1]),
        Cell(deviations), Cell(one.agent_type),
        Cell(one.session_name or one.session, href=session_link(one.session)) if one.session else Cell("many"),
        Cell(_SAID.get(one.verdict or "", "")),
    ]  # fmt: skip


def _show_incidents(data: LoopData) -> list[Block]:
    columns = [
        Column("kpi", "KPI", wide=True), Column("agent_type", "Agent type"), Column("at", "When", "moment", low=True),
        Column("sessions", "Sessions", "count", low=True), Column("last", "Last session"),
    ]  # fmt: skip
    grid = Grid(
        "incidents", "Incidents", columns, [_incident_row(one) for one in data.incidents],
        "Three sessions in a row on the bad side of one KPI.", empty="There is no incident.", how="alerts",
    )  # fmt: skip
    return [grid, *(_tell_incident(one) for one in data.incidents[:MOST_INCIDENTS])]


def _incident_row(one: IncidentSummary) -> list[Cell]:
    last = one.sessions[-1] if one.sessions else ""
    return [
        Cell(kpi_title(one.kpi), title=one.id), Cell(one.agent_type), Cell(one.at), Cell(len(one.sessions)),
        Cell(_native(last), href=session_link(last), title=last) if last else Cell(""),
    ]  # fmt: skip


def _native(session: str) -> str:
    return session.rpartition("/")[2].rpartition(":")[2][:_ID]


def _tell_incident(one: IncidentSummary) -> Section:
    facts: list[tuple[str, Cell, Kind]] = [("ended", Cell(one.at), "moment")]
    facts += [("speaks for" if not n else "also", Cell(cause), "text") for n, cause in enumerate(one.causes)]
    facts += [("to do" if not n else "then", Cell(action), "text") for n, action in enumerate(one.actions)]
    command = f"tacho report incident {shlex.quote(one.id)}"
    return Section(
        f"Incident: {kpi_title(one.kpi)} · {one.agent_type}", [Facts(facts), Code(command, "The whole report")]
    )


def _show_decisions(data: LoopData) -> Grid:
    columns = [
        Column("at", "When", "moment"), Column("suggestion", "Suggestion"), Column("agent_type", "Agent type"),
        Column("action", "Action"), Column("by", "By"), Column("reason", "Reason", wide=True),
    ]  # fmt: skip
    rows = [
        [Cell(one.at), Cell(one.suggestion), Cell(one.agent_type), Cell(one.action), Cell(one.by), Cell(one.reason)]
        for one in data.decisions
    ]
    about = f"The latest {counted(len(rows), 'decision')}." if rows else ""
    return Grid("decisions", "Decisions", columns, rows, about, empty="Nothing was decided yet.", how="trials")


PAGE = Page(
    "suggestions", "Suggestions and trials", gather, show,
    "Suggestions that fit, trials with their effects, decisions, alerts and incidents of the whole history.", order=8,
    params=(Param("trial", "Id of a trial that is to be told whole."),), scoped=False,
)  # fmt: skip
