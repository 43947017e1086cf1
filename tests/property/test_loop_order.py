"""KPIs, baselines, alerts and offers are those of one fresh run, whatever came when and however often tacho learned."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tachograph.app import ingest as ingestion
from tachograph.app.learn.run import learn
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tests.dump import Rows, assert_same, dump_warehouse
from tests.property.test_order_and_interruption import _LOGS, _PATHS, Machine

_LOOP = ("points", "kpis", "alerts", "loop_records")

steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["grow", "grow", "truncate", "scribble", "vanish", "ingest", "learn", "learn", "interrupt", "rebuild",
             "rederive"]
        ),
        st.integers(0, len(_PATHS) - 1),
        st.floats(0, 1),
    ),
    max_size=20,
)  # fmt: skip


class LearningMachine(Machine):
    """One on which tacho learns too."""

    def take(self, step: str, number: int, share: float) -> None:
        if step == "learn":
            learn(self.workspace)
        elif step == "interrupt":
            self._interrupt(number)
        else:
            super().take(step, number, share)

    def _interrupt(self, number: int) -> None:
        """Ctrl-C while KPIs are computed or sessions are judged."""
        places = ("points.store_point", "fold.Reviewer", "run.refresh_offers", "run.prepare_briefing")
        place = f"tachograph.app.learn.{places[number % len(places)]}"
        with mock.patch(place, side_effect=KeyboardInterrupt):
            try:
                learn(self.workspace)
            except KeyboardInterrupt:
                return

    def settle(self) -> dict[str, Rows]:
        super().settle()
        learn(self.workspace)
        return dump_warehouse(self.workspace.folder)


def fresh_dump(folder: Path) -> dict[str, Rows]:
    workspace = Workspace(folder / "fresh", Settings())
    ingestion.ingest(workspace, jobs=1)
    learn(workspace)
    return dump_warehouse(workspace.folder)


@pytest.fixture(scope="module")
def expected() -> dict[str, Rows]:
    """What one fresh run finds out."""
    folder = Path(tempfile.mkdtemp(prefix="tacho-loop-"))
    with mock.patch.dict(os.environ):
        machine = LearningMachine(folder)
        for path, content in _LOGS.items():
            machine._write(path, content)
        try:
            return {name: rows for name, rows in fresh_dump(folder).items() if name in _LOOP}
        finally:
            shutil.rmtree(folder)


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=30)
@given(schedule=steps, batch=st.integers(1, 4))
def test_any_history_gives_the_loop_of_one_fresh_run(
    expected: dict[str, Rows], schedule: list[tuple[str, int, float]], batch: int
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="tacho-loop-"))
    with mock.patch.dict(os.environ):
        try:
            machine = LearningMachine(folder)
            with (
                mock.patch.object(ingestion, "_BATCH_LOGS", batch),
                mock.patch("tachograph.app.learn.points._BATCH", batch),
                mock.patch("tachograph.app.learn.fold.DISTANCES", (4, 1)),
            ):
                for step in schedule:
                    machine.take(*step)
                found = machine.settle()
            assert_same({name: found[name] for name in _LOOP}, expected)
        finally:
            shutil.rmtree(folder)


def test_the_history_gives_the_loop_something_to_say(expected: dict[str, Rows]) -> None:
    assert len(expected["points"]) == 13
    assert len({row[1] for row in expected["kpis"]}) >= 8
    assert {row[0] for row in expected["loop_records"]} >= {"baselines", "offers"}
