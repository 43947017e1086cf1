"""Keeping the warehouse up to date while the dashboard shows it: by a watcher, or once at the start."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tachograph.app.dashboard.desk import Live
from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.ingest import Progress, ingest
from tachograph.app.learn.run import learn_if_free
from tachograph.app.workspace import Workspace
from tachograph.errors import Busy, TachographError
from tachograph.warehouse.store import warehouse_file

if TYPE_CHECKING:
    from tachograph.app.watch.watcher import Watcher

Publish = Callable[[int, Sequence[str]], None]
"""Is told the state of the warehouse and which main sessions changed (none: too many to be named)."""
Tell = Callable[[str], None]
"""Is given a sentence for the person at the terminal."""

_BEGINNING = "Your logs are being read for the first time."
_LOOK_SECONDS = 2.0
_MOST_NAMED = 200
"""A change that names so many sessions may concern others, too."""


class Options(msgspec.Struct, frozen=True):
    """How the warehouse is kept up to date."""

    watch: bool = True
    paths: tuple[Path, ...] = ()
    """Folders with logs besides the agents' own."""
    scan_interval: int = 120
    """Seconds between two looks at everything."""
    stability_window: int = 300
    """Seconds without growth after which a session is finished."""
    background_judge: bool = False


class WatchedUpkeep:
    """A watcher reads what grows."""

    def __init__(self, workspace: Workspace, options: Options, publish: Publish, tell: Tell) -> None:
        from tachograph.app.watch.watcher import Watcher

        self._watcher: Watcher = Watcher(
            workspace,
            options.paths,
            scan_interval=options.scan_interval,
            stability_window=options.stability_window,
            background_judge=options.background_judge,
            on_change=lambda change: publish(
                change.revision, change.sessions if len(change.sessions) < _MOST_NAMED else ()
            ),
            on_note=tell,
        )

    def start(self) -> None:
        """Begin, and return at once."""
        self._watcher.start()

    def stop(self) -> None:
        """End it."""
        self._watcher.stop()

    @property
    def live(self) -> Live:
        """What is known of sessions that are going on."""
        return self._watcher.live

    def reading(self) -> str:
        """What there is to wait for, in one sentence; empty: nothing."""
        status = self._watcher.status
        return "" if status.ready else _how_far(status.reading)


class SingleUpkeep:
    """The logs are read once; what other processes store later is shown too."""

    def __init__(self, workspace: Workspace, options: Options, publish: Publish, tell: Tell) -> None:
        self._workspace = workspace
        self._paths = options.paths
        self._publish = publish
        self._tell = tell
        self._stop = threading.Event()
        self._done = False
        self._revision = -1
        self._progress: Progress | None = None

    def start(self) -> None:
        """Begin, and return at once. The thread ends with the process, whatever it is doing: no harm comes of that."""
        threading.Thread(target=self._run, name="upkeep", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    @property
    def live(self) -> Live:
        """No session is called live."""
        return Live()

    def reading(self) -> str:
        """What there is to wait for, in one sentence; empty: nothing."""
        return "" if self._done else _how_far(self._progress)

    def _run(self) -> None:
        self._try(self._ingest)
        self._try(self._learn)
        seen = self._look()
        self._try(self._refresh)
        self._done = True
        while not self._stop.wait(_LOOK_SECONDS):
            found = self._look()
            if found != seen and self._try(self._refresh):
                seen = found

    def _ingest(self) -> None:
        workspace = self._workspace
        if workspace.is_demo or not workspace.settings.ingest_auto:
            return
        for path in (None, *self._paths):
            ingest(workspace, path=path, wait_seconds=2.0, on_progress=self._note_progress)

    def _learn(self) -> None:
        """Go round the loop, so that there are KPIs to show."""
        if self._workspace.settings.ingest_auto:
            learn_if_free(self._workspace, update=False, note=self._tell)

    def _note_progress(self, progress: Progress) -> None:
        self._progress = progress

    def _refresh(self) -> None:
        with open_desk(self._workspace, update=True) as desk:
            revision = desk.standing.revision
        if revision != self._revision:
            self._revision = revision
            self._publish(revision, ())

    def _try(self, step: Callable[[], None]) -> bool:
        try:
            step()
        except Busy:
            return False
        except TachographError as error:
            self._tell(error.message)
        except Exception:  # noqa: BLE001 (a bug, or a disk that gave way: what is stored can be shown all the same)
            traceback.print_exc(file=sys.stderr)
        return True

    def _look(self) -> tuple[int, ...]:
        """Something that is different after each writing to the warehouse."""
        base = str(warehouse_file(self._workspace.folder))
        found: list[int] = []
        for name in (base, base + "-wal"):
            try:
                stat = os.stat(name)
            except OSError:
                continue
            found += (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        return tuple(found)


Upkeep = WatchedUpkeep | SingleUpkeep


def make_upkeep(workspace: Workspace, options: Options, publish: Publish, tell: Tell) -> Upkeep:
    """A watcher when one is wanted; never for a demo, whose history is made up."""
    kind = WatchedUpkeep if options.watch and not workspace.is_demo else SingleUpkeep
    return kind(workspace, options, publish, tell)


def _how_far(progress: object) -> str:
    done, logs = getattr(progress, "done_logs", 0), getattr(progress, "all_logs", 0)
    return f"{_BEGINNING} {done:,} of {logs:,} are done." if logs else _BEGINNING
