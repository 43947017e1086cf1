"""A history that the loop has something to say about: a week as usual, and one in which sessions go wrong.

Prices as in wasteful.py, for a million tokens: input $10, cache read $1, write for five minutes $12, output $50.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import Connection

import pytest

from tachograph.analysis.kpis import measure_kpis
from tachograph.app.ingest import ingest
from tachograph.app.learn.agent_types import AgentTypes
from tachograph.app.learn.fold import fold_history
from tachograph.app.learn.offers import refresh_offers
from tachograph.app.learn.points import refresh_points, store_point
from tachograph.app.workspace import Workspace
from tachograph.learning.records import Group, Point
from tachograph.learning.suggestions import load_catalogue
from tachograph.warehouse.store import open_reader, open_writer, transaction, write_meta
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.log import milliseconds
from tests.builders.post_mortem import post_mortem
from tests.builders.wasteful import MYSTERY, make_workspace

SITE = "/home/ada/site"
WEEK, WEEK_BEFORE = "2026-W46", "2026-W45"
NOW = milliseconds("2026-11-18T12:00:00Z")
HOSTILE = "</td>|`x` **b** [a](javascript:alert(1)) @ada #12 <img src=x onerror=y> \x1b[31m"
HOUR_MS = 3_600_000
USUAL = {
    "token_efficiency": (0.047, 0.012), "task_completion_rate": (0.96, 0.03), "active_time_ratio": (0.68, 0.08),
    "tool_overhead_ratio": (0.42, 0.11), "cache_efficiency": (0.94, 0.04),
}  # fmt: skip
"""Baselines of the post-mortem session's agent type: mean and standard deviation."""


@pytest.fixture
def looped(home: Path) -> Looped:
    """The history, read and judged."""
    return Looped(home)


class Looped:
    """Six sessions as usual in one week; in the next one four in which calls fail, and a good one."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.claude = ClaudeHome(home / ".claude")
        self.usual = [self.work(f"2026-11-{2 + day:02d}T09:00:00Z", failures=day % 2) for day in range(6)]
        self.bad = [self.work(f"2026-11-{9 + day:02d}T09:00:00Z", failures=7, output=300) for day in range(4)]
        self.bad[3].custom_title(HOSTILE)
        self.good = self.work("2026-11-14T09:00:00Z", output=2_500)
        self.claude.project("/home/ada/lab").session("2026-11-14T15:00:00Z", model=MYSTERY).prompt("Try it.").response()
        self.claude.write()
        self.workspace = make_workspace(home)
        ingest(self.workspace)
        learn(self.workspace)

    def work(self, at: str, failures: int = 0, output: int = 1_000) -> ClaudeLog:
        """Ten calls with a response each, $0.10 and their output; the first ``failures`` of them fail."""
        log = self.claude.project(SITE).session(at, model="house-model").prompt("Repair the login.")
        for number in range(10):
            log.calls(
                ("Bash", {"command": f"make step{number}"}), input=1_000, cache_read=60_000, write_5m=2_500,
                output=output // 10,
            )  # fmt: skip
            if number < failures:
                log.result(f"Exit code 1\nboom: no such module in step {number}", error=True)
            else:
                log.result("done", detail={"stdout": "done", "stderr": ""})
        return log

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A reading connection."""
        with closing(open_reader(self.workspace.folder)) as connection:
            yield connection


def learn(workspace: Workspace) -> None:
    """What the loop does of its work for the reports, at :data:`NOW`."""
    with open_writer(workspace.folder) as connection:
        refresh_points(connection, AgentTypes({}))
        fold(connection)


def fold(connection: Connection) -> None:
    """The part of it after the KPIs."""
    with transaction(connection):
        fold_history(connection, [], NOW)
        refresh_offers(connection, load_catalogue(), NOW)
        write_meta(connection, "loop_at", str(NOW))


def translations(sessions: int = 30) -> list[Point]:
    """Sessions of translators as they had been, one a day, and the post-mortem session as the last."""
    start = milliseconds("2026-10-01T08:00:00Z")
    points = []
    for number in range(sessions):
        sign = 1 if number % 2 else -1
        values = {name: min(mean + sign * sd, 1.0) for name, (mean, sd) in USUAL.items()}
        points.append(translation(f"claude_code:t{number:03d}", start + number * 24 * HOUR_MS, values))
    seen = measure_kpis(post_mortem())
    last = translation("claude_code:post-mortem", start + sessions * 24 * HOUR_MS, seen.values)
    return [*points, last]


def translation(session: str, at: int, values: dict[str, float], **fields: object) -> Point:
    """A translator's session of two hours that began at ``at``."""
    group = Group("translation", "claude_code", "claude-opus")
    return Point(session, group, "subagent", at, at + 2 * HOUR_MS, values, cost_pico=5 * 10**12, **fields)  # type: ignore[arg-type]


def store_points(workspace: Workspace, points: list[Point]) -> None:
    """Keep sessions that are known by their KPIs alone, and go round the loop."""
    with open_writer(workspace.folder) as connection:
        with transaction(connection):
            for point in points:
                store_point(connection, point)
        fold(connection)
