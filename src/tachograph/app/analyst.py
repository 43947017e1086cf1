"""What ingestion wants to know of a session beside its records: counts, task type, waste."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tachograph.analysis.detectors import Scene, WasteOptions, find_shared_waste, find_waste
from tachograph.app.describing import describe
from tachograph.app.workspace import Prices
from tachograph.model import Finding, Response, Session, TokenPrices
from tachograph.settings import Settings

VERSION = 1
"""Raise it when a detector or the task types change: what is stored is then derived anew."""


class Analyst:
    """Implements :class:`tachograph.warehouse.derive.Analyst`."""

    def __init__(self, prices: Prices, settings: Settings) -> None:
        self._prices = prices
        self._options = WasteOptions(heavy_result_usd=settings.waste_heavy_result_usd)

    @property
    def fingerprint(self) -> str:
        """Changes whenever the analysis of the same records may have changed."""
        return f"{VERSION}/{msgspec.json.encode(self._options).decode()}"

    def describe(self, session: Session, after: int) -> Sequence[object]:
        """The summary columns of ``segments``."""
        return describe(session, after)

    def find_waste(self, session: Session, after: int = -1) -> list[Finding]:
        """Waste in the records of one log that lie above the position ``after``."""
        return find_waste(self._scene(session, after))

    def find_shared_waste(self, subagents: Sequence[tuple[Session, int]]) -> list[tuple[int, Finding]]:
        """Waste among the subagents of one session, each given with the position up to which it is a copy."""
        return find_shared_waste([self._scene(session, after) for session, after in subagents])

    def _scene(self, session: Session, after: int) -> Scene:
        return Scene(session, self._price_tokens, self._options, after)

    def _price_tokens(self, response: Response) -> TokenPrices | None:
        return self._prices.token_prices(response)
