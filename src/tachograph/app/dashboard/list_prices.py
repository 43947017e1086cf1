"""List prices for sums of tokens: what estimates are made with. Exact costs are the warehouse's, by response."""

from __future__ import annotations

import sqlite3
from functools import lru_cache

import msgspec

from tachograph.app.rollups.cubes import UsageSums
from tachograph.model import ResolvedRates
from tachograph.model.rates import Rates
from tachograph.pricing import read_overrides, resolve, snapshot_version
from tachograph.settings import Settings

CURRENT: dict[str, str] = {
    "claude-opus-5-5": "anthropic",
    "claude-sonnet-5-5": "anthropic",
    "claude-haiku-5-5": "anthropic",
    "gpt-6.1-sol": "openai",
    "gpt-6-luna": "openai",
    "gpt-5.4-mini": "openai",
    "gemini-3.1-pro-preview": "google",
    "gemini-3.8-flash": "google",
    "deepseek-v4-pro": "deepseek",
    "kimi-k2.7-code": "moonshotai",
}
"""Models to compare with, beside those that one has used, and whose they are; the price snapshot knows each of them."""

KINDS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")
"""Kinds of tokens that have a price each."""
KIND_TITLES = {
    "input": "input", "cache_read": "cache read", "cache_write_5m": "cache write, 5 min",
    "cache_write_1h": "cache write, 1 h", "output": "output",
}  # fmt: skip
_CACHE_KINDS = KINDS[1:4]
_MILLION = 10**6
_HOUR_MS = 3600 * 1000


class TokenKinds(msgspec.Struct, frozen=True):
    """Tokens by kind; ``input`` is uncached."""

    input: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h + self.output

    @classmethod
    def of(cls, sums: UsageSums) -> TokenKinds:
        """Those of a row of sums."""
        return cls(sums.input, sums.cache_read, sums.cache_write_5m, sums.cache_write_1h, sums.output)


class ListPrice(msgspec.Struct, frozen=True):
    """What a model costs: USD per million tokens at standard speed, for prompts of ordinary size. None: not known."""

    model: str
    provider: str
    """Whose price list it is on; empty: a price of the user's own, for any provider."""
    input: float | None
    cache_read: float | None
    cache_write_5m: float | None
    cache_write_1h: float | None
    output: float | None
    web_search: float | None
    """USD for one search."""
    dearer_above: int | None
    """Tokens of a prompt above which another price holds, which is left out here; None: there is none."""

    @property
    def as_input(self) -> list[str]:
        """Kinds of cached tokens that cost just what input does: most often because the provider does not have them."""
        return [kind for kind in _CACHE_KINDS if self.input is not None and getattr(self, kind) == self.input]

    def cost(self, tokens: TokenKinds) -> float | None:
        """USD of these tokens; None when the price of a kind that occurs is not known."""
        total = 0.0
        for kind in KINDS:
            number, price = getattr(tokens, kind), getattr(self, kind)
            if number and price is None:
                return None
            total += number * (price or 0.0) / _MILLION
        return total


class ListPrices:
    """The list prices at one moment: the user's own, those that the warehouse remembers, then the snapshot's.

    The price library is loaded only for a model that neither of the first two knows at that moment.
    """

    def __init__(self, connection: sqlite3.Connection, settings: Settings, at_ms: int) -> None:
        overrides = read_overrides(settings.prices)
        rows = connection.execute("SELECT record FROM rates ORDER BY record")
        records = [msgspec.msgpack.decode(record, type=ResolvedRates) for (record,) in rows]
        self._at = at_ms
        self._overrides = overrides
        standard = [one for one in records if one.speed == "standard"]
        own = {one.model: one.provider or "" for one in overrides.entries if one.speed == "standard"}
        self._providers: dict[str, str] = {**CURRENT, **own}
        for one in sorted(standard, key=lambda one: one.rates is not None):  # the last wins: a provider with a price
            self._providers[one.model] = one.provider
        self._held = {
            (one.provider, one.model): one.rates
            for one in standard
            if one.snapshot == snapshot_version() and one.from_ms <= at_ms < one.until_ms
        }
        self._priced = {one.model for one in standard if one.rates is not None} | own.keys() | CURRENT.keys()

    @property
    def choices(self) -> list[str]:
        """Names of all models with a price: used ones, the user's own, current ones."""
        return sorted(self._priced)

    def find(self, model: str) -> ListPrice | None:
        """The price of a model as logs name it; None when none is known."""
        provider = self._providers.get(model, self._providers.get(model.lower()))
        if provider is None:
            return None
        rates = self._overrides.find(provider, model, "standard")
        if rates is None:
            key = provider, model
            rates = self._held[key] if key in self._held else _resolve(*key, self._at // _HOUR_MS)
        return None if rates is None else _list_price(model, provider, rates)


@lru_cache(maxsize=256)
def _resolve(provider: str, model: str, hour: int) -> Rates | None:
    """By the hour, so that a process that lives long asks the library now and then."""
    return resolve(provider, model, hour * _HOUR_MS).rates


def _list_price(model: str, provider: str, rates: Rates) -> ListPrice:
    base = rates.tiers[0]
    each = {kind: None if (price := getattr(base, kind)) is None else price / rates.scale / _MILLION for kind in KINDS}
    search = None if rates.web_search is None else rates.web_search / 10**12
    return ListPrice(
        model, provider, **each, web_search=search, dearer_above=rates.tiers[1].above if len(rates.tiers) > 1 else None
    )
