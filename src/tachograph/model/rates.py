"""What tokens cost: a resolved price and a priced response."""

from __future__ import annotations

import msgspec

PICO = 10**12
"""Picodollars in one USD."""

UNBOUNDED_FROM = -(2**63)
"""``ResolvedRates.from_ms`` of a price without a beginning."""
UNBOUNDED_UNTIL = 2**63 - 1
"""``ResolvedRates.until_ms`` of a price without an end."""


class Tier(msgspec.Struct, frozen=True, array_like=True):
    """Prices that hold for prompts of more than ``above`` tokens.

    Integers, picodollars per token (divided by ``Rates.scale``). None: no price is known for this kind of token.
    """

    above: int
    input: int | None
    cache_read: int | None
    cache_write_5m: int | None
    cache_write_1h: int | None
    output: int | None


class Rates(msgspec.Struct, frozen=True, array_like=True):
    """Price of one model at one date and speed, ready for integer arithmetic."""

    provider: str
    """As the price table names it; ``""`` for a user's price that holds for any provider."""
    model: str
    """The name in the price table (not always the name in the log)."""
    tiers: tuple[Tier, ...]
    """By ``above``, ascending; the first one is the base and holds for any size."""
    web_search: int | None = None
    """Picodollars for one search (never divided by ``scale``). None: no price is known."""
    scale: int = 1
    """The tiers count in picodollars / scale. 1 unless a list price is no whole number of picodollars per token."""


class ResolvedRates(msgspec.Struct, frozen=True, array_like=True):
    """What a price snapshot says about one model and speed, and how long it says so: a row worth keeping."""

    provider: str
    """As the caller named it, like ``model`` and ``speed``."""
    model: str
    speed: str
    from_ms: int
    """First millisecond (UTC) at which ``rates`` hold."""
    until_ms: int
    """First millisecond at which they no longer hold."""
    rates: Rates | None
    """None: the snapshot has no price, the responses are unpriced."""
    snapshot: str
    """Version of the snapshot this was taken from; the record is void for any other."""


class TokenPrices(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Picodollars per token at one response's own price, rounded to whole ones. None: no price is known."""

    input: int | None
    cache_read: int | None
    cache_write_5m: int | None
    cache_write_1h: int | None
    output: int | None


class Cost(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """API-equivalent cost of one response in picodollars, by what it was paid for."""

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    web_search: int = 0

    @property
    def total(self) -> int:
        """Sum in picodollars."""
        return self.input + self.cache_read + self.cache_write + self.output + self.web_search
