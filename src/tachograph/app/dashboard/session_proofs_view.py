"""A session beside what is usual, its checks, and where its numbers come from."""

from __future__ import annotations

from shlex import quote

from tachograph.analysis.kpis import load_kpis
from tachograph.app.cost import Reconciliation
from tachograph.app.dashboard.links import link, session_link
from tachograph.app.dashboard.session_loop import KpiValue, LoopView, ToldAlert
from tachograph.app.dashboard.session_origin import Origin
from tachograph.app.dashboard.session_story import SessionData
from tachograph.app.dashboard.session_words import offer_copies, shorten
from tachograph.app.learn.figures import show_deviation, show_value
from tachograph.report.units import size
from tachograph.report.view import Block, Cell, Column, Grid, Note, Section, Tone

_STATUS_TONES: dict[str, Tone] = {"good": "good", "fair": "", "warning": "warn", "critical": "bad"}
_SEVERITIES: dict[str, Tone] = {"info": "", "warning": "warn", "critical": "bad"}
_REASONS = {
    "synthetic": "messages made by the agent's own program, not by a model",
    "api_error": "API errors shown as messages",
    "null_info": "rate-limit notices without usage",
    "repeat": "notices that repeat a count",
}


def show_loop(data: SessionData) -> list[Block]:
    """KPIs beside their baselines, alerts, trials; and how to check the session against expectations."""
    loop = data.loop
    blocks = _kpis(loop, data.session.name)
    if loop.alerts:
        rows = [_alert(one) for one in loop.alerts]
        columns = [
            Column("kpi", "KPI"), Column("severity", "Severity"), Column("value", "Value"),
            Column("usual", "Usual then", low=True),
            Column("deviations", "Deviations", "number", "Standard deviations on the bad side", low=True),
            Column("rule", "Rule", low=True), Column("action", "What to do", wide=True, low=True),
            Column("verdict", "You said", low=True),
        ]  # fmt: skip
        blocks.append(Grid("session_alerts", "Alerts", columns, rows, how="alerts"))
    if loop.trials:
        blocks.append(_trials(loop))
    checks: list[Block] = [
        Note("Checks are made when they are asked for, and not kept. This checks the session against a file of them:"),
        offer_copies(("Check it", f"tacho check {quote(data.session.name)} --expect expectations.yaml")),
    ]
    if not data.session.log_missing:
        href = link("metrics", id=data.session.id)
        blocks.append(Note("KPIs are the metrics that have a better direction.", "dim", href, "All its metrics"))
    title = "KPIs and alerts" if loop.alerts else "KPIs"
    return [Section(title, blocks, "kpis", how="kpis"), Section("Checks", checks, "checks")]


def _kpis(loop: LoopView, name: str) -> list[Block]:
    if not loop.kpis:
        text = "It has no KPIs yet: they are computed by tacho learn, and need responses of its own."
        return [Note(text), offer_copies(("Compute them", "tacho learn"))]
    columns = [
        Column("kpi", "KPI", wide=True), Column("better", "Better", low=True), Column("value", "Value"),
        Column("usual", "Usual", "text", "The mean of the baseline"),
        Column("status", "Level", "text", "Against the KPI's thresholds, where it has any"),
        Column("spread", "Spread", "text", "One standard deviation", low=True),
        Column("sessions", "From sessions", "count", low=True), Column("unit", "Unit", low=True),
    ]  # fmt: skip
    about = (
        f"Usual is the baseline of the agent type {shorten(loop.agent_type or '', 60)} as it is now; this session may"
        f" be part of it. What was usual when it ended: tacho report session {quote(name)}"
    )
    return [Grid("session_kpis", "KPIs", columns, [_kpi(one) for one in loop.kpis], about, how="kpis")]


def _kpi(one: KpiValue) -> list[Cell]:
    kpi = load_kpis()[one.kpi]
    status = Cell(one.status, tag=True, tone=_STATUS_TONES[one.status]) if one.status else Cell("")
    value = (
        Cell(None, note=one.lacking or "", title=one.lacking or "")
        if one.value is None
        else Cell(show_value(kpi, one.value))
    )
    mean = None if one.baseline_mean is None else show_value(kpi, one.baseline_mean)
    spread = None if one.baseline_sd is None else show_deviation(kpi, one.baseline_sd)
    better = "more" if one.better == "up" else "less"
    return [Cell(one.title, title=kpi.formula), Cell(better, tone="dim"), value, Cell(mean), status, Cell(spread),
            Cell(one.baseline_sessions or None), Cell(kpi.unit, tone="dim")]  # fmt: skip


