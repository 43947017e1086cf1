"""The first page: what it cost, whether that is more than before, and where to look."""

from __future__ import annotations

import msgspec

from tachograph.app.dashboard.cells import (
    VERDICTS,
    chart_waste,
    cost_cell,
    detector_cell,
    project_cell,
    session_label,
    waste_cost_cell,
    waste_tokens_cell,
)
from tachograph.app.dashboard.desk import Params
from tachograph.app.dashboard.goal_blocks import show_goals
from tachograph.app.dashboard.links import link, session_link
from tachograph.app.dashboard.overview_banners import list_banners
from tachograph.app.dashboard.overview_facts import Overview, gather_overview
from tachograph.app.dashboard.page import Page
from tachograph.app.dashboard.projects import name_projects
from tachograph.app.dashboard.range_sums import RangeSums
from tachograph.app.dashboard.root_rows import ListedSession
from tachograph.app.dashboard.spend_chart import chart_cache, chart_spend
from tachograph.app.dashboard.waste_sums import DetectorWaste
from tachograph.app.retries import RetrySignals, Signal
from tachograph.app.scope import Scope
from tachograph.app.suggestions import SuggestionRow
from tachograph.report.units import count, counted
from tachograph.report.view import (
    Beside,
    Block,
    Card,
    Cards,
    Cell,
    Change,
    Chart,
    Column,
    Empty,
    Grid,
    Series,
    View,
)

_POINT = 0.01
"""Of a share: what changes by less is as it was."""


def show(data: Overview, scope: Scope, _params: Params) -> View:
    """Banners, numbers against the range before, and the places worth a look."""
    if data.begin is None and not (data.now.responses or data.now.sessions):
        return View("Overview", [_nothing_yet()])
    blocks: list[Block] = list_banners(data, scope)
    if not (data.now.responses or data.now.sessions):
        everything = link("overview", msgspec.structs.replace(scope, range="all", first=None, last=None))
        text = f"Nothing was done in this range. The history begins on {data.begin}."
        return View("Overview", [*blocks, Empty(text, href=everything, link="The whole history")], _lead(data, scope))
    blocks += [
        _cards(data, scope),
        chart_spend(data.spend),
        *_budgets(data),
        *show_goals(data.goals, how="goals"),
        Beside([[_sessions(data.sessions)], [_projects(data, scope)]]),
        _waste(data.waste, scope),
        _waste_and_verdicts(data, scope),
        Beside([[_retries(data)], [chart_cache(data.spend)]]),
        _suggestions(data.suggestions, scope),
    ]
    return View("Overview", blocks, _lead(data, scope))


def _waste_and_verdicts(data: Overview, scope: Scope) -> Block:
    verdicts = _verdicts(data, scope)
    if all(one.amounts.usd is None for one in data.waste):
        return verdicts
    return Beside([[chart_waste(data.waste, scope)], [verdicts]])


def _nothing_yet() -> Empty:
    return Empty(
        "There are no sessions yet. tacho reads the histories that Claude Code and Codex leave on this machine: have a"
        " session with one of them, or see where its logs were looked for. tacho demo shows a made-up history.",
        "tacho doctor",
        link("doctor"),
        "Doctor",
    )


def _lead(data: Overview, scope: Scope) -> str:
    before = scope.previous
    if before is None:
        return f"The whole history, from {data.begin}." if data.begin else "The whole history; its logs tell no times."
    if data.before is None:
        return f"Not compared with the range before: the history begins on {data.begin}."
    return f"Compared with the {before.days} days before: {before.first} to {before.last}."


