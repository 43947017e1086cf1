"""One range in a few numbers: spend, tokens, sessions, time at work, retry signals."""

from __future__ import annotations

import sqlite3

import msgspec

from tachograph.app.dashboard.root_rows import root_conditions
from tachograph.app.retries import RetrySignals, Signal
from tachograph.app.rollups.cubes import SessionSums, UsageSums
from tachograph.app.rollups.read import add_up
from tachograph.app.scope import Scope

_MICRO = 10**6


class RangeSums(msgspec.Struct, frozen=True):
    """Spend and tokens are dated by response, sessions and their doings by the day they began."""

    usd: float | None
    """Of what is priced; null when something was used and nothing of it is priced."""
    unpriced_responses: int
    """Above 0, ``usd`` is a lower bound."""
    responses: int
    tokens: int
    cache_share: float | None
    """Share of the prompts' tokens that came from the cache; null without any."""
    sessions: int
    """Main sessions."""
    logs_missing: int
    """Main sessions of which only subagents have left logs: their active time is not known."""
    subagents: int
    active_seconds: float
    """Time at work of the main sessions."""
    usd_per_session: float | None
    """Mean cost of the sessions that began in the range, whole and with their subagents, of those with a known cost."""
    priced_sessions: int
    """Sessions in that mean."""
    unpriced_sessions: int
    """Sessions with an unpriced response: above 0, the mean is a lower bound, or lacks some of them."""
    retries: RetrySignals


def sum_up_range(connection: sqlite3.Connection, scope: Scope) -> RangeSums:
    """The numbers of ``scope``."""
    [(_, used)] = add_up(connection, UsageSums, scope)
    [(_, held)] = add_up(connection, SessionSums, scope)
    mean, priced, unpriced = _cost_per_session(connection, scope)
    return RangeSums(
        usd=used.usd if used.responses else 0.0,
        unpriced_responses=used.unpriced,
        responses=used.responses,
        tokens=used.tokens,
        cache_share=used.cache_share,
        sessions=held.sessions,
        logs_missing=held.logs_missing,
        subagents=held.subagents,
        active_seconds=held.active_ms / 1000,
        usd_per_session=mean,
        priced_sessions=priced,
        unpriced_sessions=unpriced,
        retries=read_signals(held),
    )


def read_signals(held: SessionSums) -> RetrySignals:
    """The four signals, see docs/retries.md."""
    return RetrySignals(
        held.with_logs,
        _signal(held.follow_ups, held.followed_up, held.prompted),
        _signal(held.interruptions, held.interrupted, held.with_logs),
        _signal(held.retried, held.retried, held.comparable),
        _signal(held.spawns, held.spawning, held.with_logs),
    )


def _signal(count: int, sessions: int, of: int) -> Signal:
    return Signal(count, sessions, of, sessions / of if of else None)


def _cost_per_session(connection: sqlite3.Connection, scope: Scope) -> tuple[float | None, int, int]:
    """Mean USD, how many sessions are in it, and how many have an unpriced response."""
    where, values = root_conditions(connection, scope)
    priced, micro, unpriced = connection.execute(
        "SELECT count(r.micro), coalesce(sum(r.micro), 0), coalesce(sum(r.unpriced > 0), 0)"
        f" FROM roll.roots r WHERE {where}",
        values,
    ).fetchone()
    return micro / _MICRO / priced if priced else None, priced, unpriced
