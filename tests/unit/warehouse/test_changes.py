"""The list of what has changed: each session and each quarter-hour with KPIs, with the number of its last change."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.learn.points import store_point
from tachograph.app.workspace import Workspace
from tachograph.learning.records import Point
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader, open_writer, transaction
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.log import milliseconds
from tests.builders.pointed import MAIN
from tests.builders.wasteful import purge_session

QUARTER = milliseconds("2026-05-04T09:00:00Z") // 900_000


@pytest.fixture
def claude(home: Path) -> ClaudeHome:
    return ClaudeHome(home / ".claude")


@pytest.fixture
def workspace(home: Path) -> Workspace:
    return Workspace(home / "tachograph", Settings())


def store(workspace: Workspace, *logs: ClaudeLog) -> None:
    for log in logs:
        log.write()
    ingest(workspace, jobs=1)


def ask(workspace: Workspace, query: str) -> list[tuple[Any, ...]]:
    with closing(open_reader(workspace.folder)) as connection:
        return connection.execute(query).fetchall()


def sessions(workspace: Workspace) -> dict[str, int]:
    """The number of the last change of each session that is there."""
    return dict(ask(workspace, "SELECT id, revision FROM changes c JOIN sessions ON session = key WHERE c.kind = 0"))


def quarters(workspace: Workspace) -> dict[int, int]:
    return dict(ask(workspace, "SELECT key, revision FROM changes WHERE kind = 1"))


def name(log: ClaudeLog) -> str:
    return f"claude_code:{log.session_id}"


def test_what_comes_together_has_one_number(claude: ClaudeHome, workspace: Workspace) -> None:
    logs = [claude.project().session().prompt().response() for _ in range(3)]
    store(workspace, *logs)
    assert sessions(workspace) == {name(log): 1 for log in logs}


def test_only_what_has_changed_gets_a_new_one(claude: ClaudeHome, workspace: Workspace) -> None:
    grown, other = (claude.project().session().prompt().response() for _ in range(2))
    store(workspace, grown, other)
    store(workspace, grown.response())
    assert sessions(workspace) == {name(grown): 2, name(other): 1}
    ingest(workspace, jobs=1)
    assert sessions(workspace) == {name(grown): 2, name(other): 1}


def test_a_fork_that_comes_first_is_another_when_its_origin_comes(claude: ClaudeHome, workspace: Workspace) -> None:
    first = claude.project().session("2026-05-04T09:00:00.000Z").prompt().response(output=100)
    fork = first.fork("2026-05-04T10:00:00.000Z").prompt("Again.").response(output=7)
    store(workspace, fork)
    assert sessions(workspace) == {name(fork): 1}
    store(workspace, first)
    assert sessions(workspace) == {name(first): 2, name(fork): 2}  # the copied response is not the fork's any more


def test_siblings_that_were_compared_have_changed_too(claude: ClaudeHome, workspace: Workspace) -> None:
    main = claude.project().session().prompt().response().call("Task", {"prompt": "Look."})
    agents = [main.subagent().prompt("Look.").response() for _ in range(2)]
    claude.write()
    ingest(workspace, jobs=1)
    before = sessions(workspace)
    assert len(before) == 3
    store(workspace, agents[0].response())
    after = sessions(workspace)
    assert [after[id] - before[id] for id in sorted(after)] == [0, 1, 1]  # the main session's row is as it was


def test_one_that_is_gone_leaves_its_number_and_nothing_else(claude: ClaudeHome, workspace: Workspace) -> None:
    log = claude.project().session().prompt("The heron stands in the reeds.").response()
    store(workspace, log)
    [(key,)] = ask(workspace, "SELECT session FROM sessions")
    purge_session(workspace, name(log))
    assert ask(workspace, "SELECT kind, key, revision FROM changes") == [(0, key, 2)]
    content = b"".join(path.read_bytes() for path in workspace.folder.iterdir())
    assert b"heron" not in content
    assert log.session_id.encode() not in content


def test_a_number_that_is_used_again_is_a_later_change(claude: ClaudeHome, workspace: Workspace) -> None:
    first, second = (claude.project().session().prompt().response() for _ in range(2))
    store(workspace, first)
    purge_session(workspace, name(first))
    store(workspace, second)
    assert ask(workspace, "SELECT session FROM sessions") == ask(workspace, "SELECT key FROM changes")
    assert sessions(workspace) == {name(second): 3}


def test_making_everything_anew_changes_everything(claude: ClaudeHome, workspace: Workspace) -> None:
    logs = [claude.project().session().prompt().response() for _ in range(2)]
    store(workspace, *logs)
    ingest(workspace, jobs=1, rederive=True)
    assert sessions(workspace) == {name(log): 2 for log in logs}


def test_an_interruption_notes_nothing(claude: ClaudeHome, workspace: Workspace) -> None:
    store(workspace, claude.project().session().prompt().response())
    with pytest.raises(KeyboardInterrupt), open_writer(workspace.folder) as connection, transaction(connection):
        connection.execute("DELETE FROM sessions")
        raise KeyboardInterrupt
    assert set(sessions(workspace).values()) == {1}


def at(quarter: int) -> str:
    return f"2026-05-04T{9 + quarter // 4:02d}:{quarter % 4 * 15:02d}:00Z"


def point(session: str, quarter: int) -> Point:
    end = milliseconds(at(quarter))
    return Point(session=session, group=MAIN, kind="main", started_at=end - 1000, ended_at=end, values={"share": 0.5})


def test_kpis_are_noted_by_the_quarter_hour_of_the_sessions_end(workspace: Workspace) -> None:
    def put(session: str, quarter: int) -> None:
        with open_writer(workspace.folder) as connection, transaction(connection):
            store_point(connection, point(session, quarter))

    put("a", 0)
    assert quarters(workspace) == {QUARTER: 1}
    put("b", 5)
    assert quarters(workspace) == {QUARTER: 1, QUARTER + 5: 2}
    put("a", 3)  # measured anew, and it ended later
    assert quarters(workspace) == {QUARTER: 3, QUARTER + 3: 4, QUARTER + 5: 2}
    with open_writer(workspace.folder) as connection, transaction(connection):
        connection.execute("DELETE FROM points WHERE session = 'b'")
    assert quarters(workspace) == {QUARTER: 3, QUARTER + 3: 4, QUARTER + 5: 5}


def test_every_store_has_a_name_of_its_own(tmp_path: Path) -> None:
    names = set()
    for number in range(3):
        with open_writer(tmp_path / str(number)) as connection:
            names.add(connection.execute("SELECT value FROM meta WHERE name = 'store'").fetchone()[0])
        with open_writer(tmp_path / str(number)) as connection:
            names.add(connection.execute("SELECT value FROM meta WHERE name = 'store'").fetchone()[0])
    assert [len(one) for one in names] == [16, 16, 16]


def make_schema_3(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "warehouse.sqlite", isolation_level=None)) as connection:
        for trigger in ("session_removed", "kpis_added", "kpis_removed"):
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("DROP TABLE changes")
        for index in ("alerts_by_severity", "logs_by_agent", "logs_with_unknown"):
            connection.execute(f"DROP INDEX {index}")
        connection.execute("DELETE FROM meta WHERE name = 'store'")
        connection.execute("PRAGMA user_version = 3")


def test_of_an_old_store_everything_has_changed(claude: ClaudeHome, workspace: Workspace) -> None:
    logs = [claude.project().session().prompt().response() for _ in range(2)]
    store(workspace, *logs)
    with open_writer(workspace.folder) as connection, transaction(connection):
        for session, quarter in (("a", 0), ("b", 0), ("c", 7)):
            store_point(connection, point(session, quarter))
    make_schema_3(workspace.folder)
    with open_writer(workspace.folder) as connection:
        assert len(connection.execute("SELECT value FROM meta WHERE name = 'store'").fetchone()[0]) == 16
    assert sessions(workspace) == {name(log): 1 for log in logs}
    assert quarters(workspace) == {QUARTER: 1, QUARTER + 7: 1}
