"""The dashboard on the demo's history, without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tachograph.app.dashboard.desk import Live
from tachograph.app.dashboard.page import load_pages
from tachograph.app.workspace import Workspace
from tachograph.web.answers import Answers
from tachograph.web.feed import Feed
from tachograph.web.guard import Guard, own_hosts
from tachograph.web.reply import Reply
from tachograph.web.routes import make_app
from tests.dashboard.conftest import demo_workspace as demo_workspace
from tests.web.calling import PORT, entry


class Still:
    """Nobody reads logs."""

    live = Live()

    def __init__(self, reason: str = "") -> None:
        self._reason = reason

    def reading(self) -> str:
        return self._reason


class Bell:
    """A signal of one event loop, set from within it."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return
        self._event.clear()


async def at_once(job: Callable[[], Reply]) -> Reply:
    return job()


def guarded(workspace: Workspace, feed: Feed | None = None, keeper: Still | None = None) -> Guard:
    """The whole dashboard of ``workspace``, as a server would call it."""
    answers = Answers(workspace, load_pages(), keeper or Still())
    return Guard(make_app(answers, feed or Feed(Bell), at_once), own_hosts(PORT), entry())


@pytest.fixture(scope="session")
def dashboard(demo_workspace: Workspace) -> Guard:
    """The demo's."""
    return guarded(demo_workspace)


@pytest.fixture
def nothing_yet(home: Path) -> Workspace:
    """A data folder without a warehouse."""
    return Workspace(home / "empty")
