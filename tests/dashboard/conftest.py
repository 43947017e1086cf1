"""The demo's history, read and learned from once for all tests of pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.demo import open_demo
from tachograph.app.learn.run import learn
from tachograph.app.rollups.refresh import refresh
from tachograph.app.scope import Scope, parse_scope
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings

TODAY = date(2026, 11, 21)
"""The demo's history ends on the evening before."""
NOW_MS = round(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture(scope="session")
def demo_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The demo with KPIs, alerts and rollups, its days those of UTC; read only."""
    home = tmp_path_factory.mktemp("dashboard")
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("HOME", "TACHO_DATA_DIR", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME"):
            patch.setenv(variable, str(home / variable.lower()))
        demo = open_demo(TODAY, settings=Settings(display_timezone="UTC"))
        learn(demo.workspace, update=False)
        refresh(demo.workspace)
    return demo.workspace


@pytest.fixture
def desk(demo_workspace: Workspace) -> Iterator[Desk]:
    """What pages are made from, at noon of TODAY."""
    with open_desk(demo_workspace, update=False) as found:
        found.now_ms = NOW_MS
        yield found


@pytest.fixture
def empty_desk(tmp_path: Path) -> Iterator[Desk]:
    """A warehouse without a single session."""
    from tachograph.warehouse.store import open_writer

    with open_writer(tmp_path / "empty"):
        pass
    with open_desk(Workspace(tmp_path / "empty", Settings(display_timezone="UTC")), update=True) as found:
        found.now_ms = NOW_MS
        yield found


@pytest.fixture
def scope() -> Scope:
    """Everything, as seen on TODAY."""
    return parse_scope({"range": "all"}, UTC, "UTC", NOW_MS)
