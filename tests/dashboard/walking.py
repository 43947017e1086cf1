"""Looking into pages: their ranges, and their blocks, whatever these lie in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC

from tachograph.app.scope import Scope, parse_scope
from tachograph.report.view import Beside, Block, Card, Cards, Cell, Grid, Section, View, find_grid
from tests.dashboard.conftest import NOW_MS

SCOPES = [
    {"range": "all"},
    {"range": "30d"},
    {"range": "7d"},
    {"from": "2026-10-20", "to": "2026-11-05"},
    {"range": "all", "project": "/home/ada/skylight"},
    {"range": "all", "agent": "codex"},
]


def scope_of(**params: str) -> Scope:
    """What an address asks for at noon of the demo's last day."""
    return parse_scope(params, UTC, "UTC", NOW_MS)


def walk(blocks: Iterable[Block]) -> Iterator[Block]:
    """Every block, those within others included, from top to bottom."""
    for block in blocks:
        yield block
        if isinstance(block, Section):
            yield from walk(block.blocks)
        elif isinstance(block, Beside):
            for part in block.parts:
                yield from walk(part)


def cards_of(view: View) -> dict[str, Card]:
    """All cards by title."""
    return {card.title: card for block in walk(view.blocks) if isinstance(block, Cards) for card in block.items}


def grid_of(view: View, id: str) -> Grid:
    """The table, which has to be there."""
    found = find_grid(view.blocks, id)
    assert found is not None, f"there is no table {id}"
    return found


def column(grid: Grid, key: str) -> list[Cell]:
    """The cells of one column."""
    place = [one.key for one in grid.columns].index(key)
    return [row[place] for row in grid.rows]
