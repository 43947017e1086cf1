"""The dashboard on the demo's history, without a server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
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
from tests.builders.claude import ClaudeHome
from tests.dashboard.conftest import demo_workspace as demo_workspace
from tests.web.calling import PORT, entry
from tests.web.running_server import Server


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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all requests that leave it as it is."""
    home = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME"):
            patch.setenv(variable, str(home / variable.lower()))
        claude = ClaudeHome(home / "claude_config_dir")
        claude.project("/home/ada/orchard").session().prompt("Prune the trees.").response()
        claude.write()
        found = Server(home / "data", "--no-watch", report=home / "report.txt")
        deadline = time.monotonic() + 30
        while found.get("/sessions")[0].status == 503 and time.monotonic() < deadline:
            time.sleep(0.1)
        yield found
        assert found.close() == ""
