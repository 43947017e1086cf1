"""Pages of sessions on histories that tests have written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

from tachograph.app.dashboard.desk import Desk, Live, Standing
from tachograph.app.dashboard.pages import session, turn
from tachograph.app.dashboard.session_steps import TurnData
from tachograph.app.dashboard.session_story import SessionData
from tachograph.app.scope import Scope, parse_scope
from tachograph.app.workspace import Workspace
from tachograph.report.html.render import render_page
from tachograph.report.html.shell import Shell
from tachograph.report.view import Grid, View, find_grid
from tachograph.warehouse.store import open_reader
from tests.dashboard.walking import walk

NOW_MS = round(datetime(2026, 5, 26, 12, tzinfo=UTC).timestamp() * 1000)


class Opened:
    """A warehouse as pages see it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.connection = desk.connection
        self.scope: Scope = parse_scope({}, UTC, "UTC", desk.now_ms)

    def session(self, id: str, **params: str) -> SessionData:
        """The data of the session's page."""
        found: SessionData = session.PAGE.gather(self.desk, self.scope, {"id": id, **params})
        return found

    def turn(self, id: str, n: int, **params: str) -> TurnData:
        """The data of a turn's page."""
        found: TurnData = turn.PAGE.gather(self.desk, self.scope, {"id": id, "n": str(n), **params})
        return found

    def view(self, data: Any) -> View:
        """The page of that data."""
        page = session.PAGE if isinstance(data, SessionData) else turn.PAGE
        found: View = page.show(data, self.scope, {})
        return found

    def html(self, data: Any) -> str:
        """The same, as a browser gets it."""
        return render_page(self.view(data), Shell([], "/"), UTC)


@contextmanager
def opened(workspace: Workspace, live: Live | None = None, now_ms: int = NOW_MS) -> Iterator[Opened]:
    """The workspace's warehouse."""
    with closing(open_reader(workspace.folder)) as connection:
        standing = Standing(datetime.now(UTC), 1)
        yield Opened(Desk(connection, workspace, UTC, "UTC", now_ms, standing, live))


def rows_of(view: View, grid: str) -> list[list[Any]]:
    """The values of a table's rows."""
    found = find_grid(view.blocks, grid)
    assert found is not None, f"there is no table {grid}"
    return [[cell.value for cell in row] for row in found.rows]


def grids_of(view: View) -> list[str]:
    """The ids of the tables."""
    return [block.id for block in walk(view.blocks) if isinstance(block, Grid)]
