"""What tool calls carry of their responses' cost: to the picodollar, whatever they are grouped by."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.ingest import ingest
from tachograph.app.rollups.cubes import ToolSums
from tachograph.app.rollups.read import add_up
from tachograph.app.rollups.refresh import refresh
from tachograph.app.scope import parse_scope
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tests.builders.claude import ClaudeHome

PRICES = {
    "house-model": {"input": 1.0, "output": 3.0, "cache_read": 0.1, "cache_write_5m": 1.25, "cache_write_1h": 2.0}
}
"""Dollars per million tokens: an input token is a million picodollars."""


@pytest.fixture
def claude(home: Path) -> ClaudeHome:
    return ClaudeHome(home / ".claude")


def tools(claude: ClaudeHome, home: Path, by: tuple[str, ...] = ("tool",)) -> dict[str, ToolSums]:
    claude.write()
    workspace = Workspace(home / "tachograph", Settings(prices=PRICES, display_timezone="UTC"))
    ingest(workspace, jobs=1)
    refresh(workspace)
    with open_desk(workspace, update=False) as desk:
        scope = parse_scope({"range": "all"}, desk.zone, desk.zone_name, desk.now_ms)
        return {str(key[0]): sums for key, sums in add_up(desk.connection, ToolSums, scope, by=by)}


READ, LIST, FIND = ("Read", {"file_path": "/a"}), ("Bash", {"command": "ls"}), ("Grep", {"pattern": "x"})


def test_what_cannot_be_split_evenly_the_first_call_carries(claude: ClaudeHome, home: Path) -> None:
    log = claude.project().session(model="house-model").prompt()
    log.calls(READ, LIST, FIND, input=1, output=0)
    found = tools(claude, home)
    assert {tool: sums.pico for tool, sums in found.items()} == {"Read": 333_334, "Bash": 333_333, "Grep": 333_333}


@pytest.mark.parametrize("input", [0, 1, 2, 7, 1_000_001])
def test_nothing_is_lost_and_nothing_added(claude: ClaudeHome, home: Path, input: int) -> None:
    log = claude.project().session(model="house-model").prompt()
    for _ in range(3):
        log.calls(READ, LIST, LIST, FIND, READ, LIST, LIST, input=input, output=1)
    found = tools(claude, home)
    assert sum(sums.pico or 0 for sums in found.values()) == 3 * (input * 10**6 + 3 * 10**6)
    assert {tool: (sums.calls, sums.priced, sums.unpriced) for tool, sums in found.items()} == {
        "Read": (6, 6, 0), "Bash": (12, 12, 0), "Grep": (3, 3, 0),
    }  # fmt: skip


def test_calls_of_a_response_without_a_price_are_unpriced(claude: ClaudeHome, home: Path) -> None:
    log = claude.project().session(model="a-model-of-nobody").prompt()
    log.calls(READ, LIST)
    found = tools(claude, home)
    assert [(sums.pico, sums.unpriced, sums.unattributed) for sums in found.values()] == [(None, 1, 0)] * 2


def test_a_copys_calls_are_left_out(claude: ClaudeHome, home: Path) -> None:
    log = claude.project().session("2026-05-04T09:00:00.000Z", model="house-model").prompt()
    log.calls(READ, LIST, input=2, output=0)
    log.fork("2026-05-05T09:00:00.000Z").prompt("Again.").calls(FIND, input=5, output=0)
    assert {day: sums.calls for day, sums in tools(claude, home, by=("day",)).items()} == {"20577": 2, "20578": 1}
    whole = tools(claude, home)
    assert {tool: (sums.calls, sums.pico) for tool, sums in whole.items()} == {
        "Read": (1, 10**6), "Bash": (1, 10**6), "Grep": (1, 5 * 10**6),
    }  # fmt: skip


DURATIONS = [
    (0, 0), (124, 0), (125, 1), (249, 1), (250, 2), (1000, 4), (63_999, 9), (64_000, 10), (1_023_999, 13),
    (1_024_000, 14), (90_000_000, 14),
]  # fmt: skip


@pytest.mark.parametrize(("ms", "slot"), DURATIONS)
def test_a_call_counts_in_the_slot_of_its_duration(claude: ClaudeHome, home: Path, ms: int, slot: int) -> None:
    log = claude.project().session(model="house-model").prompt()
    log.call("Bash", {"command": "make"}).wait(ms / 1000 - 1).result("done", seconds=1)
    assert tools(claude, home)["Bash"].times == [int(number == slot) for number in range(15)]
