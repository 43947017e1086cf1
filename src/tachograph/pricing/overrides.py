"""Prices that the user wrote into config.toml; they win over the snapshot.

[prices."my-model"]
provider = "openai"      # optional; without it: any provider
input = 1.25             # USD per million tokens, as in price lists
output = "10"
cache_read = 0.125
cache_write_5m = 1.25
cache_write_1h = 2.5
web_search = 10          # USD per 1,000 searches
[prices."my-model".fast] # optional; the same keys for responses in fast mode
input = 2.5
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import msgspec
import xxhash

from tachograph.errors import TachographError
from tachograph.model.rates import Rates
from tachograph.pricing.exact import TokenPrices, build_rates
from tachograph.pricing.snapshot import STANDARD_SPEED, strip_suffix

_PRICES = (*TokenPrices._fields, "web_search")
_MOST = Decimal(10**6)
_DECIMALS = 9


class Override(msgspec.Struct, frozen=True, array_like=True):
    """One user price: of a model (lower case), at one provider or any (None), at one speed."""

    model: str
    provider: str | None
    speed: str
    rates: Rates


class Overrides(msgspec.Struct, frozen=True, array_like=True):
    """All user prices."""

    entries: tuple[Override, ...] = ()

    def find(self, provider: str, model: str, speed: str) -> Rates | None:
        """Return the user's price for a model as logs name it; None when there is none.

        Names match whole, whatever their case, and also without a suffix in brackets.
        """
        if not self.entries:
            return None
        names = (model.lower(), strip_suffix(model).lower())
        for entry in self.entries:
            if entry.model in names and entry.speed == speed and entry.provider in (None, provider.strip().lower()):
                return entry.rates
        return None

    def fingerprint(self) -> str:
        """Return a short string that changes with any of the prices, whatever order they are written in."""
        if not self.entries:
            return "none"
        rows = sorted(msgspec.json.encode(entry) for entry in self.entries)
        return xxhash.xxh3_64_hexdigest(b"\n".join(rows))


NO_OVERRIDES = Overrides()
"""The user has no prices of their own."""


def read_overrides(table: Mapping[str, object]) -> Overrides:
    """Return the prices in config.toml's ``[prices]`` table, as a TOML reader gives it.

    Raises TachographError (slug ``bad_price``, exit code 4) for an unknown key, a price that is no number, negative
    or beyond reason, or an entry without any price.
    """
    entries: dict[tuple[str, str], Override] = {}
    for model, entry in table.items():
        for override in _read_entry(model, entry):
            if entries.setdefault((override.model, override.speed), override) is not override:
                raise _bad_price(f'prices."{model}" is given twice, in different case')
    return Overrides(tuple(entries.values()))


def _read_entry(model: str, entry: object) -> list[Override]:
    where = f'prices."{model}"'
    prices = _as_table(where, entry)
    provider = prices.pop("provider", None)
    if provider is not None and (not isinstance(provider, str) or not provider.strip()):
        raise _bad_price(f"{where}.provider must be a name such as 'openai'")
    name, owner = model.lower(), provider.strip().lower() if provider else None
    by_speed = {}
    if "fast" in prices:
        by_speed["fast"] = _as_table(f"{where}.fast", prices.pop("fast"))
    if prices or not by_speed:
        by_speed[STANDARD_SPEED] = prices
    return [
        Override(name, owner, speed, _read_rates(f"{where} ({speed})", name, owner, keys))
        for speed, keys in by_speed.items()
    ]


def _read_rates(where: str, model: str, provider: str | None, prices: Mapping[str, object]) -> Rates:
    unknown = sorted(prices.keys() - set(_PRICES))
    if unknown:
        raise _bad_price(f"{where} has an unknown key: {unknown[0]}")
    if not prices:
        raise _bad_price(f"{where} has no price")
    usd = {key: _read_number(f"{where}.{key}", value) for key, value in prices.items()}
    tokens = TokenPrices(*(usd.get(kind) for kind in TokenPrices._fields))
    rates = build_rates(provider or "", model, [(0, tokens)], usd.get("web_search"))
    assert rates is not None, "the limits on user prices keep them within 64 bits"
    return rates


def _read_number(where: str, value: object) -> Decimal:
    """Read a price as it was written: ``0.1`` in TOML is a tenth, not its nearest binary fraction."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _bad_price(f"{where} must be a number")
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        raise _bad_price(f"{where} is not a number: {value!r}") from None
    if not price.is_finite() or price < 0 or price > _MOST:
        raise _bad_price(f"{where} must be between 0 and {_MOST:,} USD: {value!r}")
    if price != round(price, _DECIMALS):
        raise _bad_price(f"{where} has more than {_DECIMALS} decimals: {value!r}")
    return price


def _as_table(where: str, value: object) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise _bad_price(f"{where} must be a table of prices")
    return dict(value)


def _bad_price(message: str) -> TachographError:
    hint = f"Known keys are provider, fast and {', '.join(_PRICES)}: USD per million tokens, web_search per 1,000."
    return TachographError(f"In config.toml, {message}.", slug="bad_price", hint=hint, exit_code=4)
