"""KPIs of sessions: computed once, and anew when something they rest on has changed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.learn.agent_types import AgentTypes
from tachograph.app.learn.points import load_points, load_scores, refresh_points, store_point
from tachograph.app.purge import Target, plan_purge, purge
from tachograph.app.workspace import Workspace
from tachograph.learning.records import Point
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader, open_writer, transaction
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.codex import CodexHome
from tests.builders.pointed import MAIN, make_point

DAY = "2026-05-{:02d}T09:00:00Z"


class History:
    """Logs of both agents, and what is known of them."""

    def __init__(self, home: Path) -> None:
        self.claude = ClaudeHome(home / ".claude")
        self.codex = CodexHome(home / ".codex")
        self.workspace = Workspace(home / "tachograph", Settings())
        (home / ".claude" / "projects").mkdir(parents=True)

    def work(self, day: int, failed: int = 0, calls: int = 12, cwd: str = "/home/ada/site") -> ClaudeLog:
        log = self.claude.project(cwd).session(DAY.format(day)).prompt("Repair it.")
        for number in range(calls):
            log.call("Bash", {"command": f"make {number}"}, output=50)
            log.result("Exit code 1\nno" if number < failed else "ok", error=number < failed)
        return log

    def refresh(self, agent_types: dict[str, str] | None = None) -> int:
        """How many sessions' KPIs were computed."""
        for log in (*self.claude.logs, *self.codex.logs):
            if not log.path.exists() or log.path.read_bytes() != log.content():  # what is written anew is read anew
                log.write()
        for path, content in self.claude.extra.items():
            path.write_bytes(content)
        ingest(self.workspace, jobs=1)
        with open_writer(self.workspace.folder) as connection:
            return len(refresh_points(connection, AgentTypes(agent_types or {})))

    def points(self, where: str = "1", *values: object) -> list[Point]:
        with closing(open_reader(self.workspace.folder)) as connection:
            return list(load_points(connection, where, values))


@pytest.fixture
def history(home: Path) -> History:
    return History(home)


def test_every_session_with_responses_of_its_own_has_kpis(history: History) -> None:
    log = history.work(4, failed=3)
    log.tool("Task", {"prompt": "Read.", "subagent_type": "Explore"}).subagent().prompt("Read.").response(output=9)
    history.codex.session(DAY.format(5)).turn().prompt("Do it.").tokens(output=50).complete()
    history.claude.project().session(DAY.format(6)).prompt("Nobody answered.")
    assert history.refresh() == 4
    found = history.points()
    assert [(one.group.agent_type, one.group.agent, one.kind) for one in found] == [
        ("main", "claude_code", "main"),
        ("Explore", "claude_code", "subagent"),
        ("main", "codex", "main"),
    ]
    main = found[0]
    assert main.session == f"claude_code:{log.session_id}"
    assert main.values["error_rate"] == pytest.approx(3 / 13)
    assert (main.group.family, main.project, main.origin) == ("claude-sonnet", "/home/ada/site", "transcript")
    assert "task_completion_rate" not in main.values | main.lacking  # no tasks: it does not apply


def test_nothing_is_computed_twice(history: History) -> None:
    history.work(4)
    assert history.refresh() == 1
    assert history.refresh() == 0


def test_a_session_that_goes_on_changes_its_point_and_no_other(history: History) -> None:
    first, _ = history.work(4, failed=3), history.work(5)
    assert history.refresh() == 2
    before = {one.session: one for one in history.points()}
    for number in range(3):
        first.call("Bash", {"command": f"make again{number}"}).result("Exit code 1\nno", error=True)
    assert history.refresh() == 1
    after = {one.session: one for one in history.points()}
    changed = f"claude_code:{first.session_id}"
    assert before[changed].values["error_rate"] == pytest.approx(3 / 12)
    assert after[changed].values["error_rate"] == pytest.approx(6 / 15)
    assert after[changed].ended_at > before[changed].ended_at
    assert {name for name in before if before[name] != after[name]} == {changed}


def test_another_agent_type_of_a_project_is_another_group(history: History) -> None:
    history.work(4)
    history.work(5, cwd="/home/ada/docs")
    assert history.refresh() == 2
    assert history.refresh({"ada/docs": "translation"}) == 2
    assert [one.group.agent_type for one in history.points()] == ["main", "translation"]
    assert history.refresh({"ada/docs": "translation"}) == 0
    assert history.refresh() == 2
    assert [one.group.agent_type for one in history.points()] == ["main", "main"]


