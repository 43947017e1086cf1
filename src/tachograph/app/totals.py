"""Tokens and cost of a group of responses, as every report shows them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

PICO = 10**12

SUMS = """
    coalesce(sum(u.responses), 0), coalesce(sum(u.input), 0), coalesce(sum(u.cache_read), 0),
    coalesce(sum(u.cache_write_5m), 0), coalesce(sum(u.cache_write_1h), 0), coalesce(sum(u.output), 0),
    coalesce(sum(u.reasoning), 0), coalesce(sum(u.web_searches), 0), sum_pico(u.cost_pico),
    json_group_array(DISTINCT u.model) FILTER (WHERE u.unpriced > 0), coalesce(sum(u.unpriced), 0),
    coalesce(sum(u.unreliable), 0)"""
"""Columns for :func:`read_totals`, over ``usage_quarters u``."""
WIDTH = 12


class Totals(msgspec.Struct):
    """Sums over counted responses: tokens are integers, ``usd`` is API-equivalent list price."""

    sessions: int = 0
    """Main sessions with responses, subagents folded in."""
    responses: int = 0
    """Counted responses."""
    input: int = 0
    """Tokens: uncached input, for every agent."""
    cache_read: int = 0
    """Tokens read from the cache."""
    cache_write_5m: int = 0
    """Tokens written to the 5-minute cache."""
    cache_write_1h: int = 0
    """Tokens written to the 1-hour cache."""
    output: int = 0
    """Tokens: output, reasoning included."""
    reasoning: int = 0
    """Tokens: hidden reasoning, a part of ``output``."""
    web_searches: int = 0
    """Billed web searches."""
    usd: float | None = None
    """Sum of what is priced; null when nothing is. A lower bound when ``unpriced_responses`` > 0."""
    unpriced_models: list[str] = []
    """Models without a known price, by name."""
    unpriced_responses: int = 0
    """Responses without a known price."""
    output_unreliable_responses: int = 0
    """Responses whose output is a lower bound: the log holds a placeholder."""

    @property
    def tokens(self) -> int:
        """All tokens, each once."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h + self.output


def to_usd(pico: int | None) -> float | None:
    """Dollars of picodollars; None stays None."""
    return None if pico is None else pico / PICO


def read_totals(sessions: int, row: Sequence[Any]) -> Totals:
    """Totals from the columns of :data:`SUMS`."""
    models = sorted(json.loads(row[9]))
    return Totals(sessions, *row[:8], to_usd(row[8]), models, row[10], row[11])  # type: ignore[call-arg]