def _cards(data: Overview, scope: Scope) -> Cards:
    now, before = data.now, data.before
    exact = before is not None and not (now.unpriced_responses or before.unpriced_responses)
    timed = before is not None and not (now.logs_missing or before.logs_missing)
    whole = before is not None and not (now.output_unreliable_responses or before.output_unreliable_responses)
    mean = timed and before is not None and not (now.unpriced_sessions or before.unpriced_sessions)
    spend = cost_cell(now.usd, now.unpriced_responses, now.responses)
    tokens = Cell(now.tokens, at_least=now.output_unreliable_responses > 0)
    active = Cell(now.active_seconds, at_least=now.logs_missing > 0)
    sessions = Cell(now.sessions, link("sessions", scope), f"and {counted(now.subagents, 'subagent')}")
    items = [
        Card("Spend", spend, "usd", _change(before.usd if before and exact else None), "spend"),
        Card("Cost per session", _mean(now), "usd", _mean_change(before if mean else None), "spend"),
        Card("Tokens", tokens, "tokens", _change(before.tokens if before and whole else None), "tokens"),
        Card("Sessions", sessions, "count", _change(before.sessions if before else None), "sessions"),
        Card("Active time", active, "seconds", _change(before.active_seconds if before and timed else None)),
        Card("From the cache", Cell(now.cache_share), "percent", _cache_change(now, before), "cache"),
    ]
    items[4] = msgspec.structs.replace(items[4], how="active-time")
    return Cards(items)


def _change(before: float | None) -> Change | None:
    """Neither direction is good: more may be more work done."""
    return None if before is None else Change(before)


def _mean(now: RangeSums) -> Cell:
    note = f"mean of {counted(now.priced_sessions, 'session')}" if now.priced_sessions else ""
    least = now.unpriced_sessions > 0 or now.logs_missing > 0
    return Cell(now.usd_per_session, note=note, at_least=least and now.usd_per_session is not None)


def _mean_change(before: RangeSums | None) -> Change | None:
    return None if before is None or before.usd_per_session is None else Change(before.usd_per_session, "down")


def _cache_change(now: RangeSums, before: RangeSums | None) -> Change | None:
    """Good or bad from a percent point on."""
    if before is None or before.cache_share is None:
        return None
    moved = abs((now.cache_share or 0.0) - before.cache_share) >= _POINT
    return Change(before.cache_share, "up" if moved else "")


def _budgets(data: Overview) -> list[Block]:
    known = [one for one in data.budgets if one.share is not None]
    if not known:
        return []
    labels = [" · ".join(part for part in (one.words, one.project, one.agent) if part) for one in known]
    return [
        Chart(
            "budgets", "Budgets", "How much of each budget is used up, today and this week, whatever the range.",
            "bars", labels, [Series("used up", [one.share for one in known])], "percent", how="budgets",
        )
    ]  # fmt: skip


def _sessions(sessions: list[ListedSession]) -> Grid:
    columns = [
        Column("session", "Session", wide=True),
        Column("active", "Active", "seconds", low=True),
        Column("cost", "Cost", "usd", "Subagents included."),
    ]
    rows = [
        [
            Cell(session_label(one), session_link(one.id), " · ".join([*(["live"] if one.live else []), one.name])),
            Cell(one.active_seconds),
            cost_cell(one.usd, one.unpriced_responses, one.tokens, at_least=one.log_missing),
        ]
        for one in sessions
    ]
    return Grid(
        "top-sessions", "Most expensive sessions", columns, rows, "Of those that began in the range.",
        empty="No session has a known cost.", how="sessions",
    )  # fmt: skip


def _projects(data: Overview, scope: Scope) -> Grid:
    columns = [
        Column("project", "Project", wide=True),
        Column("sessions", "Sessions", "count", low=True),
        Column("tokens", "Tokens", "tokens"),
        Column("cost", "Cost", "usd"),
    ]
    names = name_projects(one.project for one in data.projects if one.project)
    rows = [
        [
            project_cell(one.project, names, scope, "overview"),
            Cell(one.sessions),
            Cell(one.tokens, at_least=one.output_unreliable_responses > 0),
            cost_cell(one.usd, one.unpriced_responses, one.tokens),
        ]
        for one in data.projects
    ]
    more = f"And {counted(data.more_projects, 'more project')}." if data.more_projects else ""
    return Grid("top-projects", "Most expensive projects", columns, rows, more, empty="Nothing was used.", how="spend")


