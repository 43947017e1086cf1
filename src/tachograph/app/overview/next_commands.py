"""Which commands make sense next, given what an overview shows: a table of conditions."""

from __future__ import annotations

from collections.abc import Callable

from tachograph.app.overview.record import NextCommand, Overview

_SHOWN = 3
_BIG_SESSION = 0.10
"""Share of the cost from which one session is worth a look."""
_MANY_SUBAGENTS = 0.20
"""Share of the cost from which subagents are worth a look of their own."""
_MUCH_WASTE = 0.02
"""Share of the cost from which the waste that one detector finds is worth a look."""
_MANY_ERRORS = 0.05
"""Share of failed tool calls from which tools are worth a look."""


def suggest_commands(overview: Overview) -> list[NextCommand]:
    """The most fitting commands, at most three."""
    found = [one for one in (rule(overview) for rule in _RULES) if one is not None]
    return [*found, *_ALWAYS][:_SHOWN]


def _problems(overview: Overview) -> NextCommand | None:
    if not overview.problems.unreadable_files:
        return None
    return NextCommand("tacho doctor", "why some files could not be read")


def _big_session(overview: Overview) -> NextCommand | None:
    if not overview.top_sessions or not overview.total.usd:
        return None
    top = overview.top_sessions[0]
    if (top.usd or 0) < _BIG_SESSION * overview.total.usd:
        return None
    return NextCommand(f"tacho show {top.name}", "the most expensive session, turn by turn")


def _unpriced(overview: Overview) -> NextCommand | None:
    if not overview.total.unpriced_responses:
        return None
    return NextCommand("tacho cost --by model", "what the unpriced models used; prices go into config.toml")


def _subagents(overview: Overview) -> NextCommand | None:
    if (overview.subagents.usd or 0) < _MANY_SUBAGENTS * (overview.total.usd or 0) or not overview.subagents.usd:
        return None
    return NextCommand("tacho cost --by agent-type", "which kinds of subagents cost what")


def _errors(overview: Overview) -> NextCommand | None:
    activity = overview.activity
    if activity.tool_errors < max(1.0, _MANY_ERRORS * activity.tool_calls):
        return None
    return NextCommand("tacho tools", "which tools and commands fail")


def _waste(overview: Overview) -> NextCommand | None:
    dearest = max((group.wasted_usd or 0 for group in overview.waste), default=0)
    if dearest < _MUCH_WASTE * (overview.total.usd or 0) or not dearest:
        return None
    return NextCommand("tacho waste", "what was wasted, with the proof")


def _reopened(overview: Overview) -> NextCommand | None:
    if not overview.retries.structural_retries.count:
        return None
    return NextCommand("tacho retries", "where work was asked for again, and where calls fail")


_RULES: tuple[Callable[[Overview], NextCommand | None], ...] = (
    _problems, _big_session, _waste, _errors, _unpriced, _subagents, _reopened,
)  # fmt: skip
_ALWAYS = (
    NextCommand("tacho show --last", "the last session, turn by turn"),
    NextCommand("tacho cost --by day", "the cost of every day"),
    NextCommand("tacho sessions", "the sessions, the most recent first"),
)
