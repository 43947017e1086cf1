"""The report on a week as a document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta, tzinfo

from tachograph.app.cost import CostGroup
from tachograph.app.reports.week_loop_page import budget_blocks, recommendation_blocks, trial_blocks
from tachograph.app.reports.week_quality_page import (
    alert_blocks,
    group_blocks,
    incident_blocks,
    performer_blocks,
    regression_blocks,
)
from tachograph.app.reports.week_spend import TypeTotals, WeekTotals
from tachograph.app.reports.weekly import WEEKS_SHOWN, WeeklyReport
from tachograph.report.document import Bar, Block, Chart, Column, Document, Heading, Line, Table
from tachograph.report.units import UNKNOWN, count, duration, tokens, usd, usd_short

_LEGEND = (
    "Tokens and USD are dated by response, sessions by their end. Costs are API-equivalent list prices; without a"
    " cache, every cache read and write is priced as plain input of the same response. ≥: some responses have no known"
    " price. sd: standard deviations from the baseline as it was when the session ended; sessions that were given a"
    " suggestion under test do not feed it."
)


def describe_week(told: WeeklyReport, zone: tzinfo) -> Document:
    """The whole report, times in ``zone``."""
    monday = told.since.astimezone(zone).date()
    span = f"{monday} to {monday + timedelta(days=6)}, {told.timezone}"
    blocks: list[Block] = [Heading(f"Weekly report {told.week}", span if told.is_over else f"{span}, not over yet")]
    if told.totals.sessions or told.totals.responses:
        blocks += [*_overview(told), *_agent_types(told.agent_types), *_charts(told, monday), *group_blocks(told)]
        blocks += [*performer_blocks(told), *regression_blocks(told), *alert_blocks(told), *incident_blocks(told, zone)]
    else:
        blocks.append(Line("There was no session in this week."))
    blocks += [*trial_blocks(told), *budget_blocks(told), *recommendation_blocks(told)]
    return Document([*blocks, Line(), Line(_LEGEND, "dim")])


def _overview(told: WeeklyReport) -> list[Block]:
    columns = [
        Column("", "left"),
        Column("this week", style="strong"),
        Column("the week before"),
        Column("change"),
    ]
    return [Heading("Overview"), Table(columns, _overview_rows(told.totals, told.before))]


def _overview_rows(now: WeekTotals, before: WeekTotals) -> list[list[str]]:
    pairs = (now, before)
    mains = [count(one.main_sessions) for one in pairs]
    return [
        _row("sessions", [count(one.sessions) for one in pairs], now.sessions, before.sessions),
        _row("of these main ones", mains, now.main_sessions, before.main_sessions),
        _row("time at work", [duration(one.active_ms) for one in pairs], now.active_ms, before.active_ms),
        _row("responses", [count(one.responses) for one in pairs], now.responses, before.responses),
        _row("tokens", [tokens(one.tokens) for one in pairs], now.tokens, before.tokens),
        _row("input read from the cache", [show_share(one.cached_share) for one in pairs], None, None),
        _row("cost", [_cost(one, one.usd) for one in pairs], now.usd, before.usd),
        _row(
            "without a cache", [_cost(one, one.usd_without_cache) for one in pairs],
            now.usd_without_cache, before.usd_without_cache,
        ),
        _row("spared by the cache", [_cost(one, _spared(one)) for one in pairs], _spared(now), _spared(before)),
        _row("sessions with data missing", [count(one.incomplete_sessions) for one in pairs], None, None),
    ]  # fmt: skip


def _row(name: str, shown: Sequence[str], now: float | None, before: float | None) -> list[str]:
    change = UNKNOWN if now is None or not before else f"{100 * (now - before) / before:+,.0f} %"
    return [name, *shown, change]


def _cost(one: WeekTotals, value: float | None) -> str:
    if value is not None and value < 0:
        return f"-{usd(-value)}"
    return usd(value, one.unpriced_responses > 0) if one.responses else usd(0.0)


def _spared(one: WeekTotals) -> float | None:
    return None if one.usd is None or one.usd_without_cache is None else one.usd_without_cache - one.usd


def show_share(value: float | None) -> str:
    """``45.2 %``; a dash when unknown."""
    return UNKNOWN if value is None else f"{100 * value:.1f} %"


def _agent_types(types: Sequence[TypeTotals]) -> list[Block]:
    columns = [
        Column("agent type", "left", flexible=True, style="strong"),
        Column("agent", "left"),
        Column("sessions"),
        Column("data missing", rank=1),
        Column("tokens"),
        Column("from the cache"),
        Column("cost"),
    ]
    rows = [
        [
            one.agent_type, one.agent, count(one.sessions), count(one.incomplete_sessions), tokens(one.tokens),
            show_share(one.cached_share), usd(one.usd, one.unpriced_responses > 0) if one.tokens else UNKNOWN,
        ]
        for one in types
    ]  # fmt: skip
    return [Heading("Agent types"), Table(columns, rows)] if rows else []


def _charts(told: WeeklyReport, monday: date) -> list[Block]:
    days = [monday + timedelta(days=number) for number in range(7)]
    weeks = [monday - timedelta(weeks=number) for number in range(WEEKS_SHOWN - 1, -1, -1)]
    return [
        Heading("Cost by day"),
        _chart(days, told.days, "%a"),
        Heading("Cost by week", "of the last eight"),
        _chart(weeks, told.weeks, "%m-%d"),
    ]


def _chart(days: Sequence[date], groups: Sequence[CostGroup], label: str) -> Chart:
    by_day = {one.key: one for one in groups}
    bars = []
    for day in days:
        one = by_day.get(day.isoformat())
        told = usd_short(one.usd, one.unpriced_responses > 0) if one else "$0"
        bars.append(Bar(day.strftime(label), told, (one.usd or 0.0) if one else 0.0))
    return Chart(bars)
