"""Usage and rates to cost: integers only, no library call."""

from __future__ import annotations

from itertools import accumulate, pairwise

from tachograph.model.rates import Cost, Rates, Tier, TokenPrices
from tachograph.model.usage import Usage


class _NoPriceError(Exception):
    """Tokens of a kind that has no known price."""


def price_usage(usage: Usage, rates: Rates) -> Cost | None:
    """Return what one response costs, in picodollars; None when a kind of token that occurs has no known price.

    The prompt's size (cache reads and writes included) chooses one tier for *all* tokens of the response, output
    too; a tier holds for prompts strictly larger than its ``above``. Exact, unless ``rates.scale`` is above 1: then
    the total is off by at most half a picodollar and each part by less than one.
    """
    tier = _tier(rates, usage.prompt_size) if len(rates.tiers) > 1 else rates.tiers[0]
    try:
        cost = Cost(
            _charge(usage.input, tier.input),
            _charge(usage.cache_read, tier.cache_read),
            _charge(usage.cache_write_5m, tier.cache_write_5m) + _charge(usage.cache_write_1h, tier.cache_write_1h),
            _charge(usage.output, tier.output),
            _charge(usage.web_searches, rates.web_search),
        )
    except _NoPriceError:
        return None
    return cost if rates.scale == 1 else _round_parts(cost, rates.scale)


def token_prices(rates: Rates, prompt_size: int) -> TokenPrices:
    """Return the price of one token of each kind in a response to a prompt of ``prompt_size`` tokens.

    For estimates: rounded to whole picodollars.
    """
    tier, scale = _tier(rates, prompt_size), rates.scale
    kinds = (tier.input, tier.cache_read, tier.cache_write_5m, tier.cache_write_1h, tier.output)
    return TokenPrices(*(None if rate is None else (2 * rate + scale) // (2 * scale) for rate in kinds))


def _tier(rates: Rates, prompt_size: int) -> Tier:
    chosen = rates.tiers[0]
    for higher in rates.tiers[1:]:
        if prompt_size > higher.above:
            chosen = higher
    return chosen


def _charge(count: int, rate: int | None) -> int:
    if not count:
        return 0
    if rate is None:
        raise _NoPriceError
    return count * rate


def _round_parts(cost: Cost, scale: int) -> Cost:
    """Divide the token parts by ``scale``. Running sums are rounded, so that the parts' errors do not add up."""
    sums = accumulate((0, cost.input, cost.cache_read, cost.cache_write, cost.output))
    rounded = [(2 * part + scale) // (2 * scale) for part in sums]
    input_, cache_read, cache_write, output = (upto - before for before, upto in pairwise(rounded))
    return Cost(input_, cache_read, cache_write, output, cost.web_search)
