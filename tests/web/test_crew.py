"""Jobs in threads."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from tachograph.web.crew import Crew


@pytest.fixture
def crew() -> Iterator[Crew[int]]:
    found: Crew[int] = Crew(2, 4)
    yield found
    found.end()


def test_a_job_gives_its_result_or_its_failure(crew: Crew[int]) -> None:
    done, failed = crew.submit(lambda: 7), crew.submit(lambda: 1 // 0)
    assert done is not None
    assert failed is not None
    assert done.result(30) == 7
    with pytest.raises(ZeroDivisionError):
        failed.result(30)


def test_so_many_are_done_at_a_time_and_so_many_wait(crew: Crew[int]) -> None:
    go, begun = threading.Event(), threading.Semaphore(0)

    def job() -> int:
        begun.release()
        go.wait(30)
        return threading.get_ident()

    held = [crew.submit(job) for _ in range(6)]
    assert [one is None for one in held] == [False] * 4 + [True] * 2
    assert all(begun.acquire(timeout=30) for _ in range(2))
    assert not begun.acquire(timeout=0.05), "two threads"
    go.set()
    assert len({one.result(30) for one in held if one is not None}) == 2
    deadline = time.monotonic() + 30
    while (another := crew.submit(lambda: 1)) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert another is not None, "there is room again"


def test_what_waits_at_the_end_is_cancelled() -> None:
    crew: Crew[int] = Crew(1, 4)
    go, begun = threading.Event(), threading.Event()
    first = crew.submit(lambda: (begun.set(), go.wait(30), 1)[2])
    second = crew.submit(lambda: 2)
    assert first is not None
    assert second is not None
    assert begun.wait(30)
    crew.end()
    assert second.cancelled()
    go.set()
    assert first.result(30) == 1


def test_a_cancelled_job_is_not_begun(crew: Crew[int]) -> None:
    go = threading.Event()
    for _ in range(2):
        crew.submit(lambda: int(go.wait(30)))
    done: list[int] = []
    third = crew.submit(lambda: done.append(1) or 1)
    assert third is not None
    assert third.cancel()
    go.set()
    last = crew.submit(lambda: 5)
    assert last is not None
    assert last.result(30) == 5
    assert done == []


PROGRAM = """
import threading, time
from tachograph.web.crew import Crew
crew = Crew(2, 4)
begun = threading.Event()
crew.submit(lambda: (begun.set(), time.sleep(60)))
begun.wait()
crew.end()
"""


def test_the_process_does_not_wait_for_a_long_job() -> None:
    assert subprocess.run([sys.executable, "-c", PROGRAM], timeout=30, check=False).returncode == 0
