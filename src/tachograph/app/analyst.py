"""What ingestion wants to know of a session beside its records: counts, task type, waste."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Sequence
from pathlib import Path

import msgspec
import xxhash

from tachograph.analysis.detectors import Scene, WasteOptions, find_shared_waste, find_waste
from tachograph.app.describing import describe
from tachograph.app.workspace import Prices
from tachograph.model import Finding, Response, Session, TokenPrices
from tachograph.settings import Settings

_RULES = ("tachograph.analysis.detectors", "tachograph.analysis.shell")
_TASK_RULES = ("task_text.py", "task_type.py", "task_types.toml", "session_task.py")


class Analyst:
    """Implements :class:`tachograph.warehouse.derive.Analyst`."""

    def __init__(self, prices: Prices, settings: Settings) -> None:
        self._prices = prices
        self.faults: list[str] = []
        """Detectors that failed since this list was last emptied: which and where, a sentence each."""
        self._options = WasteOptions(heavy_result_usd=settings.waste_heavy_result_usd)

    @property
    def fingerprint(self) -> str:
        """Changes whenever the analysis of the same records may have: with each file of rules, and with the options."""
        return f"{_hash_rules()}/{msgspec.json.encode(self._options).decode()}"

    def describe(self, session: Session, after: int) -> Sequence[object]:
        """The summary columns of ``segments``."""
        return describe(session, after)

    def find_waste(self, session: Session, after: int = -1) -> list[Finding]:
        """Waste in the records of one log that lie above the position ``after``."""
        return find_waste(self._scene(session, after), self._note_fault)

    def find_shared_waste(self, subagents: Sequence[tuple[Session, int]]) -> list[tuple[int, Finding]]:
        """Waste among the subagents of one session, each given with the position up to which it is a copy."""
        return find_shared_waste([self._scene(session, after) for session, after in subagents], self._note_fault)

    def _note_fault(self, detector: str, error: Exception) -> None:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        self.faults.append(f"a bug in tacho: the detector {detector} failed ({type(error).__name__} in {where})")

    def _scene(self, session: Session, after: int) -> Scene:
        return Scene(session, self._price_tokens, self._options, after)

    def _price_tokens(self, response: Response) -> TokenPrices | None:
        return self._prices.token_prices(response)


def _hash_rules() -> str:
    """A hash of all detectors, and of all tables and code they go by: a new one is looked for in what is stored."""
    hasher = xxhash.xxh3_64()
    folders = [Path(place) for name in _RULES for place in importlib.import_module(name).__path__]
    files = [file for folder in folders for file in folder.iterdir() if file.suffix in (".py", ".toml")]
    files += [
        Path(place) / name for place in importlib.import_module("tachograph.analysis").__path__ for name in _TASK_RULES
    ]
    for file in sorted(files, key=lambda file: (file.parent.name, file.name)):
        hasher.update(file.name.encode())
        hasher.update(file.read_bytes())
    return hasher.hexdigest()
