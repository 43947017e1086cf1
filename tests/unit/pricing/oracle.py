"""The price library's own answer, with which ours is compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache

from genai_prices import Usage as LibraryUsage
from genai_prices import calc_price
from genai_prices.data import providers
from genai_prices.data_snapshot import find_provider_by_id
from genai_prices.types import ModelInfo, ModelPrice, Provider

from tachograph.model.rates import PICO
from tachograph.model.usage import Usage

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_MS = 86_400_000


def ms(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    return (datetime(year, month, day, hour, minute, tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1)


def moment(at_ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=at_ms)


def library_total(provider: str, model: str, at_ms: int, speed: str, usage: Usage) -> Fraction:
    """Picodollars, exact."""
    price = calc_price(
        to_library(usage),
        model,
        provider_id=provider,
        genai_request_timestamp=moment(at_ms),
        price_context=None if speed == "standard" else {"speed": speed},
    )
    return Fraction(price.total_price) * PICO


def to_library(usage: Usage) -> LibraryUsage:
    return LibraryUsage(
        input_tokens=usage.prompt_size,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write_5m + usage.cache_write_1h,
        cache_write_1h_tokens=usage.cache_write_1h,
        output_tokens=usage.output,
        web_searches=usage.web_searches,
    )


def library_provider(provider: str) -> Provider:
    found = find_provider_by_id(providers, provider)
    assert found is not None
    return found


@cache
def library_model(provider: str, model: str) -> ModelInfo:
    found = library_provider(provider).find_model(model, all_providers=providers)
    assert found is not None, model
    return found


def lists_searches(provider: str, model: str, at_ms: int) -> bool:
    """Whether the library has any price for a web search; where it has none, it counts searches as free."""
    return library_model(provider, model).get_prices(moment(at_ms)).__dict__.get("web_searches_kcount") is not None


def has_fast_price(provider: str, model: str) -> bool:
    """Whether the library knows fast mode for the model; where it does not, it takes the standard price."""
    return any(variant.when == {"speed": "fast"} for variant in library_model(provider, model).price_variants or ())


def price_sets(model: ModelInfo) -> list[ModelPrice]:
    return [model.prices] if isinstance(model.prices, ModelPrice) else [dated.prices for dated in model.prices]
