"""The plugin folder in a real Claude Code: its hooks do what the installed ones do."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from tests.agents.agent_cli import AgentCli, ClaudeCode
from tests.builders.briefing import entry, write_briefing

PLUGIN = Path(__file__).resolve().parents[2] / "plugins" / "claude-code"
SOON_SECONDS = 20

pytestmark = [pytest.mark.agents, pytest.mark.slow]


def test_its_hooks_run(cli: AgentCli) -> None:
    if not isinstance(cli, ClaudeCode):
        pytest.skip("a plugin of Claude Code")
    cli.environment["PATH"] = f"{Path(sys.executable).parent}:{cli.environment['PATH']}"  # where tacho-hook is
    write_briefing(cli.data, types={cli.agent: {"main": entry()}})
    run = cli.ask("Say done.", "--plugin-dir", str(PLUGIN))
    assert run.asked[0].holds("Baselines of 12 sessions.")
    end = time.monotonic() + SOON_SECONDS
    while f"{cli.agent}:{run.asked[0].session}" not in cli.stored():  # by the hook at the session's end
        assert time.monotonic() < end
        time.sleep(0.1)
