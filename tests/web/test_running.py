"""One server for a data folder, found by everybody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tachograph.errors import Busy, NotFound
from tachograph.web import running
from tachograph.web.access import serve_folder
from tachograph.web.running import be_the_only, find_running, tell_where

HOLD = """
import sys; from pathlib import Path
from tachograph.web.running import be_the_only, tell_where
with be_the_only(Path(sys.argv[1])):
    tell_where(Path(sys.argv[1]), 5000)
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(home: Path) -> Path:
    return serve_folder(home / "data")


def test_a_server_can_be_found_while_it_runs(folder: Path) -> None:
    with pytest.raises(NotFound, match="No tacho serve runs"):
        find_running(folder)
    with be_the_only(folder):
        tell_where(folder, 4800)
        found = find_running(folder)
        assert (found.port, found.pid) == (4800, os.getpid())
    with pytest.raises(NotFound):
        find_running(folder)
    assert not (folder / "server.json").exists()


def test_the_second_says_where_the_first_is(folder: Path) -> None:
    with be_the_only(folder):
        tell_where(folder, 4800)
        with pytest.raises(Busy) as caught, be_the_only(folder):
            pass
    assert caught.value.exit_code == 5
    assert f"http://127.0.0.1:4800/ (process {os.getpid()})" in caught.value.message
    assert "code" not in caught.value.message
    assert "tacho serve --url" in caught.value.hint


def test_one_that_has_not_said_where_it_is_is_waited_for(folder: Path) -> None:
    with be_the_only(folder):
        timer = threading.Timer(0.2, tell_where, (folder, 4801))
        timer.start()
        assert find_running(folder).port == 4801
        timer.join()


def test_one_that_never_says_it_is_busy_all_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_START_SECONDS", 0.1)
    with be_the_only(folder), pytest.raises(Busy, match="has not said yet where"), be_the_only(folder):
        pass


def test_a_killed_server_is_in_nobodys_way(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert find_running(folder).port == 5000
        process.send_signal(signal.SIGKILL)
    assert (folder / "server.json").exists()
    with pytest.raises(NotFound):
        find_running(folder)
    with be_the_only(folder):
        assert not (folder / "server.json").exists(), "what the killed one said is forgotten"
        tell_where(folder, 4802)
        assert find_running(folder).port == 4802


@pytest.mark.parametrize("text", ["", "{", "{}", '{"pid": "x", "port": 1, "started_at": 1}', "\x00\xff"])
def test_a_damaged_note_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(running, "_START_SECONDS", 0.05)
    with be_the_only(folder):
        (folder / "server.json").write_text(text)
        with pytest.raises(NotFound):
            find_running(folder)
