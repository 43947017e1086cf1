"""Histories of sessions whose cost, waste and success can be told by heart; output costs $10 for a million tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.log import milliseconds
from tests.builders.small import HOUSE, SITE, make_workspace

FIX, BUILD = "Fix the broken login.", "Build a page with the prices."
NOW = milliseconds("2026-11-20T12:00:00Z")
DAY = "2026-05-{:02d}T09:00:00Z"


class Sessions:
    """A home of Claude Code in the making."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.claude = ClaudeHome(home / ".claude")

    def open(self, at: str, *turns: int, text: str = FIX, project: str = SITE, model: str = HOUSE) -> ClaudeLog:
        """A session with a response of so many tokens of output for each turn; the clock is a minute a turn."""
        log = self.claude.project(project).session(at, model=model)
        for number, output in enumerate(turns):
            log.prompt(text if number == 0 else f"And part {number}.").response(input=0, output=output).wait(60)
        return log

    def ingest(self) -> Workspace:
        """Store it."""
        self.claude.write()
        workspace = make_workspace(self.home)
        ingest(workspace)
        return workspace


def days_before(days: float) -> str:
    """A moment as logs write it."""
    moment = datetime.fromtimestamp(NOW / 1000, UTC) - timedelta(days=days)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def session_id(log: ClaudeLog) -> str:
    """As the warehouse has it."""
    return f"claude_code:{log.session_id}"
