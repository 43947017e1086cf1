"""What the bundled snapshot says about known models, checked against published prices."""

from __future__ import annotations

import pytest

from tachograph.model.rates import PICO, UNBOUNDED_FROM, UNBOUNDED_UNTIL, Rates, Tier
from tachograph.model.usage import Usage
from tachograph.pricing import price_usage, resolve, snapshot_version
from tachograph.pricing.snapshot import strip_suffix
from tests.unit.pricing.oracle import ms

NOVEMBER = ms(2026, 11, 1)
MILLION = 10**6


def rates_of(provider: str, model: str, at_ms: int = NOVEMBER, speed: str = "standard") -> Rates:
    rates = resolve(provider, model, at_ms, speed).rates
    assert rates is not None, model
    return rates


def usd(usage: Usage, rates: Rates) -> float:
    cost = price_usage(usage, rates)
    assert cost is not None
    return cost.total / PICO


def usd_per_million(tier: Tier) -> tuple[float | None, ...]:
    prices = (tier.input, tier.output, tier.cache_read, tier.cache_write_5m, tier.cache_write_1h)
    return tuple(None if price is None else price / MILLION for price in prices)


@pytest.mark.parametrize(
    ("model", "prices"),
    [
        ("claude-opus-4-1", (15, 75, 1.5, 18.75, 30)),
        ("claude-opus-4-5", (5, 25, 0.5, 6.25, 10)),
        ("claude-opus-4-5-20251101", (5, 25, 0.5, 6.25, 10)),
        ("claude-opus-4-6", (5, 25, 0.5, 6.25, 10)),
        ("claude-opus-4-7", (5, 25, 0.5, 6.25, 10)),
        ("claude-opus-4-8", (5, 25, 0.5, 6.25, 10)),
        ("claude-opus-5", (5, 25, 0.5, 6.25, 10)),
        ("claude-opus-5-5", (4, 20, 0.2, 5, 8)),
        ("claude-fable-5", (10, 50, 1, 12.5, 20)),
        ("claude-sonnet-4-5", (3, 15, 0.3, 3.75, 6)),
        ("claude-sonnet-4-6", (3, 15, 0.3, 3.75, 6)),
        ("claude-sonnet-5", (2, 10, 0.2, 2.5, 4)),
        ("claude-haiku-4-5", (1, 5, 0.1, 1.25, 2)),
        ("claude-haiku-5-5", (0.1, 0.5, 0.01, 0.125, 0.2)),
        ("claude-3-7-sonnet-20250219", (3, 15, 0.3, 3.75, 6)),
    ],
)
def test_base_prices_of_anthropic(model: str, prices: tuple[float, ...]) -> None:
    assert usd_per_million(rates_of("anthropic", model).tiers[0]) == prices


@pytest.mark.parametrize(
    ("model", "prices"),
    [
        ("gpt-5", (1.25, 10, 0.125)),
        ("gpt-5-codex", (1.25, 10, 0.125)),
        ("gpt-5.1-codex-max", (1.25, 10, 0.125)),
        ("gpt-5.1-codex-mini", (0.25, 2, 0.025)),
        ("gpt-5.2-codex", (1.75, 14, 0.175)),
        ("gpt-5.3-codex", (1.75, 14, 0.175)),
        ("gpt-5.4", (2.5, 15, 0.25)),
        ("gpt-5.5", (5, 30, 0.5)),
        ("gpt-6.1-sol", (2, 10, 0.1)),
        ("codex-mini-latest", (1.5, 6, 0.375)),
    ],
)
def test_base_prices_of_openai(model: str, prices: tuple[float, ...]) -> None:
    assert usd_per_million(rates_of("openai", model).tiers[0])[:3] == prices


def test_cached_tokens_without_a_price_of_their_own_cost_what_input_costs() -> None:
    tier = rates_of("openai", "gpt-5-codex").tiers[0]
    assert tier.cache_write_5m == tier.cache_write_1h == tier.input
    assert rates_of("openai", "gpt-5-pro").tiers[0].cache_read == rates_of("openai", "gpt-5-pro").tiers[0].input


@pytest.mark.parametrize(
    ("size", "dollars"),
    [(272_000, 0.680 + 0.015), (272_001, 0.5 * 2.72001 + 0.0225)],
)
def test_gpt_5_4_costs_more_above_272k(size: int, dollars: float) -> None:
    usage = Usage(input=size, output=1_000)
    assert usd(usage, rates_of("openai", "gpt-5.4")) == pytest.approx(dollars, abs=1e-12)


@pytest.mark.parametrize(
    ("at", "dollars"),
    [
        (ms(2026, 2, 20), 3.00),
        (ms(2026, 3, 13) - 1, 3.00),
        (ms(2026, 3, 13), 1.50),
        (ms(2026, 4, 20), 1.50),
    ],
)
def test_opus_4_6_lost_its_long_context_price_on_13_march_2026(at: int, dollars: float) -> None:
    assert usd(Usage(input=300_000), rates_of("anthropic", "claude-opus-4-6", at)) == dollars


