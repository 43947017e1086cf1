"""What the watcher has done in its child process: reading logs, going round the loop, asking the judge."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from tachograph.app.ingest import IngestReport, ingest
from tachograph.app.ingest import Progress as Ingested
from tachograph.app.rollups.refresh import refresh
from tachograph.app.watch.records import Activity, Answer, Job, Message, Progress, Reading
from tachograph.app.workspace import Workspace
from tachograph.errors import Busy, TachographError
from tachograph.paths import config_file
from tachograph.warehouse.store import open_reader, read_meta

WAIT_SECONDS = 2.0
"""For another process that writes."""
_MOST_TOLD = 200
_MUCH_BYTES = 64 * 1024 * 1024
_MANY_JOBS = 1_000
_TELL_LOGS = 20
"""Progress is told of every so many logs."""

_RECENT = "SELECT DISTINCT root_id AS root FROM sessions WHERE ended_at >= :recent"
_CHANGED = (
    "SELECT DISTINCT root_id AS root FROM changes CROSS JOIN sessions ON session = key"
    " WHERE changes.kind = 0 AND revision > :since"
)
_ACTIVITY = """
SELECT root, max(s.ended_at), max(l.mtime_ns) / 1000000
FROM ({roots}) CROSS JOIN sessions s ON s.root_id = root
CROSS JOIN segments g ON g.session = s.id CROSS JOIN logs l USING (log)
GROUP BY root ORDER BY 2 DESC NULLS LAST, root LIMIT :limit"""


class Workbench:
    """Does one job after the other."""

    def __init__(self, say: Callable[[Message], None]) -> None:
        self._say = say
        self._jobs = 0
        self._bytes = 0
        self._workspace = Workspace()
        self._settings_stamp: object = None

    def do(self, job: Job) -> Answer:
        """The answer to ``job``. What goes wrong with the store, the settings or another process is told in it."""
        self._jobs += 1
        try:
            self._renew()
            answer = self._do(job)
        except Busy:
            answer = Answer(busy=True)
        except TachographError as error:
            answer = Answer(fault=str(error))
        except (sqlite3.Error, OSError) as error:  # a full disk, a store that another process holds on to
            answer = Answer(fault=f"The warehouse could not be brought up to date: {error}.")
        spent = self._jobs >= _MANY_JOBS or self._bytes >= _MUCH_BYTES
        return msgspec.structs.replace(answer, spent=spent)

    def _renew(self) -> None:
        """Take the settings as they are now: the process may be at work for days."""
        try:
            status = config_file().stat()
            stamp: object = (status.st_mtime_ns, status.st_size, status.st_ino)
        except OSError:
            stamp = ""
        if stamp != self._settings_stamp:
            self._workspace, self._settings_stamp = Workspace(), stamp

    def _do(self, job: Job) -> Answer:
        if job.kind == "judge":
            from tachograph.app.watch.judge_each import judge_each  # most never ask a judge

            return judge_each(self._workspace, job.ids)
        if (job.kind == "sweep" and self._sweep(job.folders)) or job.kind == "finished":
            self._learn()
        strangers = self._ingest(logs=[os.fsdecode(log) for log in job.logs]).strangers if job.logs else []
        refreshed = refresh(self._workspace)
        if not refreshed.held:
            return Answer(busy=True)
        answer = self._tell_changes(job, refreshed.roots)
        return msgspec.structs.replace(answer, strangers=tuple(map(os.fsencode, strangers)))

    def _sweep(self, folders: Iterable[bytes]) -> bool:
        """Look at everything: the agents' own folders, and ``folders``. Whether there is news for the loop."""
        changed = 0
        for path in (None, *(Path(os.fsdecode(folder)) for folder in folders)):
            if path is None or path.exists():
                changed += self._ingest(path=path, on_progress=partial(_tell, self._say)).changed
        return changed > 0 or not self._has_gone_round()

    def _has_gone_round(self) -> bool:
        with closing(open_reader(self._workspace.folder)) as connection:
            return bool(read_meta(connection, "loop_at"))

    def _ingest(self, **options: Any) -> IngestReport:
        report = ingest(self._workspace, wait_seconds=WAIT_SECONDS, **options)
        self._bytes += report.bytes
        return report

    def _learn(self) -> None:
        """Go round the loop: the dashboard shows KPIs, baselines and alerts. Raises Busy."""
        from tachograph.app.learn.run import learn

        learn(self._workspace, update=False, wait_seconds=WAIT_SECONDS)

    def _tell_changes(self, job: Job, described: Iterable[str]) -> Answer:
        with closing(open_reader(self._workspace.folder)) as connection:
            connection.execute("BEGIN")
            revision = connection.execute("SELECT coalesce(max(revision), 0) FROM changes").fetchone()[0]
            values = {"since": job.since, "recent": job.recent_ms, "limit": _MOST_TOLD}
            roots = _RECENT if job.since < 0 else _CHANGED
            changed = tuple(Activity(*row) for row in connection.execute(_ACTIVITY.format(roots=roots), values))
        known = {found.session for found in changed}
        others = [] if job.since < 0 else [one for one in described if one not in known]
        return Answer(revision, changed, others=tuple(others[: _MOST_TOLD - len(changed)]))


def _tell(say: Callable[[Message], None], done: Ingested) -> None:
    if done.done_logs % _TELL_LOGS == 0 or done.done_logs == done.all_logs:
        say(Progress(Reading(done.done_logs, done.all_logs, done.done_bytes, done.all_bytes)))
