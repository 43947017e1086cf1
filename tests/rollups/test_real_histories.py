"""On real histories the rollups say what the reports say, in a zone of half-hours with summer time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.rollups.refresh import refresh
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tests.rollups.dump import dump_rollups
from tests.rollups.expected import assert_right


def test_real_histories(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(shared_data / "claude_home"))
    monkeypatch.setenv("CODEX_HOME", str(shared_data / "codex_home"))
    workspace = Workspace(tmp_path / "data", Settings(display_timezone="America/St_Johns"))
    ingest(workspace)
    assert refresh(workspace).whole
    assert_right(workspace)
    assert len(dump_rollups(workspace.folder)["roots"]) > 20
