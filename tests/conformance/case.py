"""A conformance case: what it shows, how its files are built, what a correct reader finds in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome

Fill = Callable[[Any], object]
FOLDERS = {"claude_code": "claude_home", "codex": "codex_home"}
COUNTS = ("responses", "input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning", "web_searches")


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one model was used for. Token kinds do not overlap, but ``reasoning``, which is a part of ``output``."""

    responses: int = 1
    input: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0
    web_searches: int = 0
    usd: str | None = None
    """API-equivalent cost of what is priced, an exact decimal; None when nothing is."""
    unpriced: int = 0
    """Responses of this model without a known price."""
    unreliable: int = 0
    """Responses whose output count is a placeholder."""


@dataclass(frozen=True, kw_only=True)
class Day:
    """What one calendar day in some time zone saw."""

    responses: int
    output: int


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case of the suite."""

    name: str
    agent: str
    shows: str
    fill: Fill
    """Puts the logs into an empty home of the agent's builder."""
    models: Mapping[str, Row]
    sessions: int = 1
    """Main sessions."""
    subagents: int = 0
    responses_by_session: Mapping[str, int] = field(default_factory=dict)
    """Native session id to the number of responses it owns, where ownership is the point."""
    days: Mapping[str, Mapping[str, Day]] = field(default_factory=dict)
    """Time zone to date to what was used on it, where dates are the point."""
    problems: tuple[str, ...] = ()
    """Slugs of the problems that Tachograph reports; other tools may name or ignore them as they like."""

    def write(self, folder: Path) -> Path:
        """Write the case's home into ``folder``; returns the home."""
        place = folder / FOLDERS[self.agent]
        place.mkdir(parents=True, exist_ok=True)
        home = ClaudeHome(place) if self.agent == "claude_code" else CodexHome(place)
        self.fill(home)
        return home.write()

    @property
    def total(self) -> Row:
        """The sum over all models."""
        rows = self.models.values()
        priced = [Decimal(row.usd) for row in rows if row.usd is not None]
        numbers = {name: sum(getattr(row, name) for row in rows) for name in (*COUNTS, "unpriced", "unreliable")}
        return Row(**numbers, usd=format(sum(priced).normalize(), "f") if priced else None)

    def expectation(self) -> dict[str, Any]:
        """What ``expected.json`` says of the case."""
        return {
            "name": self.name,
            "agent": self.agent,
            "shows": self.shows,
            "home": f"{self.name}/{FOLDERS[self.agent]}",
            "sessions": self.sessions,
            "subagents": self.subagents,
            "total": asdict(self.total),
            "models": {model: asdict(row) for model, row in sorted(self.models.items())},
            "responses_by_session": dict(self.responses_by_session),
            "days": {zone: {day: asdict(seen) for day, seen in days.items()} for zone, days in self.days.items()},
        }


class Suite:
    """The cases of one agent, in the order in which they are written down."""

    def __init__(self, agent: str) -> None:
        self.agent = agent
        self.cases: list[Case] = []

    def case(self, name: str, shows: str, **expected: Any) -> Callable[[Fill], Fill]:
        """Register the decorated function, which fills an empty home, as a case."""

        def register(fill: Fill) -> Fill:
            self.cases.append(Case(name=name, agent=self.agent, shows=shows, fill=fill, **expected))
            return fill

        return register
