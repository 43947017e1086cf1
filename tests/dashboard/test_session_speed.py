"""A session of 20,000 calls opens at once, and so does each of its turns."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tests.builders.claude import ClaudeHome
from tests.builders.wasteful import make_workspace
from tests.dashboard.session_pages import opened
from tests.effort import takes_at_most

BOUND = 1.5
"""CPU seconds; 0.25 were measured on one free core, and the machines that run tests are seldom free."""


@pytest.fixture(scope="module")
def long_sessions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, str, str]:
    """One of 200 turns with 100 calls each, and one whose only turn has 20,000."""
    home = tmp_path_factory.mktemp("long")
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("HOME", "TACHO_DATA_DIR", "CLAUDE_CONFIG_DIR", "CODEX_HOME"):
            patch.setenv(variable, str(home / variable.lower()))
        claude = ClaudeHome(Path(home / "claude_config_dir"))
        ids = [_write(claude, 200, 100), _write(claude, 1, 20_000)]
        claude.write()
        workspace = make_workspace(home)
        ingest(workspace)
    return workspace, ids[0], ids[1]


def _write(claude: ClaudeHome, turns: int, calls: int) -> str:
    log = claude.project("/home/ada/site").session("2026-05-18T09:00:00Z", model="house-model")
    for turn in range(turns):
        log.prompt(f"Do step {turn}.")
        for number in range(calls):
            output, code = ("boom", 1) if number % 9 == 0 else ("ok", 0)
            log.shell(f"make step{number % 7}", output, code, cache_read=1_000 + number, write_5m=200)
    return f"claude_code:{log.session_id}"


def test_session_of_20_000_calls_opens_at_once(long_sessions: tuple[Workspace, str, str]) -> None:
    workspace, many, one = long_sessions
    with opened(workspace) as told:
        takes_at_most(BOUND, lambda: told.html(told.session(many)))
        takes_at_most(BOUND, lambda: told.html(told.session(one)))
        takes_at_most(BOUND, lambda: told.html(told.turn(many, 100)))
        takes_at_most(BOUND, lambda: told.html(told.turn(one, 1, part="50")))
        data = told.session(many)
        assert len(told.html(data)) < 700_000
    assert data.session.tool_calls == 20_000
    assert data.turns_piece.matching == 200
