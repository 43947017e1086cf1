"""The watcher: sees logs grow, has them read, and says what has changed. A part of ``tacho serve``."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tachograph.app.dashboard.desk import Live
from tachograph.app.watch.activity import ActiveSessions
from tachograph.app.watch.background_judge import BackgroundJudge
from tachograph.app.watch.child import Child, WorkerGone
from tachograph.app.watch.ended import EndedSessions
from tachograph.app.watch.notices import Notices
from tachograph.app.watch.pending import Pending
from tachograph.app.watch.records import Answer, Change, Job, Reading, Status
from tachograph.app.workspace import Workspace
from tachograph.hooks.places import FOLDER
from tachograph.sources import load_sources

_MOST_NOTES = 20


def _clock() -> int:
    return time.time_ns() // 1_000_000


class Watcher:
    """Watches the agents' folders and ``paths`` from threads of this process; the work is done in a child process.

    Sessions that grow are read at once. A session is finished when its logs have been stable for ``stability_window``
    seconds, or when a SessionEnd hook has said so; then the loop goes round, where it is in use, and with
    ``background_judge`` the session is judged. Every ``scan_interval`` seconds all logs are looked at.
    """

    def __init__(
        self,
        workspace: Workspace,
        paths: Sequence[Path] = (),
        *,
        scan_interval: float = 120.0,
        stability_window: float = 300.0,
        background_judge: bool = False,
        on_change: Callable[[Change], None],
        on_note: Callable[[str], None] | None = None,
        clock: Callable[[], int] = _clock,
    ) -> None:
        """``on_change`` and ``on_note`` are called from other threads; ``clock`` gives ms UTC."""
        self._folder = workspace.folder
        self._paths = tuple(Path(os.path.abspath(path)) for path in paths)
        self._window_ms = round(stability_window * 1000)
        self._on_change = on_change
        self._on_note = on_note
        self._clock = clock
        self._stopping = threading.Event()
        self._pending = Pending(scan_interval)
        self._active = ActiveSessions(self._window_ms, clock())
        self._ended = EndedSessions(workspace.folder)
        self._child = Child(workspace.folder)
        self._notices = Notices(
            self._find_folders, self._take_paths, self._pending.want_sweep, self._note, scan_interval
        )
        self._judge = BackgroundJudge(workspace.folder, self._tell_judged, self._note) if background_judge else None
        self._thread = threading.Thread(target=self._run, name="tacho-watcher", daemon=True)
        self._status = Status()
        self._status_lock = threading.Lock()
        self._revision = -1
        self._suspects: set[bytes] = set()
        self._finished: list[str] = []

    @property
    def status(self) -> Status:
        """Where it stands."""
        return self._status

    @property
    def live(self) -> Live:
        """What a page needs to know of sessions that are going on."""
        return Live(not self._stopping.is_set(), self._window_ms, self._active.ended)

    @property
    def worker_pid(self) -> int | None:
        """Of the child process, while there is one."""
        return self._child.pid

    def start(self) -> None:
        """Begin: first everything that is there is read."""
        self._notices.start()
        self._thread.start()
        if self._judge is not None:
            self._judge.start()

    def stop(self) -> None:
        """End within a second. What is being read is read again at the next start."""
        self._stopping.set()
        self._pending.wake()
        self._child.close()
        if self._judge is not None:
            self._judge.stop()
        self._notices.stop()
        self._thread.join(0.5)

    # -------------------------------------------------------------------------------------------- what comes in

    def _find_folders(self) -> list[str]:
        homes = [home for source in load_sources().values() for root in source.roots() for home in source.homes(root)]
        folders = [os.path.abspath(home) for home in homes]
        return [*folders, *map(str, self._paths), os.path.abspath(self._folder / FOLDER)]

    def _take_paths(self, paths: set[str]) -> None:
        """Sort what has changed: the hooks' own file, folders, files."""
        if any(self._ended.owns(path) for path in paths):
            self._pending.want_endings()
        own = os.path.abspath(self._folder)  # which may lie in a folder with logs, or they in it
        logs = [path for path in paths if os.path.dirname(path) not in (own, os.path.join(own, FOLDER))]
        if any(os.path.isdir(path) for path in logs):
            self._pending.want_sweep()
        self._pending.add(logs)

    def _note(self, text: str) -> None:
        with self._status_lock:
            if text in self._status.notes:
                return
            notes = (*self._status.notes, text)[-_MOST_NOTES:]
            self._status = Status(self._status.ready, self._status.reading, notes)
        if self._on_note is not None:
            self._on_note(text)

    def _show(self, reading: Reading | None, *, ready: bool = False) -> None:
        with self._status_lock:
            self._status = Status(ready or self._status.ready, reading, self._status.notes)

    # ------------------------------------------------------------------------------------------------- the work

    def _run(self) -> None:
        self._take_endings()
        while not self._stopping.is_set():
            due = self._active.next_due
            seconds = 0.0 if self._finished else None if due is None else (due - self._clock()) / 1000
            self._pending.wait(seconds, self._child.idle_at)
            if not self._stopping.is_set():
                self._step()
                self._child.end_if_idle()

    def _step(self) -> None:
        """Do what is due, the most urgent first."""
        if self._pending.take_endings():
            self._take_endings()
        if self._pending.take_sweep():
            self._sweep()
        elif logs := self._pending.take_logs():
            self._read_on(logs)
        else:
            self._finish()

    def _sweep(self) -> None:
        started = time.monotonic()
        self._take_endings()  # the hooks' folder may have come after the watching began, or not be watched at all
        suspects = tuple(self._suspects)
        answer = self._ask(Job("sweep", folders=tuple(map(os.fsencode, self._paths)), logs=suspects))
        if answer is None or answer.busy:
            self._pending.want_sweep()
            return
        self._suspects.difference_update(suspects)
        self._pending.ignore(map(os.fsdecode, answer.strangers))
        self._pending.sweep_done(time.monotonic() - started)
        if not self._status.ready:
            self._show(None, ready=True)
            self._on_change(Change(self._revision))

    def _read_on(self, logs: list[str]) -> None:
        answer = self._ask(Job("grown", logs=tuple(map(os.fsencode, logs))))
        if answer is None or answer.busy:
            self._pending.add(logs)
        elif answer.strangers:  # whether they are logs, a look at everything tells
            self._suspects.update(answer.strangers)
            self._pending.want_sweep()

    def _finish(self) -> None:
        """Have done for sessions that are over what is done once; they are kept while another process writes."""
        found = self._active.take_finished(self._clock())
        if found:
            self._on_change(Change(self._revision, tuple(reversed(found))))
            if self._judge is not None:
                self._judge.add(found)
            self._finished += found
        if self._finished:
            answer = self._ask(Job("finished", ids=tuple(self._finished)))
            if answer is None or not answer.busy:
                self._finished.clear()

    def _take_endings(self) -> None:
        now = self._clock()
        for session, at in self._ended.read_new():
            self._active.end(session, at, now)

    def _ask(self, job: Job) -> Answer | None:
        """Have it done; None when it could not be. An answer may be ``busy``: then it is tried again after a while."""
        now = self._clock()
        job = Job(job.kind, self._revision, now - self._window_ms, job.folders, job.logs, job.ids)
        try:
            answer = self._child.ask(job, self._show)
        except WorkerGone:
            if not self._stopping.is_set():
                self._note("A process that reads logs has ended before its time; another one goes on with it.")
                self._pending.failed(want_sweep=True)
            return None
        finally:
            self._show(None)
        if answer.busy:
            self._pending.failed(want_sweep=False)
            return answer
        if answer.fault:
            self._note(answer.fault)
            self._pending.failed(want_sweep=True)
            return None
        self._pending.succeeded()
        self._tell(answer)
        return answer

    def _tell(self, answer: Answer) -> None:
        for text in answer.notes:
            self._note(text)
        self._active.note(answer.changed, self._clock())
        before, self._revision = self._revision, answer.revision
        if before not in (-1, answer.revision):
            sessions = (*(found.session for found in answer.changed), *answer.others)
            self._on_change(Change(answer.revision, sessions))

    def _tell_judged(self, sessions: tuple[str, ...]) -> None:
        self._on_change(Change(self._revision, sessions))
