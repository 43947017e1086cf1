"""What the tests of the runner share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.capture.runner import Runner

if TYPE_CHECKING:
    from tests.capture.at_terminal import Desk


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    runner = Runner(tmp_path)
    try:
        yield runner
    finally:
        runner.end_all()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    from tests.capture.at_terminal import Desk  # Windows has no such terminals

    desk = Desk(tmp_path)
    try:
        yield desk
    finally:
        desk.person.leaves()
