"""The bar of long runs: never for short ones, never where nobody watches."""

from __future__ import annotations

import pytest

from tachograph.app.ingest import Progress
from tachograph.cli import _progress
from tachograph.cli._progress import progress_bar


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(_progress, "time", clock)
    return clock


def test_where_nobody_watches_there_is_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as update:
        assert update is None
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("after", "shown"), [(0.4, False), (0.6, True)])
def test_it_comes_after_half_a_second(
    after: float, shown: bool, clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress_bar() as update:
        assert update is not None
        update(Progress(1, 4, 250, 1000))
        clock.now += after
        update(Progress(2, 4, 500, 1000))
    assert ("Reading logs" in capsys.readouterr().err) == shown
