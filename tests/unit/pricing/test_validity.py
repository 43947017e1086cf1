"""Intervals of validity for price lists that the bundled snapshot does not hold (yet)."""

from __future__ import annotations

from datetime import date, time, timedelta, timezone
from decimal import Decimal
from unittest import mock

from genai_prices.data_snapshot import DataSnapshot
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    Provider,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.model.rates import ResolvedRates
from tachograph.model.usage import Usage
from tachograph.pricing import price_usage, resolve, snapshot
from tests.unit.pricing.oracle import DAY_MS, moment, ms, to_library

START = ms(2026, 5, 10)
zones = st.sampled_from([None, timezone(timedelta(hours=-11, minutes=-30)), timezone(timedelta(hours=14))])
clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30, 59]), tzinfo=zones)
constraints = (
    st.none()
    | st.builds(StartDateConstraint, st.dates(date(2026, 5, 8), date(2026, 5, 13)))
    | st.builds(TimeOfDateConstraint, clocks, clocks)
)
price_lists = st.lists(constraints, min_size=1, max_size=5)


def as_provider(prices: list[ConditionalPrice] | ModelPrice, variants: list[PriceVariant] | None = None) -> Provider:
    model = ModelInfo("m", ClauseEquals("m"), prices=prices, price_variants=variants)
    return Provider("house", "House", "https://house", models=[model])


def resolve_in(provider: Provider, at_ms: int, speed: str = "standard") -> ResolvedRates:
    bundled = DataSnapshot(providers=[provider], from_auto_update=False)
    with mock.patch.object(snapshot, "_bundled", return_value=bundled):
        return resolve("house", "m", at_ms, speed)


@settings(max_examples=200, deadline=None)
@given(price_lists, st.integers(START, START + 2 * DAY_MS), st.integers(0, 10**9))
def test_any_list_of_conditions_is_followed(rules: list[StartDateConstraint | None], at: int, dice: int) -> None:
    """Every condition has another price, so that taking the wrong one shows."""
    provider = as_provider(
        [ConditionalPrice(rule, prices=ModelPrice(input_mtok=Decimal(rank + 1))) for rank, rule in enumerate(rules)]
    )
    record = resolve_in(provider, at)
    assert record.from_ms <= at < record.until_ms
    assert record.rates is not None
    first, last = max(record.from_ms, START - 9 * DAY_MS), min(record.until_ms, START + 9 * DAY_MS) - 1
    for other in (at, first, last, first + dice % (last - first + 1)):
        expected = provider.models[0].get_prices(moment(other)).__dict__["input_mtok"]
        assert record.rates.tiers[0].input == expected * 10**6


def test_kinds_of_tokens_may_have_tiers_of_their_own() -> None:
    listed = ModelPrice(
        input_mtok=TieredPrices(Decimal(1), [Tier(100, Decimal(2)), Tier(300, Decimal(4))]),
        cache_read_mtok=Decimal("0.1"),
        output_mtok=TieredPrices(Decimal(5), [Tier(200, Decimal(7)), Tier(0, Decimal(6))]),
    )
    rates = resolve_in(as_provider(listed), START).rates
    assert rates is not None
    assert [tier.above for tier in rates.tiers] == [0, 0, 100, 200, 300]
    for size in (0, 1, 100, 101, 200, 201, 300, 301):
        usage = Usage(input=size // 2, cache_read=size - size // 2, output=9)
        cost = price_usage(usage, rates)
        assert cost is not None
        assert cost.total == listed.calc_price(to_library(usage))["total_price"] * 10**12


def test_a_fast_price_may_begin_at_a_date() -> None:
    fast = PriceVariant({"speed": "fast"}, ModelPrice(input_mtok=Decimal(6)), StartDateConstraint(date(2026, 5, 11)))
    both = PriceVariant({"speed": "fast", "region": "eu"}, ModelPrice(input_mtok=Decimal(9)))
    provider = as_provider(ModelPrice(input_mtok=Decimal(1), output_mtok=Decimal(2)), [both, fast])
    change = ms(2026, 5, 11)
    before, after = resolve_in(provider, change - 1, "fast"), resolve_in(provider, change, "fast")
    assert before.rates is None
    assert before.until_ms == after.from_ms == change
    assert after.rates is not None
    assert (after.rates.tiers[0].input, after.rates.tiers[0].output) == (6_000_000, 2_000_000)


def test_prices_that_no_store_could_hold_are_unpriced() -> None:
    for price in ("1" + "0" * 13, "0.1234567890123456789012345", "1E-30"):
        assert resolve_in(as_provider(ModelPrice(input_mtok=Decimal(price))), START).rates is None


def test_a_search_priced_finer_than_picodollars_is_unpriced() -> None:
    for price, is_priced in (("0.000000001", True), ("0.0000000001", False)):
        listed = ModelPrice(input_mtok=Decimal(1), web_searches_kcount=Decimal(price))
        assert (resolve_in(as_provider(listed), START).rates is not None) is is_priced
