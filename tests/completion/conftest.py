"""A history with names that a shell must not take for more than names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tests.builders.claude import ClaudeHome
from tests.builders.small import make_workspace

IDS = {
    "first": "aaaaaaaa-1111-4000-8000-000000000001",
    "second": "aaaaaaaa-2222-4000-8000-000000000002",
    "third": "bbbbbbbb-1111-4000-8000-000000000003",
    "fourth": "cccccccc-1111-4000-8000-000000000004",
    "fifth": "dddddddd-1111-4000-8000-000000000005",
}
HARSH = "/home/ada/my $(touch pwned) `touch pwned`; touch pwned"
SPACED = "/home/ada/two words"
PLACES = {
    "first": "/home/ada/site",
    "second": "/home/ada/orchard",
    "third": "/home/sam/site",
    "fourth": SPACED,
    "fifth": HARSH,
}
TITLES = {"fourth": "Say: it's $(touch pwned), \x1b]0;owned\x07 %F{red}`id`\n* or not"}


@pytest.fixture
def folder(home: Path) -> Path:
    """The data folder with five sessions, each ending a day after the one before; ``third`` has a subagent."""
    claude = ClaudeHome(home / ".claude")
    for day, (name, id) in enumerate(IDS.items(), 1):
        log = claude.project(PLACES[name]).session(f"2026-05-{day:02}T09:00:00Z", id=id)
        log.custom_title(TITLES.get(name, f"Title of {name}")).prompt("Go.").response(output=1)
        if name == "third":
            log.subagent("abc1234").prompt("Look.").response(output=1)
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    return workspace.folder
