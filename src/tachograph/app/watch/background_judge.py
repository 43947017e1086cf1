"""The background judge: a thread and a child process of its own, so that what grows is read meanwhile."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from tachograph.app.watch.child import Child, WorkerGone
from tachograph.app.watch.records import Job

_MOST_WAITING = 1_000
_MOST_TRIES = 5


class BackgroundJudge:
    """Has sessions judged one at a time, in the order in which they finished."""

    def __init__(self, folder: Path, on_judged: Callable[[tuple[str, ...]], None], note: Callable[[str], None]) -> None:
        """``on_judged`` is told what was judged; both callbacks come from the judge's thread."""
        self._child = Child(folder)
        self._on_judged = on_judged
        self._note = note
        self._changed = threading.Condition()
        self._waiting: deque[str] = deque(maxlen=_MOST_WAITING)
        self._tries: dict[str, int] = {}
        self._fresh = False
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="tacho-judge", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is being judged is not."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._child.close()
        self._thread.join(0.5)

    def add(self, sessions: Iterable[str]) -> None:
        """These have finished; those that no judge could be reached for are tried again with them."""
        with self._changed:
            self._waiting.extend(one for one in sessions if one not in self._waiting)
            self._fresh = True
            self._changed.notify()

    def _run(self) -> None:
        while (session := self._take()) is not None:
            try:
                answer = self._child.ask(Job("judge", ids=(session,)))
            except WorkerGone:
                if not self._stopping:
                    self._note("The process that asks the judge has ended before its time.")
                continue
            for text in (*answer.notes, *([answer.fault] if answer.fault else [])):
                self._note(text)
            if answer.waiting or answer.busy:
                self._put_back(session)
            else:
                self._tries.pop(session, None)
                self._on_judged((session,))

    def _put_back(self, session: str) -> None:
        """Keep it for the next time, after all others: what failed may have been its own fault."""
        tries = self._tries.pop(session, 0) + 1
        with self._changed:
            self._fresh = False
            if tries < _MOST_TRIES:
                self._waiting.append(session)
                self._tries[session] = tries
            while len(self._tries) > _MOST_WAITING:
                del self._tries[next(iter(self._tries))]

    def _take(self) -> str | None:
        """The next session, when there is one and the judge may be there; None at the end."""
        with self._changed:
            while not self._stopping:
                if self._waiting and self._fresh:
                    return self._waiting.popleft()
                self._changed.wait(None if self._child.idle_at is None else 60.0)
                self._child.end_if_idle()
            return None
