"""The overview as a document: one screen."""

from __future__ import annotations

from pathlib import Path

from tachograph.app.cost import CostGroup
from tachograph.app.filters import Filter
from tachograph.app.goals.figure_records import GoalFigures
from tachograph.app.overview import Overview, Week
from tachograph.app.retries import Signal
from tachograph.app.waste import WasteGroup
from tachograph.cli._goal_glance import glance, goal_caveats
from tachograph.cli._usage import token_line
from tachograph.cli.cost import remarks
from tachograph.report.document import Bar, Beside, Block, Chart, Column, Document, Facts, Heading, Line, Table
from tachograph.report.units import count, counted, day, percent, seconds, tokens, usd, usd_short

_GROUPS = 4
_WASTES = 2
"""Kinds of waste named."""


def describe_overview(overview: Overview, chosen: Filter) -> Document:
    """All of it, one screen of 100 columns."""
    blocks: list[Block] = [
        Heading("Tachograph", _period(overview, chosen)),
        Facts(_headline(overview)),
        *_trend(overview),
        Beside(
            _groups("model", overview.models, overview),
            _groups("agent", overview.agents, overview) + _signals(overview),
        ),
        *_groups("project", overview.projects, overview, wide=True),
        *_top_sessions(overview, chosen),
        *glance(overview.goals),
        *_caveats(overview, chosen),
        Heading("Next"),
        Facts([(one.command, one.why) for one in overview.next], "accent"),
    ]
    return Document(blocks)


def describe_nothing(chosen: Filter, goals: GoalFigures | None = None) -> Document:
    """What to say when there is nothing to show but, maybe, goals."""
    told: list[Block] = [*glance(goals), *goal_caveats(goals)]
    if any((chosen.since, chosen.until, chosen.project, chosen.agent)):
        all_there_are = "tacho sessions --limit 0 lists all there are."
        return Document([Line("No sessions in this selection."), Line(all_there_are, "dim"), *told])
    from tachograph.sources import load_sources

    places = [(agent, place) for agent, source in sorted(load_sources().items()) for place in source.places()]
    blocks: list[Block] = [
        Line("There is no history of a coding agent on this machine yet. Looked for:"),
        Facts([(agent, f"{place} ({_state(place)})") for agent, place in places]),
        *told,
        Heading("Next"),
        Facts(
            [
                ("tacho demo", "the overview of a made-up history"),
                ("tacho ingest --path DIR", "reads logs that lie somewhere else"),
                ("tacho doctor", "what was looked at, and what is wrong, if anything"),
            ],
            "accent",
        ),
    ]
    return Document(blocks)


def _state(place: Path) -> str:
    return "there, but without sessions" if place.is_dir() else "not there"


def _period(overview: Overview, chosen: Filter) -> str:
    first, last = (day(moment, chosen.zone) for moment in (overview.first_response_at, overview.last_response_at))
    span = first if first == last else f"{first} – {last}"
    selected = [text for text in (chosen.project and f"project {chosen.project}", chosen.agent) if text]
    return ", ".join([span, *selected, f"time zone {overview.timezone}"])


def _headline(overview: Overview) -> list[tuple[str, str]]:
    total, activity = overview.total, overview.activity
    price = usd(total.usd, lower_bound=total.unpriced_responses > 0)
    failed = percent(activity.tool_errors, activity.tool_calls)
    work = [
        counted(activity.sessions, "session"),
        f"{seconds(activity.active_seconds)} active",
        counted(activity.prompts, "prompt"),
        counted(activity.tool_calls, "tool call") + (f" ({failed} failed)" if activity.tool_errors else ""),
    ]
    return [
        ("cost", f"{price} at API list prices, {counted(total.responses, 'response')}"),
        ("work", ", ".join(work)),
        ("tokens", token_line(total)),
    ]


def _trend(overview: Overview) -> list[Block]:
    if len(overview.weeks) < 2:
        return []
    return [Heading("Cost per week", "from Monday"), Chart([_bar(week) for week in overview.weeks])]


def _bar(week: Week) -> Bar:
    value = usd_short(week.usd, lower_bound=week.unpriced_responses > 0) if week.responses else "·"
    return Bar(f"{week.week.day} {week.week:%b}", value, week.usd or 0)


def _groups(by: str, groups: list[CostGroup], overview: Overview, wide: bool = False) -> list[Block]:
    columns = [
        Column(by, "left", flexible=True, keep_end=by == "project", least=26),
        Column("cost", style="strong"),
        Column("share"),
        Column("tokens", rank=1),
        *([Column("sessions", rank=2)] if wide else []),
    ]
    shown = groups if len(groups) <= _GROUPS + 1 else groups[:_GROUPS]
    rows = [_group_row(group.key or "(unknown)", [group], overview, wide) for group in shown]
    rest = groups[len(shown) :]
    if rest:
        rows.append(_group_row(f"{len(rest)} others", rest, overview, False) + ([""] if wide else []))
    return [Table(columns, rows, caption=f"By {by}")]


