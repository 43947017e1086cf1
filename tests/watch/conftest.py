"""What all tests of the watcher need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tachograph.app.watch import pending
from tests.watch.watching import Watching


@pytest.fixture
def watching(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watching]:
    """A watcher that rests little, and is ended afterwards."""
    monkeypatch.setattr(pending, "_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(pending, "_FAILED_SECONDS", 0.5)
    found = Watching(home)
    yield found
    found.stop()
