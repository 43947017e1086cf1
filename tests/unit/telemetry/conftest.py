"""A telemetry folder for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.telemetry.spans import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """An empty one."""
    return Folder(tmp_path / "telemetry")
