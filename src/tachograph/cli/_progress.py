"""A progress bar on stderr, for runs that take more than half a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_PATIENCE_SECONDS = 0.5


@contextmanager
def progress_bar() -> Iterator[Callable[[Any], None] | None]:
    """A function that takes an ``app.ingest.Progress``; None when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    bar = _Bar()
    try:
        yield bar.update
    finally:
        bar.close()


class _Bar:
    def __init__(self) -> None:
        self._started = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def update(self, progress: Any) -> None:
        if self._bar is None:
            if time.monotonic() - self._started < _PATIENCE_SECONDS:
                return
            self._open(progress)
        self._bar.update(self._task, completed=progress.done_bytes, total=progress.all_bytes)

    def _open(self, progress: Any) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("Reading logs"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("", total=progress.all_bytes)
        self._bar.start()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
