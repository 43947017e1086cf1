"""Our integers against the library's decimals, over random responses and over the whole snapshot."""

from __future__ import annotations

from fractions import Fraction

import pytest
from genai_prices.data import providers
from genai_prices.types import ModelInfo, TieredPrices
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.model.usage import Usage
from tachograph.pricing import price_usage, resolve
from tests.unit.pricing.oracle import (
    has_fast_price,
    library_total,
    lists_searches,
    ms,
    price_sets,
)

ANTHROPIC = [
    *(model.id for model in next(p for p in providers if p.id == "anthropic").models),
    "claude-opus-4-5-20251101",
    "claude-sonnet-4-5-20250929",
    "claude-haiku-4-5-20251001",
    "claude-sonnet-4-20250514",
    "claude-opus-4-20250514",
    "claude-3-5-sonnet-20241022",
    "claude-opus-4-6[1m]",
]
OPENAI = [
    *(
        model.id
        for model in next(p for p in providers if p.id == "openai").models
        if model.id.startswith(("gpt-5", "gpt-6", "gpt-4.1", "gpt-oss", "codex", "o3", "o4"))
    ),
    "gpt-5-codex",
    "gpt-5.1-codex-max",
    "gpt-5.2-codex",
    "codex-mini-latest",
]
MODELS = [("anthropic", name) for name in ANTHROPIC] + [("openai", name) for name in OPENAI]

tokens = st.integers(0, 500_000) | st.sampled_from([0, 1, 99_999, 100_000, 100_001, 200_000, 200_001, 272_000, 272_001])
usages = st.builds(
    Usage,
    input=tokens,
    cache_read=tokens,
    cache_write_5m=tokens,
    cache_write_1h=tokens,
    output=st.integers(0, 500_000),
    web_searches=st.integers(0, 20),
)
moments = st.integers(ms(2024, 1, 1), ms(2026, 12, 1) - 1)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(MODELS), moments, st.sampled_from(["standard", "fast"]), usages)
def test_every_response_costs_what_the_library_says(named: tuple[str, str], at: int, speed: str, usage: Usage) -> None:
    provider, model = named
    rates = resolve(provider, model, at, speed).rates
    if speed == "fast" and not has_fast_price(provider, model):
        assert rates is None
        return
    assert rates is not None
    cost = price_usage(usage, rates)
    if usage.web_searches and not lists_searches(provider, model, at):
        assert cost is None
        return
    assert cost is not None
    assert cost.total == library_total(provider, model, at, speed, usage)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(
        [
            ("anthropic", "claude-opus-4-6", "standard"),
            ("anthropic", "claude-sonnet-4-6", "standard"),
            ("anthropic", "claude-opus-5", "fast"),
            ("openai", "o3", "standard"),
            ("openai", "gpt-5.6-sol", "standard"),
            ("deepseek", "deepseek-chat", "standard"),
            ("deepseek", "deepseek-v4-flash", "standard"),
        ]
    ),
    moments,
    st.floats(0, 1),
)
def test_rates_hold_over_the_whole_interval_they_are_given_for(
    named: tuple[str, str, str], at: int, share: float
) -> None:
    provider, model, speed = named
    record = resolve(provider, model, at, speed)
    assert record.from_ms <= at < record.until_ms
    first, last = max(record.from_ms, ms(2023, 1, 1)), min(record.until_ms, ms(2028, 1, 1)) - 1
    usage = Usage(input=150_000, cache_read=150_000, output=1_000)
    assert record.rates is not None
    cost = price_usage(usage, record.rates)
    assert cost is not None
    for other in (first, first + int((last - first) * share), last):
        assert cost.total == library_total(provider, model, other, speed, usage)
        again = resolve(provider, model, other, speed)
        assert (again.from_ms, again.until_ms, again.rates) == (record.from_ms, record.until_ms, record.rates)


def _sizes(model: ModelInfo) -> set[int]:
    starts = {
        tier.start
        for prices in price_sets(model)
        for price in prices.__dict__.values()
        if isinstance(price, TieredPrices)
        for tier in price.tiers
    }
    return {1_001} | {start + over for start in starts for over in (0, 1)}


def _usage_of_size(size: int) -> Usage:
    return Usage(input=size - 600, cache_read=300, cache_write_5m=200, cache_write_1h=100, output=777)


@pytest.mark.parametrize("at", [ms(2024, 6, 1), ms(2026, 4, 1, 3), ms(2026, 11, 20, 20)])
def test_the_whole_snapshot_is_priced_exactly_or_not_at_all(at: int) -> None:
    priced = rounded = 0
    for name, model in ((provider.id, model) for provider in providers for model in provider.models):
        rates = resolve(name, model.id, at).rates
        costs = {size: price_usage(_usage_of_size(size), rates) for size in _sizes(model)} if rates else {}
        for size, cost in costs.items():
            if cost is not None:
                gap = cost.total - library_total(name, model.id, at, "standard", _usage_of_size(size))
                assert gap == 0 if rates and rates.scale == 1 else abs(gap) <= Fraction(1, 2), model.id
        priced += all(cost is not None for cost in costs.values()) and bool(costs)
        rounded += rates is not None and rates.scale > 1
    assert priced > 1_900
    assert 0 < rounded < 50


def test_no_model_of_anthropic_or_openai_needs_rounding() -> None:
    for provider, model in MODELS:
        for at in (ms(2024, 6, 1), ms(2026, 4, 1), ms(2026, 11, 20)):
            rates = resolve(provider, model, at).rates
            assert rates is not None
            assert rates.scale == 1, model
