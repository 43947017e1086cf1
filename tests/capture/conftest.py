"""What the tests of the runner share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.capture.runner import Runner

if TYPE_CHECKING:
    from tests.capture.at_terminal import Desk


@pytest.fixture(autouse=True, scope="session")
def signals_end_what_is_started() -> Iterator[None]:
    """Tests that run in the background of a script ignore some signals, and so would all that they start."""
    names = ("SIGHUP", "SIGINT", "SIGQUIT")
    ignored = [one for one in signal.Signals if one.name in names and signal.getsignal(one) is signal.SIG_IGN]
    for one in ignored:
        signal.signal(one, signal.SIG_DFL)
    yield
    for one in ignored:
        signal.signal(one, signal.SIG_IGN)


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
