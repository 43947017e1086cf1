"""A week of two people's projects in which every number can be told by heart.

Prices (see ``PRICES``): output $10 for a million tokens, everything else free; the model ``mystery`` has none.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.codex import CodexHome

HOUSE, MYSTERY = "house-model", "mystery"
PRICES = {HOUSE: {"input": 0, "output": 10, "cache_read": 0, "cache_write_5m": 0, "cache_write_1h": 0}}
CONFIG = '[prices."house-model"]\ninput = 0\noutput = 10\ncache_read = 0\ncache_write_5m = 0\ncache_write_1h = 0\n'
SITE, TOOLS = "/home/ada/site", "/home/ada/tools"
ASK = "Repair the login."


def make_workspace(home: Path) -> Workspace:
    """A workspace in the test's home, with the made-up prices."""
    return Workspace(home / "tachograph", Settings(prices=PRICES))


def write_config(home: Path) -> None:
    """The same prices for the command line."""
    folder = home / ".config" / "tachograph"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(CONFIG)


@pytest.fixture
def week(home: Path) -> Week:
    """The week, written but not yet ingested."""
    return Week(home)


class Week:
    """Seven sessions: five main ones of Claude Code (with two subagents), and one of Codex."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.claude = ClaudeHome(home / ".claude")
        self.codex = CodexHome(home / ".codex")
        self._write_monday()
        self._write_later()
        self._write_codex()
        self.claude.write()
        self.codex.write()

    def ingest(self) -> Workspace:
        """Store it."""
        workspace = make_workspace(self.home)
        ingest(workspace)
        return workspace

    def _write_monday(self) -> None:
        log = self.first = self.open("2026-05-18T09:00:00Z", SITE, ASK)
        fail(log, "cd /home/ada/site && npm run build", 1, 60_000)
        log.calls(
            ("Read", {"file_path": "/home/ada/site/a.py"}), ("Bash", {"command": "git status"}), output=40_000
        )  # $0.20 each
        log.result("nothing to commit", detail={"stdout": "nothing to commit", "stderr": ""}, seconds=3)
        log.result("0123456789", call=_before(log.call_id), seconds=1)
        log.call("Edit", {"file_path": "/home/ada/site/a.py", "old_string": "a", "new_string": "b"}, output=20_000)
        log.result("The user doesn't want to proceed", error=True, denial="user-rejected")
        log.interruption().prompt("Try again.").response(output=30_000)
        log.call("Task", {"description": "look", "prompt": "Look.", "subagent_type": "Explore"}, output=10_000)
        agent = self.agent = log.subagent()
        agent.prompt("Look.")
        fail(agent, "rg login", 1, 5_000)
        below = log.subagent(spawned_by=agent.agent_id)
        below.prompt("Look deeper.").response(output=1_000)
        log.result("Looked.")

    def _write_later(self) -> None:
        again = self.again = self.open("2026-05-18T15:00:00Z", SITE, ASK, branch="login")
        fail(again, "npm run build", 2, 50_000)
        late = self.open("2026-05-20T09:00:00Z", SITE, ASK)
        late.response(output=2_000)
        other = self.other = self.open("2026-05-20T10:00:00Z", TOOLS, ASK, model=MYSTERY)
        other.tool("mcp__notes__add", {"text": "x"}, result="added", output=7_000)
        self.open("2026-05-25T09:00:00Z", TOOLS, "Something else.").response(output=3_000)

    def _write_codex(self) -> None:
        thread = self.codex.session("2026-05-19T08:00:00Z", cwd=SITE, model=HOUSE)
        thread.turn().prompt("Speed up the build.").shell("make -j2", "done", wall=2.5).tokens(output=8_000).complete()
        thread.turn().prompt("Faster.").answer().tokens(output=4_000).complete()

    def open(self, at: str, project: str, text: str, model: str = HOUSE, branch: str = "main") -> ClaudeLog:
        """One more session, its prompt given."""
        return self.claude.project(project).session(at, model=model, branch=branch).prompt(text)


def fail(log: ClaudeLog, command: str, code: int, output: int) -> None:
    """A command that fails after a second."""
    log.call("Bash", {"command": command}, output=output)
    log.result(f"Exit code {code}\nboom: no such module", error=True)


def _before(call_id: str) -> str:
    """The id of the call made just before this one."""
    digits = call_id[-6:]
    return f"{call_id[:-6]}{int(digits) - 1:06d}"
