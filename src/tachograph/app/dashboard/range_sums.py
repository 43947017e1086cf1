"""One range in a few numbers: spend, tokens, sessions, time at work, retry signals."""

from __future__ import annotations

import sqlite3

import msgspec

from tachograph.app.retries import RetrySignals, Signal
from tachograph.app.rollups.cubes import CostSums, SessionSums, UsageSums
from tachograph.app.rollups.read import add_up
from tachograph.app.scope import Scope


class RangeSums(msgspec.Struct, frozen=True):
    """Spend and tokens are dated by response, sessions and their doings by the day they began."""

    usd: float | None
    """Of what is priced; null when something was used and nothing of it is priced."""
    unpriced_responses: int
    """Above 0, ``usd`` is a lower bound."""
    responses: int
    tokens: int
    output_unreliable_responses: int
    """Responses whose output is a lower bound: above 0, so is ``tokens``."""
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
    """Sessions with an unpriced response: above 0, the mean is a lower bound, or lacks some of them. With
    ``logs_missing`` above 0 it is a lower bound, too: what those sessions used themselves is not known."""
    retries: RetrySignals


def sum_up_range(connection: sqlite3.Connection, scope: Scope) -> RangeSums:
    """The numbers of ``scope``."""
    [(_, used)] = add_up(connection, UsageSums, scope)
    [(_, held)] = add_up(connection, SessionSums, scope)
    [(_, cost)] = add_up(connection, CostSums, scope)
    return RangeSums(
        usd=used.usd if used.responses or used.priced else 0.0,
        unpriced_responses=used.unpriced,
        responses=used.responses,
        tokens=used.tokens,
        output_unreliable_responses=used.unreliable,
        cache_share=used.cache_share,
        sessions=held.sessions,
        logs_missing=held.logs_missing,
        subagents=held.subagents,
        active_seconds=held.active_ms / 1000,
        usd_per_session=cost.mean,
        priced_sessions=cost.priced,
        unpriced_sessions=cost.unpriced,
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
