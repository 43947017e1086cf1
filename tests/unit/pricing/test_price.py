"""The arithmetic alone, with rates made up here."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.model.rates import Cost, Rates, Tier
from tachograph.model.usage import Usage
from tachograph.pricing import price_usage

BASE = Tier(above=0, input=100, cache_read=10, cache_write_5m=125, cache_write_1h=200, output=500)
LONG = Tier(above=1_000, input=200, cache_read=20, cache_write_5m=250, cache_write_1h=400, output=750)
LONGEST = Tier(above=5_000, input=300, cache_read=30, cache_write_5m=375, cache_write_1h=600, output=900)
FLAT = Rates("p", "m", (BASE,), web_search=7)
TIERED = Rates("p", "m", (BASE, LONG, LONGEST), web_search=7)


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (Usage(), Cost()),
        (Usage(input=3), Cost(input=300)),
        (Usage(cache_read=3), Cost(cache_read=30)),
        (Usage(cache_write_5m=3), Cost(cache_write=375)),
        (Usage(cache_write_1h=3), Cost(cache_write=600)),
        (Usage(cache_write_5m=3, cache_write_1h=3), Cost(cache_write=975)),
        (Usage(output=3), Cost(output=1_500)),
        (Usage(web_searches=3), Cost(web_search=21)),
        (Usage(1, 2, 3, 4, 5, 0, 6), Cost(100, 20, 375 + 800, 2_500, 42)),
    ],
)
def test_each_kind_has_its_own_price(usage: Usage, cost: Cost) -> None:
    assert price_usage(usage, FLAT) == cost


def test_total_is_the_sum_of_the_parts() -> None:
    cost = price_usage(Usage(1, 2, 3, 4, 5, 0, 6), FLAT)
    assert cost is not None
    assert cost.total == 100 + 20 + 1_175 + 2_500 + 42


def test_reasoning_is_inside_output_and_not_charged_again() -> None:
    assert price_usage(Usage(output=10, reasoning=8), FLAT) == Cost(output=5_000)


@pytest.mark.parametrize(
    ("prompt", "tier"),
    [(0, BASE), (999, BASE), (1_000, BASE), (1_001, LONG), (5_000, LONG), (5_001, LONGEST), (10**9, LONGEST)],
)
def test_a_tier_begins_above_its_border_and_holds_for_every_token(prompt: int, tier: Tier) -> None:
    assert tier.input is not None
    assert tier.output is not None
    assert price_usage(Usage(input=prompt, output=2), TIERED) == Cost(input=prompt * tier.input, output=2 * tier.output)


@pytest.mark.parametrize("kind", ["input", "cache_read", "cache_write_5m", "cache_write_1h"])
def test_all_that_the_model_read_counts_for_the_tier(kind: str) -> None:
    usage = Usage(input=900, output=1) + Usage(**{kind: 101})
    cost = price_usage(usage, TIERED)
    assert cost is not None
    assert cost.output == LONG.output


def test_output_does_not_count_for_the_tier() -> None:
    assert price_usage(Usage(input=1, output=9_999), TIERED) == Cost(input=100, output=9_999 * 500)


@pytest.mark.parametrize("kind", ["input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "web_searches"])
def test_tokens_without_a_price_leave_the_response_unpriced(kind: str) -> None:
    kinds = Tier.__struct_fields__[1:]
    tier = Tier(0, *(None if name == kind else 1 for name in kinds))
    rates = Rates("p", "m", (tier,), web_search=None if kind == "web_searches" else 1)
    everything_else = Usage(**{name: 5 for name in (*kinds, "web_searches") if name != kind})
    assert price_usage(everything_else, rates) is not None
    assert price_usage(everything_else + Usage(**{kind: 1}), rates) is None


def test_a_price_of_zero_is_a_price() -> None:
    assert price_usage(Usage(1, 1, 1, 1, 1, 0, 1), Rates("p", "m", (Tier(0, 0, 0, 0, 0, 0),), 0)) == Cost()


counts = st.integers(0, 2_000_000)
prices = st.integers(0, 10**12)


@given(
    st.builds(Usage, counts, counts, counts, counts, counts, st.just(0), st.integers(0, 9)),
    st.builds(Tier, st.just(0), prices, prices, prices, prices, prices),
    st.integers(2, 10**9),
)
def test_finer_rates_round_the_total_once(usage: Usage, tier: Tier, scale: int) -> None:
    whole = price_usage(usage, Rates("p", "m", (tier,), web_search=7))
    scaled = price_usage(usage, Rates("p", "m", (tier,), web_search=7, scale=scale))
    assert whole is not None
    assert scaled is not None
    tokens = Fraction(whole.total - whole.web_search, scale)
    assert abs(scaled.total - scaled.web_search - tokens) <= Fraction(1, 2)
    assert scaled.web_search == whole.web_search
    for part in ("input", "cache_read", "cache_write", "output"):
        assert abs(getattr(scaled, part) - Fraction(getattr(whole, part), scale)) < 1
        assert getattr(scaled, part) >= 0
