"""List prices (decimals, USD per million tokens) to integer rates, without losing a digit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from tachograph.model.rates import PICO, Rates, Tier

_STORABLE = 2**63
"""Rates are kept in stores whose integers have 64 bits."""


class TokenPrices(NamedTuple):
    """USD per million tokens of each kind; None: no known price."""

    input: Decimal | None
    cache_read: Decimal | None
    cache_write_5m: Decimal | None
    cache_write_1h: Decimal | None
    output: Decimal | None


def build_rates(
    provider: str,
    model: str,
    tiers: Sequence[tuple[int, TokenPrices]],
    web_search: Decimal | None,
) -> Rates | None:
    """Return integer rates that equal the given list prices exactly; None when 64 bits cannot hold them.

    ``tiers`` are (above, prices) as in :class:`Rates`; ``web_search`` is in USD per 1,000 searches. Where a price
    is no whole number of picodollars per token, ``scale`` is the smallest divisor that makes all of them whole.
    """
    per_token = [(above, [_picodollars(price, 10**6) for price in prices]) for above, prices in tiers]
    scale = math.lcm(*(rate.denominator for _, rates in per_token for rate in rates if rate is not None))
    per_search = _picodollars(web_search, 10**3)
    if per_search is not None and per_search.denominator != 1:
        return None
    rows = tuple(Tier(above, *(_whole(rate, scale) for rate in rates)) for above, rates in per_token)
    result = Rates(provider, model, rows, _whole(per_search, 1), scale)
    return result if _is_storable(result) else None


def _picodollars(price: Decimal | None, per: int) -> Fraction | None:
    """Turn USD per ``per`` units into picodollars per unit."""
    return None if price is None else Fraction(price) * PICO / per


def _whole(rate: Fraction | None, scale: int) -> int | None:
    return None if rate is None else int(rate * scale)


def _is_storable(rates: Rates) -> bool:
    numbers = [rates.scale, rates.web_search or 0]
    for tier in rates.tiers:
        prices = (tier.input, tier.cache_read, tier.cache_write_5m, tier.cache_write_1h, tier.output)
        numbers += [tier.above, *(price or 0 for price in prices)]
    return max(numbers) < _STORABLE
