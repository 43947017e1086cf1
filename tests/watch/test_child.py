"""The child process and its handle: starting, dying, hanging, idling, ending."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.learn.run import learn
from tachograph.app.watch import child as module
from tachograph.app.watch.child import Child, WorkerGone
from tachograph.app.watch.records import Job, Reading
from tachograph.app.workspace import Workspace
from tests.builders.history import write_many_histories
from tests.dump import assert_same, dump_warehouse
from tests.watch.watching import wait_until

SWEEP = Job("sweep")


@pytest.fixture
def child(home: Path) -> Iterator[Child]:
    found = Child(home / "tachograph")
    yield found
    found.close()


@pytest.fixture
def logs(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_many_histories(home / "logs", 25)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(home / "logs" / "claude"))
    monkeypatch.setenv("CODEX_HOME", str(home / "logs" / "codex"))
    return home / "logs"


def preload(home: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Have ``code`` run at the start of the child."""
    place = home / "site"
    place.mkdir()
    (place / "sitecustomize.py").write_text(code)
    monkeypatch.syspath_prepend(str(place))


def test_it_starts_when_it_is_needed_and_stays_for_the_next_job(child):
    assert (child.pid, child.idle_at) == (None, None)
    assert child.ask(SWEEP).fault == ""
    pid = child.pid
    assert pid is not None
    assert child.ask(SWEEP).fault == ""
    assert child.pid == pid


def test_it_ends_when_it_has_been_idle(child, monkeypatch):
    child.ask(SWEEP)
    child.end_if_idle()
    assert child.pid is not None
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.0)
    child.end_if_idle()
    assert (child.pid, child.idle_at) == (None, None)
    assert child.ask(SWEEP).fault == ""  # another one


def test_progress_is_told(child, logs):
    seen = []
    answer = child.ask(SWEEP, seen.append)
    assert seen[-1].done_logs == seen[-1].all_logs == 250
    assert seen[-1].done_bytes == seen[-1].all_bytes > 0
    assert [one.done_logs for one in seen] == sorted(one.done_logs for one in seen)
    assert answer.revision > 0


def test_one_that_has_read_much_is_not_kept(child, logs, monkeypatch, home):
    preload(home, monkeypatch, "import tachograph.app.watch.jobs as jobs\njobs._MUCH_BYTES = 1000\n")
    assert child.ask(SWEEP).spent
    assert child.pid is None


def test_killed_in_the_midst_of_reading_nothing_is_lost_or_doubled(child, logs, home, monkeypatch):
    preload(
        home,
        monkeypatch,
        "import tachograph.app.ingest as ingest, tachograph.app.watch.jobs as jobs\n"
        "ingest._BATCH_LOGS, ingest._PARALLEL_BYTES, jobs._TELL_LOGS = 15, 10**12, 1\n",
    )
    rng = random.Random(7)
    for _ in range(4):
        last = rng.randrange(5, 60)

        def kill(reading: Reading, last: int = last) -> None:
            if reading.done_logs >= last:
                os.kill(child.pid, signal.SIGKILL)

        with pytest.raises(WorkerGone):
            child.ask(SWEEP, kill)
        assert child.pid is None
    assert child.ask(SWEEP).fault == ""
    fresh = Workspace(home / "fresh")
    ingest(fresh, jobs=1)
    learn(fresh, update=False)
    assert_same(dump_warehouse(home / "tachograph"), dump_warehouse(fresh.folder))


def test_one_that_hangs_is_ended(child, monkeypatch):
    child.ask(SWEEP)
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.5)
    os.kill(child.pid, signal.SIGSTOP)
    with pytest.raises(WorkerGone):
        child.ask(SWEEP)
    assert child.pid is None


def test_one_that_waits_for_ever_is_ended(child, monkeypatch, home):
    preload(
        home,
        monkeypatch,
        "import time, tachograph.app.watch.jobs as jobs, tachograph.app.watch.worker as worker\n"
        "jobs.Workbench.do = lambda self, job: time.sleep(100)\n"
        "worker._SIGN_SECONDS = 0.05\n",
    )
    monkeypatch.setattr(module, "STUCK_SECONDS", 0.5)
    with pytest.raises(WorkerGone):
        child.ask(SWEEP)


def test_closing_ends_it_whatever_it_is_doing(child, logs):
    caught: list[BaseException] = []

    def ask() -> None:
        try:
            child.ask(SWEEP)
        except WorkerGone as error:
            caught.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    wait_until(lambda: child.pid)
    began = time.monotonic()
    child.close()
    thread.join(30)
    assert time.monotonic() - began < 10
    assert len(caught) == 1
    with pytest.raises(WorkerGone):
        child.ask(SWEEP)
    assert child.pid is None


def test_what_a_library_prints_is_no_message(child, monkeypatch, home):
    preload(
        home,
        monkeypatch,
        "import tachograph.app.watch.jobs as jobs\n"
        "held = jobs.Workbench.do\n"
        "def do(self, job):\n    print('hello' * 100, flush=True)\n    return held(self, job)\n"
        "jobs.Workbench.do = do\n",
    )
    assert child.ask(SWEEP).fault == ""
