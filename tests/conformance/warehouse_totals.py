"""What the warehouse says, in the suite's words."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tachograph.warehouse.store import open_reader
from tests.conformance.case import COUNTS, Day, Row

_SUMS = ", ".join(f"sum(u.{name})" for name in (*COUNTS, "unpriced", "unreliable"))


class Totals:
    """Answers from ``usage_quarters`` and ``sessions`` in one data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ask(self, query: str) -> list[Any]:
        """The rows of a query."""
        with closing(open_reader(self.folder)) as connection:
            return list(self._run(connection, query))

    def _run(self, connection: sqlite3.Connection, query: str) -> list[Any]:
        return connection.execute(query).fetchall()

    def models(self) -> dict[str, Row]:
        """Model to what it was used for."""
        rows = self.ask(f"SELECT u.model, {_SUMS}, sum(u.cost_pico) FROM usage_quarters u GROUP BY u.model")
        names = (*COUNTS, "unpriced", "unreliable")
        return {row[0]: Row(**dict(zip(names, row[1:-1], strict=True)), usd=usd_of(row[-1])) for row in rows}

    def responses_by_session(self) -> dict[str, int]:
        """Native session id to the number of responses it owns."""
        rows = self.ask(
            "SELECT s.id, coalesce(sum(u.responses), 0) FROM sessions s LEFT JOIN usage_quarters u USING (session)"
            " GROUP BY s.id"
        )
        return {id.partition(":")[2]: count for id, count in rows}

    def kinds(self) -> dict[str, int]:
        """Number of main sessions and of subagents."""
        found = dict(self.ask("SELECT kind, count(*) FROM sessions GROUP BY kind"))
        return {"main": found.get("main", 0), "subagent": found.get("subagent", 0)}

    def days(self, zone: str) -> dict[str, Day]:
        """Date in a time zone to what was used on it."""
        responses: Counter[str] = Counter()
        output: Counter[str] = Counter()
        for quarter, count, tokens in self.ask("SELECT quarter, responses, output FROM usage_quarters"):
            day = datetime.fromtimestamp(quarter * 900, UTC).astimezone(ZoneInfo(zone)).date().isoformat()
            responses[day] += count
            output[day] += tokens
        return {day: Day(responses=responses[day], output=output[day]) for day in sorted(responses)}

    def problems(self) -> tuple[str, ...]:
        """Slugs of all problems, sorted."""
        return tuple(slug for (slug,) in self.ask("SELECT slug FROM problems ORDER BY slug"))

    def derived(self) -> dict[str, list[Any]]:
        """All derived rows without their surrogate keys, sorted: what must not depend on how the logs came in."""
        usage = "SELECT s.id, u.* FROM usage_quarters u JOIN sessions s USING (session) ORDER BY 1, 3, 4, 5"
        return {
            "sessions": [row[1:] for row in self.ask("SELECT * FROM sessions ORDER BY id")],
            "usage": [(row[0], *row[2:]) for row in self.ask(usage)],
        }


def usd_of(picodollars: int | None) -> str | None:
    """Picodollars as an exact decimal of USD without trailing zeros, as the table of cases writes it."""
    if picodollars is None:
        return None
    return format((Decimal(picodollars) / 10**12).normalize(), "f")
