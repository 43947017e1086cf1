"""The system's word on which files have changed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

_DEBOUNCE_MS = 1_000
"""Changes are collected so long at most …"""
_STEP_MS = 200
"""… and until nothing has changed for so long; five times a second the thread wakes up."""
_LOOK_SECONDS = 5.0
"""Between two looks at whether other folders are to be watched."""
_DELETED = 3
_RETRY_SECONDS = 600.0
"""After watches could not be had."""

Identity = tuple[int, int]


class Notices:
    """A thread that says which paths below some folders have changed; where it cannot, sweeps have to find it."""

    def __init__(
        self,
        find_folders: Callable[[], list[str]],
        on_paths: Callable[[set[str]], None],
        on_gap: Callable[[], None],
        note: Callable[[str], None],
        poll_seconds: float,
    ) -> None:
        """``on_gap`` is called when something may have gone unnoticed until now; see :meth:`start`."""
        self._find_folders = find_folders
        self._on_paths = on_paths
        self._on_gap = on_gap
        self._note = note
        self._poll_ms = round(poll_seconds * 1000)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tacho-notices", daemon=True)

    def start(self) -> None:
        """Begin; the callbacks come from a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End, within a fraction of a second."""
        self._stop.set()
        self._thread.join(0.5)

    def _run(self) -> None:
        while not self._stop.is_set():
            folders = self._look()
            if not folders:
                self._stop.wait(_LOOK_SECONDS)
                continue
            try:
                notify = self._open(list(folders))
            except FileNotFoundError:  # it went while it was being looked at
                self._stop.wait(1.0)
                continue
            except (OSError, RuntimeError) as error:
                self._note(_refusal(error, self._poll_ms / 1000))
                self._stop.wait(_RETRY_SECONDS)
                continue
            with notify:
                try:
                    self._follow(notify, folders)
                except RuntimeError:  # a file's name is no text, or watching broke down: begin anew
                    self._stop.wait(1.0)

    def _open(self, folders: list[str]) -> RustNotify:
        """Begin to watch. Raises OSError or RuntimeError where the system refuses."""
        from watchfiles._rust_notify import RustNotify

        # Should the system have no notifications, it polls: then as rarely as a sweep. Told to overlook what may not be
        # read, it overlooks limits too: that comes second.
        try:
            return RustNotify(folders, False, False, self._poll_ms, True, False)
        except PermissionError:
            return RustNotify(folders, False, False, self._poll_ms, True, True)

    def _look(self) -> dict[str, Identity]:
        """The folders that are there, and what they are: one that was made anew has to be watched anew."""
        found: dict[str, Identity] = {}
        for folder in self._find_folders():
            try:
                folder.encode()
                status = os.stat(folder)
            except (OSError, UnicodeEncodeError):
                continue
            if (status.st_dev, status.st_ino) not in found.values() or not status.st_ino:
                found[folder] = (status.st_dev, status.st_ino)
        return found

    def _follow(self, notify: RustNotify, folders: dict[str, Identity]) -> None:
        """Pass on what changes in ``folders`` until these are no longer the ones to watch."""
        self._on_gap()
        looked = time.monotonic()
        while True:
            changes = notify.watch(_DEBOUNCE_MS, _STEP_MS, round(_LOOK_SECONDS * 1000), self._stop)
            if changes in ("stop", "signal"):
                return
            if not isinstance(changes, str):
                told = {(kind, _as_given(path, folders)) for kind, path in changes}
                self._on_paths({path for _, path in told})
                if any(kind == _DELETED and path in folders for kind, path in told):
                    return  # its watch went with it, also when there is another folder of its name now
            if time.monotonic() - looked >= _LOOK_SECONDS:
                looked = time.monotonic()
                if self._look() != folders:
                    return


def _as_given(path: str, folders: dict[str, Identity]) -> str:
    """``path`` below the folder as it was given: some systems tell the real one, with all links followed."""
    if any(path.startswith(folder) for folder in folders):
        return path
    for folder in folders:
        real = os.path.realpath(folder)
        if path == real or path.startswith(os.path.join(real, "")):
            return folder + path[len(real) :]
    return path


def _refusal(error: Exception, seconds: float) -> str:
    reason = str(error).partition(" about ")[0].rstrip(".")  # what follows are names of folders
    return (
        f"Changes of files cannot be watched ({reason}): the logs are looked through every {seconds:g} seconds instead."
    )
