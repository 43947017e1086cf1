"""What every use case needs: settings, the data folder, the redactor, prices."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path

import msgspec

from tachograph.errors import TachographError
from tachograph.model import Clean, ResolvedRates, Response, TokenPrices, Usage
from tachograph.paths import config_file, data_dir
from tachograph.settings import Settings, load_settings

DEMO_NOTE = "demo.json"
"""Lies in the folder of a demo and says what it was made from."""


_ABSURD_PICO = 1000 * 10**12
"""No response costs $1,000: such counts are not believed, and their sum would not fit the database's integers."""


class Workspace:
    """One invocation's surroundings; everything is made when first asked for."""

    def __init__(self, folder: Path | None = None, settings: Settings | None = None) -> None:
        self.folder = folder or data_dir()
        if settings is not None:
            self.settings = settings

    @cached_property
    def settings(self) -> Settings:
        """Options from ``config.toml`` and the environment. Raises TachographError."""
        return load_settings(config_file())

    @property
    def is_demo(self) -> bool:
        """Whether this is the demo's folder, into which logs of this machine do not belong."""
        return (self.folder / DEMO_NOTE).is_file()

    @cached_property
    def clean(self) -> Clean:
        """The redactor, as the settings want it."""
        from tachograph.redaction import default_cleaner

        return default_cleaner(store_text=self.settings.store_text == "full")

    def prices(self, connection: sqlite3.Connection) -> Prices:
        """Prices, with those remembered in the warehouse."""
        return Prices(self.settings, connection)


class ScratchWorkspace(Workspace):
    """A data folder that is gone afterwards, for what is read only to be looked at."""

    def __init__(self, folder: Path, owner: Workspace, *, priced: bool) -> None:
        """With the settings of ``owner`` and the prices that its warehouse remembers; without ``priced`` with none."""
        super().__init__(folder, owner.settings)
        self._owner = owner
        self._priced = priced

    def prices(self, connection: sqlite3.Connection) -> Prices:
        """Prices, with those remembered in the owner's warehouse."""
        if not self._priced:
            return NoPrices()
        return Prices(self.settings, connection, remembered=_remembered(self._owner.folder))


class Prices:
    """The price book of this machine, kept in the warehouse between runs."""

    def __init__(
        self, settings: Settings, connection: sqlite3.Connection, remembered: Sequence[ResolvedRates] = ()
    ) -> None:
        from tachograph.pricing import PriceBook, read_overrides

        known = [*_load_rates(connection), *remembered]
        self._book = PriceBook(read_overrides(settings.prices), known)

    @property
    def fingerprint(self) -> str:
        """Changes whenever a price may have changed."""
        return self._book.fingerprint

    def price(self, provider: str, model: str, at: int, speed: str, usage: Usage) -> int | None:
        """Picodollars of one response or pass; None when no price is known."""
        cost = self._book.price(provider, model, at, speed, usage)
        return None if cost is None or cost.total > _ABSURD_PICO else cost.total

    def token_prices(self, response: Response) -> TokenPrices | None:
        """Picodollars per token in this response; None when no price is known."""
        return self._book.token_prices(
            response.provider, response.model, response.started_at, response.speed, response.usage.prompt_size
        )

    def remember(self, connection: sqlite3.Connection) -> None:
        """Store what had to be resolved anew; prices of an older snapshot go."""
        rows = [(record.snapshot, msgspec.msgpack.encode(record)) for record in self._book.resolved()]
        connection.executemany("INSERT OR IGNORE INTO rates VALUES (?, ?)", rows)


class NoPrices(Prices):
    """For what asks for no cost: loading the price library takes longer than reading a log."""

    def __init__(self) -> None:
        pass

    @property
    def fingerprint(self) -> str:
        """Always the same."""
        return ""

    def price(self, provider: str, model: str, at: int, speed: str, usage: Usage) -> int | None:
        """Nothing is known."""
        return None

    def token_prices(self, response: Response) -> TokenPrices | None:
        """Nothing is known."""
        return None

    def remember(self, connection: sqlite3.Connection) -> None:
        """There is nothing to store."""


def _load_rates(connection: sqlite3.Connection) -> list[ResolvedRates]:
    rows = connection.execute("SELECT record FROM rates").fetchall()
    return [msgspec.msgpack.decode(row[0], type=ResolvedRates) for row in rows]


def _remembered(folder: Path) -> list[ResolvedRates]:
    """The rates that the warehouse in ``folder`` remembers; none when there is no warehouse of this version."""
    from tachograph.warehouse.store import open_reader

    try:
        with closing(open_reader(folder)) as connection:
            return _load_rates(connection)
    except (TachographError, sqlite3.Error, msgspec.DecodeError):
        return []
