"""Going on from where the last round ended gives what a round over the whole history gives."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tachograph.app.baselines import reset_baselines
from tachograph.app.suggestions import activate, disable
from tachograph.errors import TachographError
from tests.builders.pointed import HOUR, MAIN, Group, Loop, make_point

_GROUPS = (MAIN, Group("main", "claude_code", "new-house"), Group("main", "codex", "gpt"))
_TABLES = {
    "alerts": "SELECT * FROM alerts ORDER BY id",
    "loop_records": "SELECT * FROM loop_records WHERE kind <> 'snapshot' ORDER BY kind, name",
    "points": "SELECT * FROM points ORDER BY session",
}

steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["new", "new", "new", "new", "old", "lacking", "gone", "learn", "learn", "learn", "treat", "reset",
             "activate", "disable"]
        ),
        st.integers(0, 40),
        st.sampled_from([0.0, 0.02, 0.03, 0.04, 0.3, 1.0, 5.0]),
    ),
    min_size=5,
    max_size=60,
)  # fmt: skip


class Course:
    """Sessions, decisions and rounds in any order."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.latest = 0

    def begin(self) -> None:
        """Some sessions, and a round that leaves snapshots."""
        for value in (0.02, 0.03, 0.04) * 6:
            self.take("new", self.latest, value)
        self.take("learn", 0, 0.0)
        assert self.loop.rows("SELECT count(*) > 0 FROM loop_records WHERE kind = 'snapshot'") == [(1,)]

    def take(self, step: str, number: int, value: float) -> None:
        loop, group = self.loop, _GROUPS[number % len(_GROUPS)]
        values = {"error_rate": value, "tool_overhead_ratio": 3 * value, "active_time_ratio": value / 5}
        if step == "new":
            self.latest += 1 + number % 2 * 3
            loop.put(make_point(self.latest, values, group))
        elif step == "old":
            loop.put(make_point(number, values, group))
        elif step == "lacking":
            loop.put(make_point(number, {}, group, lacking={"error_rate": "made up"}))
        elif step == "gone":
            with loop.write() as connection:
                point = make_point(number, {}, group)
                connection.execute("DELETE FROM kpis WHERE session = ?", (point.session,))
                connection.execute("DELETE FROM points WHERE session = ?", (point.session,))
        elif step == "treat":
            loop.assign("batch_tasks:main:1", make_point(number, {}, group).session, "treatment")
        elif step == "learn":
            loop.learn()
        else:
            self._decide(step, group)
        loop.now += HOUR // 2

    def _decide(self, step: str, group: Group) -> None:
        try:
            if step == "reset":
                reset_baselines(self.loop.workspace, "main", group.agent, None, None)
            elif step == "activate":
                activate(self.loop.workspace, "batch_tasks", "main")
            else:
                disable(self.loop.workspace, "batch_tasks", "main")
        except TachographError:
            return  # it does not fit, or nothing is there yet

    def dump(self) -> dict[str, list[tuple[object, ...]]]:
        return {name: self.loop.rows(query) for name, query in _TABLES.items()}


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)
@given(steps)
def test_round_by_round_as_all_at_once(course_steps: list[tuple[str, int, float]]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="tacho-steps-"))
    places = {
        "HOME": "", "XDG_CONFIG_HOME": ".config", "TACHO_DATA_DIR": "tachograph", "CLAUDE_CONFIG_DIR": ".claude",
        "CODEX_HOME": ".codex",
    }  # fmt: skip
    environment = {name: str(folder / place) for name, place in places.items()}
    try:
        with (
            mock.patch.dict(os.environ, environment),
            mock.patch("tachograph.app.learn.fold.DISTANCES", (6, 2)),
            pytest.MonkeyPatch.context() as patch,
        ):
            course = Course(Loop(folder, patch))
            course.loop.install(activation="manual")
            course.begin()
            for step in course_steps:
                course.take(*step)
            course.loop.learn()
            found = course.dump()
            with course.loop.write() as connection:
                connection.execute("DELETE FROM loop_records")
                connection.execute("DELETE FROM alerts")
            course.loop.learn(forced=True)
            expected = course.dump()
            for name in _TABLES:
                assert found[name] == expected[name], name
    finally:
        shutil.rmtree(folder)
