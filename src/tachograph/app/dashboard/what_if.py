"""Estimates from sums of tokens: the same tokens at another model's price, and what the cache saved."""

from __future__ import annotations

from math import fsum

import msgspec

from tachograph.app.dashboard.list_prices import KINDS, ListPrice, ListPrices, TokenKinds
from tachograph.app.dashboard.model_sums import ModelUse

_MILLION = 10**6


class KindCost(msgspec.Struct, frozen=True):
    """Tokens of one kind at one price."""

    kind: str
    tokens: int
    usd_per_million: float | None
    """Null: not known."""
    usd: float | None


class ModelSwitch(msgspec.Struct, frozen=True):
    """One model's tokens at the other model's price."""

    model: str
    tokens: int
    usd: float | None
    """What they cost; null: unpriced."""
    is_lower_bound: bool
    """Some of its responses are unpriced."""
    other_usd: float | None
    """Estimate: what they would cost; null: the other model has no price for a kind that occurs."""


class WhatIf(msgspec.Struct, frozen=True):
    """All tokens of the selection at the price of one model. An estimate by list price of today, standard speed.

    Another model would have used other numbers of tokens for the same work; that cannot be known.
    """

    price: ListPrice
    kinds: list[KindCost]
    """Of the models whose own cost is known."""
    models: list[ModelSwitch]
    usd: float | None
    """What the models that are priced cost; null: none is."""
    is_lower_bound: bool
    other_usd: float | None
    """What the same tokens would cost."""
    left_out: list[str]
    """Models that are in neither amount: they are unpriced."""
    web_searches: int
    """Billed searches within ``usd``; those of the other model are in ``other_usd`` where it has a price for them."""
    searches_priced: bool


class CacheSaving(msgspec.Struct, frozen=True):
    """What the cache saved with one model. Estimates by list price: standard speed, prompts of ordinary size.

    The rule is that of the weekly report: without a cache, all that was read from it or written to it would have been
    plain input.
    """

    model: str
    read_tokens: int
    written_tokens: int
    spared_usd: float | None
    """Cache reads at the price of input, less what they cost; null: not priced. So the next two."""
    premium_usd: float | None
    """Cache writes at their price, less what they would have cost as input."""
    saved_usd: float | None
    """The first less the second; below 0, the cache cost more than it saved."""


def compare_price(price: ListPrice, uses: list[ModelUse]) -> WhatIf:
    """The tokens of ``uses`` at ``price``."""
    switches = [
        ModelSwitch(one.model, one.tokens.total, one.usd, bool(one.unpriced_responses), _at_price(price, one))
        for one in uses
    ]
    priced = [one for one in uses if one.usd is not None]
    tokens = TokenKinds(*(sum(getattr(one.tokens, kind) for one in priced) for kind in KINDS))
    others = [_at_price(price, one) for one in priced]
    known = [one for one in others if one is not None]
    return WhatIf(
        price=price,
        kinds=[_kind_cost(price, kind, getattr(tokens, kind)) for kind in KINDS],
        models=switches,
        usd=fsum(one.usd or 0.0 for one in priced) if priced else None,
        is_lower_bound=any(one.unpriced_responses for one in priced),
        other_usd=fsum(known) if priced and len(known) == len(others) else None,
        left_out=[one.model for one in uses if one.usd is None],
        web_searches=sum(one.web_searches for one in priced),
        searches_priced=price.web_search is not None,
    )


def find_savings(prices: ListPrices, uses: list[ModelUse]) -> list[CacheSaving]:
    """For each model that read or wrote a cache, in the order of ``uses``."""
    return [
        _saving(prices.find(one.model), one) for one in uses if one.tokens.total - one.tokens.input > one.tokens.output
    ]


def _at_price(price: ListPrice, use: ModelUse) -> float | None:
    cost = price.cost(use.tokens)
    return None if cost is None else cost + use.web_searches * (price.web_search or 0.0)


def _kind_cost(price: ListPrice, kind: str, tokens: int) -> KindCost:
    each = getattr(price, kind)
    return KindCost(kind, tokens, each, tokens * each / _MILLION if each is not None else None if tokens else 0.0)


def _saving(price: ListPrice | None, use: ModelUse) -> CacheSaving:
    tokens = use.tokens
    written = tokens.cache_write_5m + tokens.cache_write_1h
    if price is None or use.usd is None:
        return CacheSaving(use.model, tokens.cache_read, written, None, None, None)
    reads = TokenKinds(cache_read=tokens.cache_read)
    writes = TokenKinds(cache_write_5m=tokens.cache_write_5m, cache_write_1h=tokens.cache_write_1h)
    spared = _less(price.cost(TokenKinds(input=reads.total)), price.cost(reads))
    premium = _less(price.cost(writes), price.cost(TokenKinds(input=writes.total)))
    return CacheSaving(use.model, tokens.cache_read, written, spared, premium, _less(spared, premium))


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other
