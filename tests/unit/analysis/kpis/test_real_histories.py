"""KPIs of real histories: in their bounds, and the thresholds where docs/kpis.md says they lie."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from pathlib import Path

import pytest

from tachograph.analysis.kpis import Measured, Seen, load_kpis, measure_kpis
from tachograph.app.history import load_records
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings


@pytest.fixture(scope="module")
def measured(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Measured]:
    """The KPIs of every session, without prices of findings."""
    workspace = Workspace(tmp_path_factory.mktemp("real") / "data", Settings())
    for agent, home in {"claude_code": "claude_home", "codex": "codex_home"}.items():
        ingest(workspace, agent=agent, path=shared_data / home)
    connection = sqlite3.connect(workspace.folder / "warehouse.sqlite")
    found = []
    for (id,) in connection.execute("SELECT id FROM sessions ORDER BY id").fetchall():
        told = load_records(connection, id)
        if told is not None and told[0].responses:
            paid = [one.pico for one in told[1].values() if one.pico is not None]
            found.append(measure_kpis(Seen(told[0], sum(paid), sum(not one.priced for one in told[1].values()))))
    connection.close()
    return found


@pytest.mark.shared_data
def test_every_value_lies_where_it_can(measured: list[Measured]) -> None:
    values = defaultdict(list)
    for one in measured:
        for name, value in one.values.items():
            values[name].append(value)
    assert set(load_kpis()) - set(values) == {name for name in load_kpis() if name.startswith("quality")}
    for name, kpi in load_kpis().items():
        assert all(value >= 0 for value in values[name]), name
        if kpi.unit == "ratio" and name != "tool_overhead_ratio":
            assert all(value <= 1 for value in values[name]), name


@pytest.mark.shared_data
def test_the_thresholds_of_token_efficiency_tell_real_sessions_apart(measured: list[Measured]) -> None:
    values = sorted(one.values["token_efficiency"] for one in measured if "token_efficiency" in one.values)
    statuses = [load_kpis()["token_efficiency"].status(value) for value in values]
    shares = {status: statuses.count(status) / len(values) for status in ("good", "fair", "warning", "critical")}
    assert 0.25 < shares["good"] < 0.5
    assert 0.25 < shares["fair"] < 0.6
    assert 0.05 < shares["warning"] < 0.25
    assert shares["critical"] < 0.05
    assert sum(value < 0.01 for value in values) / len(values) > 0.75  # the plan would call these critical
