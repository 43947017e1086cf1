"""The system's word on changed files: passed on as the folders were named, and never silently missing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tachograph.app.watch import notices
from tachograph.app.watch.notices import Notices

needs_links = pytest.mark.skipif(os.name == "nt", reason="links need rights there")


class Heard:
    """What was told, and waiting for it."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.gaps = 0
        self.notes: list[str] = []

    def hear(self, paths: set[str]) -> None:
        self.paths |= paths

    def gap(self) -> None:
        self.gaps += 1

    def wait(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < end, (self.paths, self.gaps, self.notes)
            time.sleep(0.02)


@contextmanager
def watching(*folders: Path | str) -> Iterator[Heard]:
    """Notices of ``folders``, whether they are there or not."""
    heard = Heard()
    found = Notices(lambda: [str(one) for one in folders], heard.hear, heard.gap, heard.notes.append, 1.0)
    found.start()
    try:
        yield heard
    finally:
        found.stop()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "_LOOK_SECONDS", 0.2)
    monkeypatch.setattr(notices, "_STEP_MS", 50)
    monkeypatch.setattr(notices, "_RETRY_SECONDS", 0.05)


def test_a_file_that_is_written_is_told(tmp_path: Path) -> None:
    with watching(tmp_path) as heard:
        heard.wait(lambda: heard.gaps == 1)
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep" / "log.jsonl").write_text("{}\n")
        (tmp_path / "log.jsonl").write_text("{}\n")
        heard.wait(lambda: str(tmp_path / "log.jsonl") in heard.paths)
    assert heard.notes == []


def test_a_folder_that_comes_later_is_watched_and_what_was_missed_is_looked_for(tmp_path: Path) -> None:
    later = tmp_path / "later"
    with watching(later) as heard:
        time.sleep(0.1)
        assert heard.gaps == 0, "there is nothing to look at yet"
        later.mkdir()
        heard.wait(lambda: heard.gaps == 1)
        (later / "log.jsonl").write_text("{}\n")
        heard.wait(lambda: str(later / "log.jsonl") in heard.paths)


def test_a_folder_that_was_made_anew_is_watched_anew(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    with watching(folder) as heard:
        heard.wait(lambda: heard.gaps == 1)
        folder.rmdir()
        folder.mkdir()
        heard.wait(lambda: heard.gaps >= 2)
        (folder / "log.jsonl").write_text("{}\n")
        heard.wait(lambda: str(folder / "log.jsonl") in heard.paths)


def test_a_system_that_refuses_is_told_of_once_a_try_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device about ['/home/ada/.claude']")

    monkeypatch.setattr(Notices, "_open", refuse)
    with watching(tmp_path) as heard:
        heard.wait(lambda: bool(heard.notes))
    assert heard.gaps == 0
    assert heard.notes[0].startswith("Changes of files cannot be watched (")
    assert heard.notes[0].endswith("the logs are looked through every 1 seconds instead.")
    assert "/home/ada" not in heard.notes[0]


def test_it_ends_at_once_also_when_it_has_nothing_to_watch(tmp_path: Path) -> None:
    found = Notices(lambda: [str(tmp_path / "nothing")], lambda _: None, lambda: None, lambda _: None, 60.0)
    found.start()
    begun = time.monotonic()
    found.stop()
    assert time.monotonic() - begun < 10
    assert "tacho-notices" not in {thread.name for thread in threading.enumerate()}


@needs_links
@pytest.mark.parametrize(
    ("told", "as_given"),
    [
        ("real/a/log.jsonl", "link/a/log.jsonl"),
        ("real", "link"),
        ("link/a/log.jsonl", "link/a/log.jsonl"),
        ("really/log.jsonl", "really/log.jsonl"),
        ("elsewhere/log.jsonl", "elsewhere/log.jsonl"),
    ],
)
def test_a_path_is_told_below_the_folder_as_it_was_named(tmp_path: Path, told: str, as_given: str) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    folders = {str(tmp_path / "link"): (1, 1)}
    assert notices._as_given(str(tmp_path / told), folders) == str(tmp_path / as_given)


@needs_links
def test_one_folder_by_two_names_is_watched_once(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    names = [str(tmp_path / "link"), str(tmp_path / "real"), str(tmp_path / "gone"), "half \udce9"]
    found = Notices(lambda: names, lambda _: None, lambda: None, lambda _: None, 1.0)
    assert list(found._look()) == [str(tmp_path / "link")]