def _alert(told: ToldAlert) -> list[Cell]:
    one = told.alert
    kpi = load_kpis().get(one.kpi)
    value, mean = (show_value(kpi, one.value), show_value(kpi, one.mean)) if kpi else (f"{one.value:g}", None)
    said = (told.verdict or "").replace("_", " ")
    return [
        Cell(told.title), Cell(one.severity, tag=True, tone=_SEVERITIES[one.severity]), Cell(value),
        Cell(mean if one.mean is not None else None), Cell(one.deviations), Cell(one.rule.replace("_", " ")),
        Cell(one.action),
        Cell(said or "nothing yet", tone="" if said else "dim"),
    ]  # fmt: skip


def _trials(loop: LoopView) -> Grid:
    columns = [
        Column("suggestion", "Suggestion", wide=True), Column("arm", "Arm"),
        Column("share", "Chance of treatment", "percent", low=True), Column("state", "The trial now"),
        Column("trial", "Trial", low=True),
    ]  # fmt: skip
    rows = [
        [
            Cell(one.suggestion, href=link("suggestions")), Cell(one.arm, tag=True), Cell(one.share),
            Cell((one.state or "not judged yet").replace("_", " ")), Cell(one.trial),
        ]
        for one in loop.trials
    ]  # fmt: skip
    about = "treatment: it was given the suggestion's text; control: chance left it without."
    return Grid("session_trials", "Trials that it took part in", columns, rows, about, how="trials")


# ----------------------------------------------------------------------------------------------------- origin


def show_origin(data: SessionData) -> list[Block]:
    """The logs, what was copied, and how lines became counted responses."""
    origin = data.origin
    blocks: list[Block] = []
    if origin.logs:
        blocks.append(_logs(origin))
        blocks.append(_counting(origin.counting))
    if origin.copied:
        blocks.append(_copied(data))
    if origin.forks:
        rows = [[_spoken_of(data, one)] for one in origin.forks]
        blocks.append(Grid("forks", "Sessions that began as a copy of it", [Column("session", "Session")], rows))
    if not blocks:
        return []
    return [Section("Where the numbers come from", blocks, "origin", how="reconciliation", folded=True)]


def _logs(origin: Origin) -> Grid:
    columns = [
        Column("path", "Log", wide=True), Column("size", "Size"), Column("changed_at", "Changed", "moment"),
        Column("lines", "Lines", "count"), Column("own_lines", "Of this session", "count", low=True),
        Column("problems", "Problems", "count", "Lines that could not be read as they should"),
    ]  # fmt: skip
    rows = [
        [
            Cell(one.path), Cell(size(one.size)), Cell(one.changed_at), Cell(one.lines), Cell(one.own_lines),
            Cell(one.problems, tone="warn" if one.problems else "", href=link("doctor") if one.problems else ""),
        ]
        for one in origin.logs
    ]  # fmt: skip
    return Grid("logs", "Logs that tell of it", columns, rows)


def _counting(steps: Reconciliation) -> Grid:
    rows = [[Cell("log lines with usage"), Cell(steps.raw_lines)]]
    rows += [[Cell(f"– {_REASONS.get(name, name)}"), Cell(-number)] for name, number in steps.skipped.items()]
    rows += [
        [Cell("– further lines of a response already seen in the same log"), Cell(-steps.further_lines)],
        [Cell("= responses in its logs"), Cell(steps.responses)],
        [Cell("– copies that another session or log owns"), Cell(-steps.copies)],
    ]
    columns = [Column("step", "From lines to responses"), Column("number", "Number", "count")]
    total = [Cell("= counted"), Cell(steps.counted)]
    about = "Of its own logs; its subagents' are counted on their pages."
    return Grid("counting", "How its responses were counted", columns, rows, about, total, how="reconciliation")


def _copied(data: SessionData) -> Grid:
    rows = [
        [_spoken_of(data, one.session) if one.session else Cell("not known which"), Cell(one.responses)]
        for one in data.origin.copied
    ]
    columns = [Column("session", "Owner"), Column("responses", "Responses", "count")]
    about = "In its logs, but other sessions'; they are in no number of this page."
    return Grid("copied", "Copied from other sessions", columns, rows, about, how="copies")


def _spoken_of(data: SessionData, session: str) -> Cell:
    return Cell(shorten(data.labels.get(session, session), 100), href=session_link(session))
