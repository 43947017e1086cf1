"""The end of a session starts ``tacho learn``, which outlives the hook."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tachograph.hooks import detach
from tachograph.hooks.detach import start_learning
from tests.effort import PATIENT_HOOK
from tests.unit.hooks.test_process import EVENT, LONGEST_SECONDS, assert_silent

PYTHON = sys.executable

pytestmark = pytest.mark.skipif(os.name == "nt", reason="shell scripts stand for Python here")


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the stand-in for Python notes each start: arguments, data folder, session leader or not."""
    notes = tmp_path / "notes"
    script = tmp_path / "python"
    script.write_text(
        f'#!/bin/sh\nsid=$(ps -o sid= -p $$ | tr -d " ")\n[ "$sid" = $$ ] && leader=leader\n'
        f'[ -e /proc/self/fd ] && streams=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2 | sort -u)\n'
        f'echo "$*|$TACHO_DATA_DIR|$leader|$streams" >>{notes}\n'
    )  # fmt: skip
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    return notes


def notes_of(path: Path, count: int) -> list[str]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and (not path.exists() or path.read_text().count("\n") < count):
        time.sleep(0.01)
    return path.read_text().splitlines()


def test_it_is_started_detached(started, tmp_path, home):
    assert start_learning(str(home / "tachograph"), "", always=True)
    arguments, data, leader, streams = notes_of(started, 1)[0].split("|")
    assert arguments == "-P -m tachograph learn --quiet"
    assert data == str(home / "tachograph")
    assert leader == "leader"
    assert streams == ("/dev/null" if sys.platform == "linux" else "")


def test_a_named_data_folder_goes_along(started, tmp_path, home):
    start_learning(str(tmp_path / "named"), str(tmp_path / "named"), always=True)
    assert notes_of(started, 1)[0].split("|")[1] == str(tmp_path / "named")


def test_many_ends_of_subagents_start_it_once(started, tmp_path, monkeypatch):
    data = tmp_path / "data"
    data.mkdir()
    assert [start_learning(str(data), "", always=False) for _ in range(4)] == [True, False, False, False]
    assert start_learning(str(data), "", always=True)
    marker = data / "hooks" / "learn-started"
    for seconds, starts in ((4.9, False), (5.1, True), (-60, True)):  # the last one: the clock was set back
        os.utime(marker, (time.time() - seconds, time.time() - seconds))
        assert start_learning(str(data), "", always=False) is starts
    assert len(notes_of(started, 4)) == 4


def test_without_an_interpreter_nothing_is_started(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "")
    assert not start_learning(str(tmp_path), "", always=True)


def test_a_system_without_sessions_gives_a_process_group(started, tmp_path, monkeypatch):
    spawn = os.posix_spawn

    def refuse(*arguments, setsid=False, **options):
        if setsid:
            raise NotImplementedError
        return spawn(*arguments, **options)

    monkeypatch.setattr(detach.os, "posix_spawn", refuse)
    assert start_learning(str(tmp_path), "", always=True)
    assert len(notes_of(started, 1)) == 1


@pytest.mark.parametrize("word", ["session-end", "subagent-stop"])
def test_the_hook_starts_it_at_once_and_says_nothing(started, home, word):
    (home / "tachograph" / "hooks").mkdir(parents=True)
    code = f"import sys; sys.executable = {sys.executable!r}; {PATIENT_HOOK}"
    began = time.monotonic()
    done = subprocess.run([PYTHON, "-c", code, word], input=EVENT, capture_output=True, timeout=30)
    assert_silent(done)
    assert time.monotonic() - began < LONGEST_SECONDS
    assert notes_of(started, 1)[0].startswith("-P -m tachograph learn --quiet|")
    assert (home / "tachograph" / "hooks" / "learn-started").exists()