def _group_row(name: str, groups: list[CostGroup], overview: Overview, wide: bool) -> list[str]:
    priced = [group.usd for group in groups if group.usd is not None]
    cost = sum(priced) if priced else None
    row = [
        name,
        usd(cost, lower_bound=any(group.unpriced_responses for group in groups)),
        percent(cost or 0, overview.total.usd or 0),
        tokens(sum(group.tokens for group in groups)),
    ]
    return [*row, count(groups[0].sessions)] if wide else row


def _signals(overview: Overview) -> list[Block]:
    """Subagents' share and retry signals."""
    total, below, retries = overview.total, overview.subagents, overview.retries
    share = f"{percent(below.usd or 0, total.usd or 0)} of cost, {percent(below.tokens, total.tokens)} of tokens"
    follow_ups = retries.follow_ups.count / retries.follow_ups.of if retries.follow_ups.count else 0
    return [
        Heading("Signals"),
        Facts(
            [
                ("subagents", share if below.sessions else "none"),
                ("follow-ups", f"{follow_ups:.1f} prompts per session" if follow_ups else "none"),
                ("interruptions", _in_sessions(retries.interruptions)),
                ("reopened", _reopened(retries.structural_retries)),
                *_axes(overview),
            ]
        ),
    ]


def _axes(overview: Overview) -> list[tuple[str, str]]:
    """Verdicts of the token axis, and the dearest kinds of waste."""
    verdicts = overview.token_verdicts
    judged = [(verdicts.get("above_p75", 0), "above"), (verdicts.get("within_band", 0), "within")]
    judged.append((verdicts.get("below_p25", 0), "below"))
    words = ", ".join(f"{number} {where}" for number, where in judged if number)
    found = [group for group in overview.waste if group.findings][:_WASTES]
    waste = ", ".join(f"{group.key.replace('_', ' ')} {_waste_cost(group)}" for group in found)
    return [("token use", f"{words} their band" if words else "no verdict yet"), ("waste", waste or "none found")]


def _waste_cost(group: WasteGroup) -> str:
    if group.wasted_usd is None:
        return "unpriced"
    return ("≥" if group.unpriced_findings else "≈") + usd_short(group.wasted_usd)


def _in_sessions(signal: Signal) -> str:
    return f"{count(signal.count)} in {counted(signal.sessions, 'session')}" if signal.count else "none"


def _reopened(signal: Signal) -> str:
    return f"{counted(signal.count, 'session')}, same first prompt" if signal.count else "none"


def _top_sessions(overview: Overview, chosen: Filter) -> list[Block]:
    columns = [
        Column("", "left", style="accent"),
        Column("", "left"),
        Column("", "left", flexible=True, keep_end=True, least=14),
        Column("", "left", flexible=True, least=22),
        Column("", style="strong"),
        Column("", rank=1),
    ]
    rows = [
        [
            row.name,
            day(row.started_at, chosen.zone),
            row.project or "(unknown)",
            row.label or "(no prompt)",
            usd(row.usd, lower_bound=row.unpriced_responses > 0),
            f"{seconds(row.active_seconds)} active" if row.active_seconds is not None else "",
        ]
        for row in overview.top_sessions
        if row.responses
    ]
    return [Heading("Most expensive sessions"), Table(columns, rows)] if rows else []


def _caveats(overview: Overview, chosen: Filter) -> list[Block]:
    """What a reader has to know to take the numbers right."""
    lines = [*remarks(overview.total), *goal_caveats(overview.goals)]
    found = overview.problems
    if found.lines or found.unreadable_files:
        unreadable = f", {counted(found.unreadable_files, 'file')} not at all" if found.unreadable_files else ""
        lines.append(
            Line(
                f"{counted(found.lines, 'log line')} could not be read as they should{unreadable}: tacho doctor", "dim"
            )
        )
    if overview.activity.logs_missing:
        missing = counted(overview.activity.logs_missing, "session")
        lines.append(
            Line(
                f"{missing} left only subagents' logs: cost and calls are theirs, prompts and active time unknown.",
                "dim",
            )
        )
    if chosen.since is not None or chosen.until is not None:
        lines.append(
            Line("Cost and tokens are dated by response, sessions and all else by the session's start.", "dim")
        )
    return [Heading("Caveats"), *lines] if lines else []
