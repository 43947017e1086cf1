"""However the warehouse came about and whenever it was looked at, the rollups are those of one fresh build."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from datetime import date
from pathlib import Path
from unittest import mock

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tachograph.app import ingest as ingestion
from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.learn.agent_types import AgentTypes
from tachograph.app.learn.points import refresh_points
from tachograph.app.rollups import refresh as refreshing
from tachograph.app.rollups.cubes import SessionSums, ToolSums, UsageSums, VerdictSums
from tachograph.app.rollups.read import add_up
from tachograph.app.rollups.refresh import refresh
from tachograph.app.rollups.store import forget_rollups
from tachograph.app.scope import Scope
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tachograph.warehouse.store import open_writer
from tests.dump import assert_same
from tests.property import test_order_and_interruption as machines
from tests.rollups.dump import dump_rollups
from tests.rollups.expected import assert_right
from tests.rollups.history import write_sharing_history

_HISTORY = Path(tempfile.mkdtemp(prefix="tacho-sharing-"))
_LOGS = {path.relative_to(_HISTORY): content for path, content in write_sharing_history(_HISTORY).items()}
_PATHS = sorted(_LOGS)
ZONES = ("UTC", "Asia/Kolkata", "America/St_Johns", "Europe/Berlin")

steps = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["grow", "grow", "grow", "truncate", "scribble", "vanish", "ingest", "ingest", "rederive"]),
            st.integers(0, len(_PATHS) - 1),
            st.floats(0, 1),
        ),
        st.tuples(st.sampled_from(["refresh", "refresh", "measure", "stop", "zone"]), st.integers(0, 8), st.just(0.0)),
    ),
    max_size=25,
)


class Watched(machines.Machine):
    """A machine on which the dashboard is looked at now and then."""

    def __init__(self, folder: Path, whole: bool) -> None:
        super().__init__(folder)
        for path, content in _LOGS.items() if whole else ():
            self._write(path, content)

    def take(self, step: str, number: int, share: float) -> None:
        if step == "measure":
            self.measure()
        elif step == "zone":
            changed = msgspec.structs.replace(self.workspace.settings, display_timezone=ZONES[number % len(ZONES)])
            self.workspace = Workspace(self.workspace.folder, changed)
        elif step == "stop":
            self.stop(number)
        elif step == "refresh":
            if (self.workspace.folder / "warehouse.sqlite").exists():
                refresh(self.workspace)
        else:
            super().take(step, number, share)

    def measure(self) -> None:
        with open_writer(self.workspace.folder) as connection:
            refresh_points(connection, AgentTypes({}))

    def stop(self, number: int) -> None:
        """Interrupt a refresh at its ``number``-th table."""
        left = number
        stored = refreshing.replace_parts

        def interrupted(*arguments: object) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            stored(*arguments)  # type: ignore[arg-type]

        self.ingest()
        with mock.patch.object(refreshing, "replace_parts", interrupted), suppress(KeyboardInterrupt):
            refresh(self.workspace)


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)
@given(steps, st.integers(1, 4), st.sampled_from([1, 3, 400]), st.booleans())
def test_any_history_of_refreshes_gives_the_rollups_of_one_fresh_build(
    schedule: list[tuple[str, int, float]], batch: int, roots: int, whole: bool
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="tacho-rollups-"))
    environment = dict(os.environ)
    try:
        with (
            mock.patch.multiple(machines, _HISTORY=_HISTORY, _LOGS=_LOGS, _PATHS=_PATHS),
            mock.patch.object(ingestion, "_BATCH_LOGS", batch),
            mock.patch.object(refreshing, "_BATCH_ROOTS", roots),
        ):
            machine = Watched(folder, whole)
            for step in schedule:
                machine.take(*step)
            machine.ingest()
            refresh(machine.workspace)
            found = dump_rollups(machine.workspace.folder)
        assert_right(machine.workspace)
        forget_rollups(machine.workspace.folder)
        refresh(machine.workspace)
        assert_same(found, dump_rollups(machine.workspace.folder))
    finally:
        os.environ.clear()
        os.environ.update(environment)
        shutil.rmtree(folder)


def test_the_history_holds_what_makes_it_hard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(_HISTORY / "claude"))
    monkeypatch.setenv("CODEX_HOME", str(_HISTORY / "codex"))
    workspace = Workspace(tmp_path / "data", Settings(display_timezone="Europe/Berlin"))
    ingestion.ingest(workspace, jobs=1)
    refresh(workspace)
    with open_desk(workspace, update=False) as desk:
        scope = Scope(date(2026, 4, 2), "all", zone=desk.zone, zone_name=desk.zone_name)
        [(_, sessions)] = add_up(desk.connection, SessionSums, scope)
        verdicts = {key[0]: sums.sessions for key, sums in add_up(desk.connection, VerdictSums, scope, by=("verdict",))}
        [(_, calls)] = add_up(desk.connection, ToolSums, scope)
        assert len(add_up(desk.connection, UsageSums, scope, by=("day",))) == 12
    assert (sessions.sessions, sessions.subagents, sessions.retried, sessions.wasteful) == (25, 5, 12, 4)
    assert {"above_p75", "within_band", "below_p25", "unavailable"} == verdicts.keys()
    assert calls.priced > 30
    assert calls.unpriced > 10