def _waste(waste: list[DetectorWaste], scope: Scope) -> Grid:
    columns = [
        Column("detector", "What", wide=True),
        Column("findings", "Findings", "count", low=True),
        Column("sessions", "Sessions", "percent", "Share of the sessions with such a finding."),
        Column("tokens", "Tokens", "tokens", low=True),
        Column("usd", "Cost", "usd", "Estimate."),
    ]
    rows = [_waste_row(one, scope) for one in waste if one.amounts.findings]
    return Grid(
        "waste", "Proven waste", columns, rows, "By detector; detectors overlap, so there is no sum.",
        empty="No detector has found anything.", how="waste",
    )  # fmt: skip


def _waste_row(one: DetectorWaste, scope: Scope) -> list[Cell]:
    amounts = one.amounts
    return [
        detector_cell(one, scope),
        Cell(amounts.findings),
        Cell(one.rate, link("sessions", scope, detector=one.detector), counted(one.sessions, "session")),
        waste_tokens_cell(amounts),
        waste_cost_cell(amounts),
    ]


_SIGNALS = (
    ("follow_ups", "Follow-ups", "later prompts; mostly normal work"),
    ("interruptions", "Interrupted", "a person stopped the agent"),
    ("structural_retries", "Reopened", "same first prompt within 24 hours"),
    ("subagent_spawns", "Subagents started", "delegated; never a retry"),
)


def _retries(data: Overview) -> Grid:
    compared = data.before is not None
    columns = [
        Column("signal", "Signal", wide=True),
        Column("count", "Count", "count"),
        Column("rate", "Sessions", "percent", "Share of the sessions in which it could occur that have at least one."),
        *([Column("before", "Before", "percent", "The same share in the range before.")] if compared else []),
    ]
    rows = [
        [
            Cell(title, note=words),
            Cell((one := _signal(data.now.retries, name)).count),
            Cell(one.rate, note=f"{count(one.sessions)} of {count(one.of)}"),
            *([Cell(_signal(data.before.retries, name).rate)] if data.before is not None else []),
        ]
        for name, title, words in _SIGNALS
    ]
    description = "Four signals that mean different things, of main sessions; they are never added up."
    return Grid("retries", "Retry signals", columns, rows, description, how="retries")


def _signal(signals: RetrySignals, name: str) -> Signal:
    found: Signal = getattr(signals, name)
    return found


def _verdicts(data: Overview, scope: Scope) -> Chart:
    shown = [name for name in VERDICTS if name in data.verdicts]
    return Chart(
        "verdicts", "Token use", "Sessions by their real tokens against the usual band of the same kind of work.",
        "bars", [VERDICTS[name][0] for name in shown], [Series("sessions", [data.verdicts[name] for name in shown])],
        hrefs=[link("sessions", scope, verdict=name) for name in shown], how="verdicts",
    )  # fmt: skip


def _suggestions(rows: list[SuggestionRow], scope: Scope) -> Grid:
    columns = [
        Column("suggestion", "Suggestion", wide=True),
        Column("state", "State"),
        Column("saves", "May save a week", "usd", "Estimated from your own sessions."),
    ]
    cells = [
        [
            Cell(one.title, link("suggestions", scope), one.agent_type, one.text),
            Cell(one.state, tag=True, tone="good" if one.state == "active" else ""),
            Cell(one.usd_per_week, about=True) if one.usd_per_week is not None else Cell("not known", tone="dim"),
        ]
        for one in rows
    ]
    return Grid(
        "top-suggestions", "Suggestions", columns, cells, "What fits the last weeks' sessions, and what is under test.",
        empty="Nothing to suggest from the last weeks' sessions.", how="trials",
    )  # fmt: skip


PAGE = Page(
    "overview",
    "Overview",
    gather_overview,
    show,
    "The range at a glance, against the range before: spend, sessions, waste, retry signals, what is worth a look.",
    order=1,
    live=True,
)
