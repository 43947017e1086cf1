"""The loop over sessions that are known by their KPIs alone, on a clock of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import Connection
from types import SimpleNamespace
from typing import Any

import pytest

from tachograph.app.hooks.installed import Installed, InstalledFile, write_installed
from tachograph.app.learn.decisions import Activation, find_activations, load_decisions
from tachograph.app.learn.points import store_point
from tachograph.app.learn.run import LearnReport, learn
from tachograph.app.learn.trials import load_trials
from tachograph.app.workspace import Workspace
from tachograph.learning.records import Group, Point
from tachograph.learning.trials import TrialState
from tachograph.warehouse.store import open_reader, open_writer, transaction
from tests.builders.log import milliseconds

NOW = milliseconds("2026-11-18T12:00:00Z")
HOUR = 3_600_000
DAY = 24 * HOUR
MAIN = Group("main", "claude_code", "claude-opus")
BAD = {
    "token_efficiency": 0.0001, "tool_overhead_ratio": 3.0, "document_coverage": 0.5, "task_completion_rate": 0.5,
    "active_time_ratio": 0.1, "cache_efficiency": 0.4,
}  # fmt: skip
"""Of a session that every suggestion of the plan fits."""
FITTING = {
    "background_agents", "batch_tasks", "preload_documents", "close_tasks", "idle_timeout", "cacheable_prompts",
}  # fmt: skip
"""These suggestions."""


class Loop:
    """A data folder, its clock, and the sessions that are put into it."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self.now = NOW
        clock = SimpleNamespace(time_ns=lambda: self.now * 1_000_000)
        monkeypatch.setattr("tachograph.app.learn.decisions.time", clock)
        (home / ".claude" / "projects").mkdir(parents=True)
        self.learn()  # so that there is a warehouse

    @property
    def workspace(self) -> Workspace:
        """With the settings as they are now."""
        return Workspace()

    @property
    def folder(self) -> Path:
        return self.workspace.folder

    def settings(self, text: str) -> None:
        """Write config.toml."""
        place = self.home / ".config" / "tachograph" / "config.toml"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def put(self, *points: Point) -> None:
        """Keep these sessions."""
        with self.write() as connection:
            for point in points:
                store_point(connection, point)

    def bad_days(self, sessions: int = 5, group: Group = MAIN) -> None:
        """Sessions of the last days that every suggestion of the plan fits."""
        self.put(*(make_point(100 - sessions + number, BAD, group) for number in range(sessions)))

    def install(self, *agents: Any, activation: Any = "auto") -> None:
        """As ``tacho hooks install`` does."""
        files = tuple(
            InstalledFile(agent=agent, scope="user", path=f"/home/ada/{agent}", written="", existed=False)
            for agent in agents or ("claude_code",)
        )
        write_installed(self.folder, Installed(activation=activation, files=files))

    def assign(self, trial: str, session: str, arm: str, share: Any = 0.5, **fields: Any) -> None:
        """A line as the hooks write it before a session begins."""
        suggestion, agent_type, _ = trial.split(":")
        line = {
            "v": 1, "trial": trial, "suggestion": suggestion, "session": session, "agent_type": agent_type,
            "arm": arm, "share": share, "at": self.now, **fields,
        }  # fmt: skip
        self.say(json.dumps(line))

    def say(self, line: str) -> None:
        """A line of the hooks' file."""
        place = self.folder / "hooks"
        place.mkdir(parents=True, exist_ok=True)
        with (place / "assignments.ndjson").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def learn(self, *, forced: bool = False) -> LearnReport:
        """Go round."""
        return learn(self.workspace, update=False, forced=forced)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A reading connection."""
        with closing(open_reader(self.folder)) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A writing connection, within a transaction."""
        with open_writer(self.folder) as connection, transaction(connection):
            yield connection

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self.read() as connection:
            return connection.execute(sql, values).fetchall()

    def activations(self) -> list[Activation]:
        """Those that go on."""
        with self.read() as connection:
            return [one for one in find_activations(load_decisions(connection)) if one.closed is None]

    def trials(self) -> dict[str, TrialState]:
        """By suggestion."""
        with self.read() as connection:
            return {one.suggestion: one for one in load_trials(connection).values()}

    def decided(self) -> list[tuple[str, str, str, str]]:
        """Suggestion, agent type, action and by whom, in order."""
        with self.read() as connection:
            return [(one.suggestion, one.agent_type, one.action, one.by) for one in load_decisions(connection)]

    def briefing(self) -> dict[str, Any]:
        """What the hooks read."""
        told: dict[str, Any] = json.loads((self.folder / "hooks" / "briefing.json").read_bytes())
        return told

    def offered(self, agent_type: str = "main", agent: str = "claude_code") -> list[str]:
        """Suggestions in the briefing."""
        return [one["id"] for one in self.briefing()["types"][agent][agent_type]["suggestions"]]


@pytest.fixture
def loop(home: Path, monkeypatch: pytest.MonkeyPatch) -> Loop:
    """A loop without a session."""
    return Loop(home, monkeypatch)


def make_point(number: int, values: dict[str, float], group: Group = MAIN, **fields: Any) -> Point:
    """Session ``number`` of a history with one session in six hours, of which number 100 ends at NOW."""
    end = NOW + (number - 100) * 6 * HOUR
    given: dict[str, Any] = {"session": f"{group.agent}:{group.agent_type}-{number:04d}", "kind": "main", **fields}
    if group.agent_type not in ("main", "docs"):
        given["kind"] = "subagent"
    return Point(group=group, started_at=end - HOUR, ended_at=end, values=values, **given)


def points_of(kpi: str, values: Sequence[float], first: int = 0, group: Group = MAIN, **fields: Any) -> list[Point]:
    """One session for each value."""
    return [make_point(first + number, {kpi: value}, group, **fields) for number, value in enumerate(values)]
