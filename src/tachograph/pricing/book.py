"""The price of a response: user's prices first, then remembered ones, then the snapshot."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from operator import attrgetter

from tachograph.model.rates import UNBOUNDED_FROM, UNBOUNDED_UNTIL, Cost, Rates, ResolvedRates, TokenPrices
from tachograph.model.usage import Usage
from tachograph.pricing.overrides import NO_OVERRIDES, Overrides
from tachograph.pricing.price import price_usage, token_prices
from tachograph.pricing.snapshot import resolve, snapshot_version

_Key = tuple[str, str, str]
_begin = attrgetter("from_ms")


class PriceBook:
    """Prices by provider, model, instant and speed; each is resolved once.

    ``known`` are records that an earlier book resolved and someone kept. Those of another snapshot are ignored. As
    long as they suffice, the price library is not imported.
    """

    def __init__(self, overrides: Overrides = NO_OVERRIDES, known: Iterable[ResolvedRates] = ()) -> None:
        self._overrides = overrides
        self._known = tuple(known)
        self._latest: dict[_Key, ResolvedRates] = {}
        self._new: list[ResolvedRates] = []
        self._per_token: dict[int, tuple[Rates, TokenPrices]] = {}
        """Of rates without tiers, by identity."""

    def rates(self, provider: str, model: str, at_ms: int, speed: str = "standard") -> Rates | None:
        """Return the rates at an instant (ms UTC), None when no price is known.

        ``provider``, ``model`` and ``speed`` are what the log says; an unknown one is no error.
        """
        key = (provider, model, speed)
        record = self._latest.get(key)
        if record is None or not record.from_ms <= at_ms < record.until_ms:
            record = self._latest[key] = self._find(key, at_ms)
        return record.rates

    def price(self, provider: str, model: str, at_ms: int, speed: str, usage: Usage) -> Cost | None:
        """Return what a response cost by list price in picodollars, None when that is not known."""
        rates = self.rates(provider, model, at_ms, speed)
        return None if rates is None else price_usage(usage, rates)

    def token_prices(self, provider: str, model: str, at_ms: int, speed: str, prompt_size: int) -> TokenPrices | None:
        """Return the price of one token of each kind in such a response, None when no price is known."""
        rates = self.rates(provider, model, at_ms, speed)
        if rates is None or len(rates.tiers) > 1:
            return None if rates is None else token_prices(rates, prompt_size)
        known = self._per_token.get(id(rates))
        if known is None or known[0] is not rates:
            known = self._per_token[id(rates)] = rates, token_prices(rates, prompt_size)
        return known[1]

    @cached_property
    def fingerprint(self) -> str:
        """A string that changes whenever a price may have changed: keep it beside stored costs."""
        return f"{snapshot_version()}/{self._overrides.fingerprint()}"

    def resolved(self) -> tuple[ResolvedRates, ...]:
        """Return what this book had to ask the snapshot, to be kept and handed in as ``known`` next time."""
        return tuple(self._new)

    @cached_property
    def _records(self) -> dict[_Key, list[ResolvedRates]]:
        """The snapshot's records by key, ordered by time."""
        records: dict[_Key, list[ResolvedRates]] = {}
        for record in sorted(self._known, key=_begin):
            if record.snapshot == snapshot_version():
                records.setdefault((record.provider, record.model, record.speed), []).append(record)
        return records

    def _find(self, key: _Key, at_ms: int) -> ResolvedRates:
        override = self._overrides.find(*key)
        if override is not None:
            return ResolvedRates(*key, UNBOUNDED_FROM, UNBOUNDED_UNTIL, override, "config.toml")
        records = self._records.setdefault(key, [])
        place = bisect_right(records, at_ms, key=_begin)
        if place and at_ms < records[place - 1].until_ms:
            return records[place - 1]
        provider, model, speed = key
        record = resolve(provider, model, at_ms, speed)
        records.insert(place, record)
        self._new.append(record)
        return record