def test_the_interval_tells_when_the_price_changed() -> None:
    change = ms(2026, 3, 13)
    before = resolve("anthropic", "claude-opus-4-6", ms(2026, 2, 20))
    after = resolve("anthropic", "claude-opus-4-6", ms(2026, 4, 20))
    assert (before.from_ms, before.until_ms) == (UNBOUNDED_FROM, change)
    assert (after.from_ms, after.until_ms) == (change, UNBOUNDED_UNTIL)


def test_off_peak_prices_change_at_a_time_of_day() -> None:
    day = resolve("deepseek", "deepseek-chat", ms(2025, 7, 1, 12))
    night = resolve("deepseek", "deepseek-chat", ms(2025, 7, 1, 20))
    assert (day.from_ms, day.until_ms) == (ms(2025, 7, 1, 0, 30), ms(2025, 7, 1, 16, 30))
    assert (night.from_ms, night.until_ms) == (ms(2025, 7, 1, 16, 30), ms(2025, 7, 2, 0, 30))
    assert day.rates != night.rates


@pytest.mark.parametrize("model", ["claude-opus-4-8", "claude-opus-5", "claude-opus-5-5"])
def test_fast_mode_costs_twice(model: str) -> None:
    usage = Usage(input=1_000, cache_read=50_000, cache_write_5m=300, cache_write_1h=700, output=900)
    standard = usd(usage, rates_of("anthropic", model))
    assert usd(usage, rates_of("anthropic", model, speed="fast")) == pytest.approx(2 * standard, abs=1e-12)


@pytest.mark.parametrize(
    ("provider", "model", "speed"),
    [
        ("anthropic", "claude-opus-4-6", "fast"),
        ("anthropic", "claude-opus-5", "hyper"),
        ("google", "claude-opus-5", "fast"),
        ("openai", "gpt-5.5", "fast"),
    ],
)
def test_a_speed_without_a_known_price_is_unpriced_not_standard(provider: str, model: str, speed: str) -> None:
    assert resolve(provider, model, NOVEMBER).rates is not None
    assert resolve(provider, model, NOVEMBER, speed).rates is None


def test_a_thousand_searches_cost_ten_dollars() -> None:
    assert usd(Usage(web_searches=1_000), rates_of("anthropic", "claude-opus-5")) == 10
    assert usd(Usage(web_searches=1), rates_of("anthropic", "claude-sonnet-4-5")) == 0.01


def test_searches_without_a_list_price_are_unpriced_not_free() -> None:
    rates = rates_of("openai", "gpt-5.3-codex")
    assert rates.web_search is None
    assert price_usage(Usage(input=1, web_searches=1), rates) is None
    assert price_usage(Usage(input=1), rates) is not None


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-5.3-codex-spark"),
        ("anthropic", "gpt-5"),
        ("anthropic", "<synthetic>"),
        ("anthropic", ""),
        ("anthropic", "[1m]"),
        ("nobody-knows-this", "claude-opus-5"),
        ("", "claude-opus-5"),
        (" ", "claude-opus-5"),
        ("openai", "moderation"),
    ],
)
def test_the_unknown_has_no_price_and_never_will_in_this_snapshot(provider: str, model: str) -> None:
    record = resolve(provider, model, NOVEMBER)
    assert record.rates is None
    assert (record.provider, record.model) == (provider, model)


@pytest.mark.parametrize("model", ["sonar", "sonar-deep-research"])
def test_models_charged_by_what_logs_do_not_count_are_unpriced(model: str) -> None:
    assert resolve("perplexity", model, NOVEMBER).rates is None


@pytest.mark.parametrize("model", ["claude-sonnet-5", "claude-opus-4-6", "claude-opus-5"])
def test_a_suffix_in_brackets_does_not_matter(model: str) -> None:
    assert resolve("anthropic", f"{model}[1m]", NOVEMBER).rates == resolve("anthropic", model, NOVEMBER).rates


@pytest.mark.parametrize(
    ("name", "stripped"), [("a[1m]", "a"), ("a[b][c]", "a"), ("a", "a"), ("a[1m]-x", "a[1m]-x"), ("[1m]", "")]
)
def test_strip_suffix(name: str, stripped: str) -> None:
    assert strip_suffix(name) == stripped


@pytest.mark.parametrize("at", [-(10**15), 0, 10**15, 10**18, 2**62])
def test_any_timestamp_is_taken(at: int) -> None:
    assert resolve("anthropic", "claude-opus-5", at).rates is not None
    assert resolve("deepseek", "deepseek-flash", at).rates is not None


def test_a_price_that_is_no_whole_number_of_picodollars_keeps_all_its_digits() -> None:
    rates = rates_of("huggingface_together", "meta-llama/Llama-3.3-70B-Instruct")
    assert rates.scale > 1
    assert rates.tiers[0].input == 10_399_999_999_999_998 * MILLION * rates.scale // 10**16


def test_the_version_names_the_package_and_its_data() -> None:
    package, _, rest = snapshot_version().rpartition("-r")
    assert package.startswith("genai-prices-0.")
    assert len(package.rpartition("-")[2]) == 16
    assert rest.isdigit()