def test_another_version_of_the_kpis_computes_them_all_anew(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    history.work(4)
    history.refresh()
    monkeypatch.setattr("tachograph.app.learn.points._hash_code", lambda: "newer")
    assert history.refresh() == 1


def test_scores_are_measured_with_their_session(history: History) -> None:
    log = history.work(4)
    session = f"claude_code:{log.session_id}"
    history.refresh()
    with open_writer(history.workspace.folder) as connection, transaction(connection):
        rows = [
            (session, "relevance", name, at, score) for name, at, score in (("b", 1, 0.9), ("a", 2, 0.5), ("c", 3, 0.6))
        ]
        connection.executemany("INSERT INTO evaluations VALUES (?, ?, ?, ?, ?, 'telemetry')", rows)
        connection.execute("DELETE FROM points")
    with closing(open_reader(history.workspace.folder)) as connection:
        assert load_scores(connection, session) == {"relevance": (0.9, 0.5, 0.6)}
        assert load_scores(connection, "claude_code:nobody") == {}
    history.refresh()
    assert history.points()[0].values["quality_relevance"] == 0.6


def test_a_purged_session_has_no_kpis(history: History) -> None:
    log, other = history.work(4), history.work(5)
    history.refresh()
    with closing(open_reader(history.workspace.folder)) as connection:
        plan = plan_purge(connection, Target(session=log.session_id))
    purge(history.workspace, plan)
    assert history.refresh() == 0
    assert [one.session for one in history.points()] == [f"claude_code:{other.session_id}"]
    with closing(open_reader(history.workspace.folder)) as connection:
        assert connection.execute("SELECT DISTINCT session FROM kpis").fetchall() == [
            (f"claude_code:{other.session_id}",)
        ]


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_an_interrupted_computation_goes_on_where_it_was(
    history: History, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr("tachograph.app.learn.points._BATCH", batch)
    for day in range(4, 9):
        history.work(day, failed=day - 4)
    left = 4

    def store(connection: object, point: Point) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise KeyboardInterrupt
        store_point(connection, point)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr("tachograph.app.learn.points.store_point", store)
        with pytest.raises(KeyboardInterrupt):
            history.refresh()
    assert history.refresh() == {1: 2, 2: 3, 500: 5}[batch]
    assert [one.values["error_rate"] for one in history.points()] == pytest.approx([day / 12 for day in range(5)])


def test_points_come_in_the_order_in_which_sessions_ended(history: History) -> None:
    history.refresh()
    stored = [
        make_point(3, {"error_rate": 0.3}), make_point(1, {}), make_point(2, {"error_rate": 0.2, "waste_share": 0.0}),
        make_point(2, {"error_rate": 0.1}, session="claude_code:a"),
    ]  # fmt: skip
    with open_writer(history.workspace.folder) as connection, transaction(connection):
        for point in stored:
            store_point(connection, point)
    assert history.points() == [stored[1], stored[3], stored[2], stored[0]]
    assert history.points("ended_at > ?", stored[1].ended_at) == [stored[3], stored[2], stored[0]]
    assert history.points("agent_type = ?", "reader") == []


def test_a_stored_point_replaces_what_was_known_of_its_session(history: History) -> None:
    history.refresh()
    newer = make_point(
        1, {"error_rate": 0.5}, lacking={"token_efficiency": "the log has placeholders"}, project="/home/ada/site",
        task_type="fix", cost_pico=7,
    )  # fmt: skip
    with open_writer(history.workspace.folder) as connection, transaction(connection):
        store_point(connection, make_point(1, {"error_rate": 0.1, "waste_share": 0.2}))
        store_point(connection, newer)
    assert history.points() == [newer]
    assert newer.group == MAIN
    assert newer.completeness == 0.5


def test_a_continuation_is_at_work_from_its_own_first_record_on(history: History) -> None:
    """What it has from the session before lies a day back, and nothing says whose it is."""
    child = history.work(4).fork("2026-05-05T09:00:00Z").prompt("Go on.")
    for number in range(12):
        child.call("Bash", {"command": f"make {number}"}, output=50).result("ok", seconds=10)
    history.refresh()
    with open_writer(history.workspace.folder) as connection:
        connection.execute("UPDATE segments SET forked_from = NULL")
        connection.execute("DELETE FROM points")
        refresh_points(connection, AgentTypes({}))
    own = history.points()[-1]
    assert own.session.endswith(child.session_id)
    assert own.values["active_time_ratio"] == 1.0
