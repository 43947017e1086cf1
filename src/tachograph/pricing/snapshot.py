"""The price library's bundled snapshot, offline: the only module that knows ``genai_prices``.

Importing that package costs a noticeable part of a second, so it happens inside functions and only when a price
has to be resolved. Nothing is ever downloaded: the data inside the installed package is used, whatever else the
process may have told the library.
"""

from __future__ import annotations

import importlib.util
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import xxhash

from tachograph.model.rates import UNBOUNDED_FROM, UNBOUNDED_UNTIL, Rates, ResolvedRates
from tachograph.pricing.exact import TokenPrices, build_rates

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, Provider, StartDateConstraint, TieredPrices, TimeOfDateConstraint

    Constraint = StartDateConstraint | TimeOfDateConstraint | None
    Price = Decimal | TieredPrices | None

STANDARD_SPEED = "standard"

_PACKAGE = "genai_prices"
_READING = 1
"""Raised whenever this package would make other costs of the same data."""
_SUFFIX = re.compile(r"\[.*\]$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_FARTHEST = (datetime(9000, 1, 1, tzinfo=UTC) - _EPOCH) // _MILLISECOND
_UNCOUNTED = ("requests_kcount", "output_reasoning_mtok", "output_citation_mtok")
"""Charges on what our usage does not count apart: a model that has one of them cannot be priced exactly."""


def strip_suffix(model: str) -> str:
    """Return the model's name without a mode in brackets, e.g. ``[1m]``."""
    return _SUFFIX.sub("", model)


@cache
def snapshot_version() -> str:
    """Return a string that is another one for other price data; does not import the price library."""
    spec = importlib.util.find_spec(_PACKAGE)
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise ModuleNotFoundError(f"{_PACKAGE} is not installed", name=_PACKAGE)
    folder = Path(folders[0])
    digest = xxhash.xxh3_64_hexdigest((folder / "data.py").read_bytes())
    return f"genai-prices-{_installed_version(folder)}-{digest}-r{_READING}"


def resolve(provider: str, model: str, at_ms: int, speed: str = STANDARD_SPEED) -> ResolvedRates:
    """Return the snapshot's price at an instant (ms UTC) and the interval around it in which nothing changes.

    ``rates`` is None where the snapshot has no price: unknown provider or model, a speed other than standard for
    which the model has no price of its own, or a model that is charged by what logs do not count.
    """
    start, end, rates = UNBOUNDED_FROM, UNBOUNDED_UNTIL, None
    found = _find_model(provider, strip_suffix(model))
    if found is not None:
        at = _EPOCH + min(max(at_ms, 0), _FARTHEST) * _MILLISECOND
        start, end = _validity(found[1], speed, at)
        rates = _read_rates(*found, speed, at)
    return ResolvedRates(provider, model, speed, start, end, rates, snapshot_version())


@cache
def _bundled() -> DataSnapshot:
    """Return the packaged data in an object of our own, which no updater in this process can replace."""
    from genai_prices.data import providers
    from genai_prices.data_snapshot import DataSnapshot

    return DataSnapshot(providers=providers, from_auto_update=False)


def _installed_version(folder: Path) -> str:
    """Read the version off the metadata folder's name: importlib.metadata would cost 40 ms of imports."""
    found = sorted(folder.parent.glob(f"{_PACKAGE}-*.dist-info"))
    if len(found) == 1:
        return found[0].name.removeprefix(f"{_PACKAGE}-").removesuffix(".dist-info")
    from importlib.metadata import version

    return version(_PACKAGE)


def _find_model(provider: str, model: str) -> tuple[Provider, ModelInfo] | None:
    if not provider.strip() or not model:
        return None
    try:
        return _bundled().find_provider_model(model, None, provider, None)
    except LookupError:
        return None


def _read_rates(provider: Provider, info: ModelInfo, speed: str, at: datetime) -> Rates | None:
    context = None
    if speed != STANDARD_SPEED:
        # The library would fall back to the standard price, which such a response never cost.
        is_own = any(info is own for own in provider.models)  # borrowed models have no speeds
        if not is_own or not any(rule is None or rule.active(at) for rule in _speed_constraints(info, speed)):
            return None
        context = {"speed": speed}
    listed = info.get_prices(at, context).__dict__
    if any(listed.get(key) is not None for key in _UNCOUNTED):
        return None
    if listed.get("input_mtok") is None and listed.get("output_mtok") is None:
        return None
    searches = listed.get("web_searches_kcount")
    return build_rates(provider.id, info.id, _read_tiers(listed), searches if isinstance(searches, Decimal) else None)


def _read_tiers(listed: dict[str, Price]) -> list[tuple[int, TokenPrices]]:
    """Join the tiers of all kinds of tokens. A kind of input without a price of its own costs what its parent does."""
    input_ = listed.get("input_mtok")
    write = _first(listed.get("cache_write_mtok"), input_)
    kinds = (
        input_,
        _first(listed.get("cache_read_mtok"), input_),
        _first(listed.get("cache_write_5m_mtok"), write),
        _first(listed.get("cache_write_1h_mtok"), write),
        listed.get("output_mtok"),
    )
    starts = {tier.start for kind in kinds if kind is not None and not isinstance(kind, Decimal) for tier in kind.tiers}
    base = (0, TokenPrices(*(_at_size(kind, 0) for kind in kinds)))
    return [base] + [(start, TokenPrices(*(_at_size(kind, start + 1) for kind in kinds))) for start in sorted(starts)]


def _first(price: Price, parent: Price) -> Price:
    return parent if price is None else price


def _at_size(price: Price, prompt: int) -> Decimal | None:
    """Return the price that holds for a prompt of that many tokens."""
    if price is None or isinstance(price, Decimal):
        return price
    return next((tier.price for tier in reversed(price.tiers) if prompt > tier.start), price.base)


def _speed_constraints(info: ModelInfo, speed: str) -> list[Constraint]:
    """Return the constraints of the model's prices for that speed, one for each."""
    return [variant.constraint for variant in info.price_variants or () if variant.when == {"speed": speed}]


def _validity(info: ModelInfo, speed: str, at: datetime) -> tuple[int, int]:
    """Return an interval (ms, half-open) around ``at`` without a change of price."""
    rules = _speed_constraints(info, speed)
    if isinstance(info.prices, list):
        rules += [dated.constraint for dated in info.prices]
    edges = [edge for rule in rules for edge in _edges(rule, at.date())]
    before = [edge for edge in edges if edge <= at]
    after = [edge for edge in edges if edge > at]
    return (
        _to_ms(max(before)) if before else UNBOUNDED_FROM,
        _to_ms(min(after)) if after else UNBOUNDED_UNTIL,
    )


def _edges(constraint: Constraint, day: date) -> list[datetime]:
    """Return the instants near ``day`` at which the constraint begins or ceases to hold."""
    from genai_prices.types import StartDateConstraint

    if constraint is None:
        return []
    if isinstance(constraint, StartDateConstraint):
        return [datetime.combine(constraint.start_date, time(), UTC)]
    days = [day + timedelta(days=shift) for shift in range(-2, 3)]
    return [_instant(near, clock) for near in days for clock in (constraint.start_time, constraint.end_time)]


def _instant(day: date, clock: time) -> datetime:
    """Return that time of that day in UTC; a time without a zone is UTC, as in the library."""
    return datetime.combine(day, clock, clock.tzinfo or UTC).astimezone(UTC)


def _to_ms(instant: datetime) -> int:
    """Return the first whole millisecond at or after an instant."""
    return -((_EPOCH - instant) // _MILLISECOND)
