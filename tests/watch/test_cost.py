"""What watching costs: processor and memory, while nothing happens and over many events."""

from __future__ import annotations

import gc
import os
import time
import tracemalloc
from pathlib import Path

import pytest

from tachograph.app.watch import child
from tests.watch.watching import Watching, append, moment, wait_until

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")

_IDLE_SECONDS = 60.0
_FILES = 10_000
_EVENTS = 3_000


def cpu_seconds(*pids: int) -> float:
    """Used by these processes and their ended children."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        total += sum(map(int, fields[11:15]))
    return total / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Resident memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.soak
def test_idle_it_takes_less_than_one_percent_of_a_core(watching: Watching, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 10,000 logs, a look at everything and a process started for it included."""
    monkeypatch.setattr(child, "IDLE_SECONDS", 10.0)
    for number in range(_FILES):
        log = watching.claude.project(f"/home/ada/site{number % 200}").session(moment(3_600 * 24 * 9))
        append(log.prompt("One.").response(output=1))
    watching.start(scan_interval=_IDLE_SECONDS / 2)
    wait_until(lambda: watching.watcher.worker_pid is None, 120)
    began, used = time.monotonic(), cpu_seconds(os.getpid())
    time.sleep(_IDLE_SECONDS)
    wait_until(lambda: watching.watcher.worker_pid is None, 60)  # the processor time of children counts at their end
    share = (cpu_seconds(os.getpid()) - used) / (time.monotonic() - began)
    print(f"{share:.2%} of a core, {memory_mb(os.getpid()):.0f} MB")
    assert share < 0.02  # two looks a minute: with the usual one in two minutes a quarter of it


@pytest.mark.soak
def test_nothing_grows_over_many_events(watching: Watching) -> None:
    logs = [watching.session() for _ in range(20)]
    for log in logs:
        append(log)
    watching.start(stability_window=1.0)
    tracemalloc.start()
    sizes, worker = [], []
    for number in range(_EVENTS):
        log = logs[number % len(logs)]
        with log.path.open("ab") as file:
            file.write(log.content()[-200:].rpartition(b"\n")[0][-1:] + b"\n")
        if number % 10 == 0:
            log.path.with_name(f"{number}.jsonl").write_text("{}\n")
            log.path.with_name(f"{number}.jsonl").unlink()
        time.sleep(0.02)
        if number % (_EVENTS // 6) == _EVENTS // 6 - 1:
            watching.changes.clear()
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0] / 1e6)
            worker.append(memory_mb(watching.watcher.worker_pid or os.getpid()))
    tracemalloc.stop()
    print(f"{sizes} MB here, {worker} MB in the worker")
    assert sizes[-1] - sizes[1] < 0.5
    assert worker[-1] - worker[1] < 10
