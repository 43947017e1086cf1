"""The hook writes down which session is over."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tachograph.app.learn.forgetting import forget_in_files
from tachograph.hooks.places import ENDED, ENDED_BEFORE, LONGEST_ENDED, append, put_aside
from tachograph.hooks.run import run
from tests.effort import PATIENT_HOOK
from tests.unit.hooks.test_process import LONGEST_SECONDS

ID = "00000000-0000-4000-8000-000000000000"
CODE = f"import sys; sys.executable = ''; {PATIENT_HOOK}"  # starts no tacho learn


@pytest.fixture
def hooks(home: Path) -> Path:
    (home / "tachograph").mkdir()
    return home / "tachograph" / "hooks"


def event(**fields: object) -> bytes:
    return json.dumps({"session_id": ID, "hook_event_name": "SessionEnd", **fields}).encode()


def hook(*arguments: str, stdin: bytes) -> None:
    done = subprocess.run([sys.executable, "-c", CODE, *arguments], input=stdin, capture_output=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize(
    ("arguments", "stdin", "session"),
    [
        (["session-end"], event(), f"claude_code:{ID}"),
        (["session-end", "--agent", "codex"], event(), f"codex:{ID}"),
        (["--agent", "codex"], event(), f"codex:{ID}"),  # the event tells what to do
        (["session-end"], event(reason="clear"), f"claude_code:{ID}"),
        (["session-end"], b"", None),
        (["session-end"], b"{", None),
        (["session-end"], event(session_id="../../x"), None),
        (["session-end"], event(session_id="x" * 129), None),
        (["session-end"], event(session_id=7), None),
        (["session-end", "--agent", "nobody"], event(), None),
        (["subagent-stop"], event(hook_event_name="SubagentStop"), None),
        (["session-start"], event(), None),
    ],
)
def test_a_session_that_ends_is_written_down(hooks, arguments, stdin, session):
    before = time.time() * 1000
    hook(*arguments, stdin=stdin)
    found = lines(hooks / ENDED)
    assert [line["session"] for line in found] == ([session] if session else [])
    assert all(line["v"] == 1 and before - 1 <= line["at"] <= time.time() * 1000 for line in found)


def test_the_file_is_its_owners_alone(hooks):
    hook("session-end", stdin=event())
    if os.name != "nt":
        assert stat.S_IMODE((hooks / ENDED).stat().st_mode) == 0o600
        assert stat.S_IMODE(hooks.stat().st_mode) == 0o700


def test_without_a_data_folder_nothing_is_made(home):
    hook("session-end", stdin=event())
    assert not (home / "tachograph").exists()


@pytest.mark.parametrize("broken", ["folder", "fifo", "unwritable", "hooks is a file"])
def test_any_fault_is_silent_and_quick(hooks, broken):
    if broken == "hooks is a file":
        hooks.write_text("")
    else:
        hooks.mkdir()
        if broken == "folder":
            (hooks / ENDED).mkdir()
        elif broken == "fifo":
            os.mkfifo(hooks / ENDED)
        else:
            hooks.chmod(0o500)
    began = time.monotonic()
    hook("session-end", stdin=event())
    assert time.monotonic() - began < LONGEST_SECONDS
    if hooks.is_dir():
        hooks.chmod(0o700)


def test_its_length_is_bounded(home, hooks, monkeypatch):
    monkeypatch.setattr(sys, "executable", "")
    line = b'{"v":1,"session":"claude_code:x","at":1}\n'
    for number in range(2, 6):
        while not (hooks / ENDED).exists() or (hooks / ENDED).stat().st_size <= LONGEST_ENDED:
            assert append(str(home / "tachograph"), ENDED, line * 90)
        full = (hooks / ENDED).read_bytes()
        said(f"{number}" * 8)
        assert [entry["session"] for entry in lines(hooks / ENDED)] == [f"claude_code:{str(number) * 8}"]
        assert (hooks / ENDED_BEFORE).read_bytes() == full
    assert sorted(path.name for path in hooks.iterdir()) == sorted([ENDED, ENDED_BEFORE])


def said(session: str) -> None:
    """What the hook does, in this process."""
    read_end, write_end = os.pipe()
    held = os.dup(0)
    os.dup2(read_end, 0)
    try:
        os.write(write_end, event(session_id=session))
        os.close(write_end)
        run(["session-end"])
    finally:
        os.dup2(held, 0)
        for descriptor in (held, read_end):
            os.close(descriptor)


def test_many_hooks_at_once_lose_no_line(home, hooks):
    hooks.mkdir()

    def write(name: int) -> None:
        for number in range(50):
            put_aside(str(home / "tachograph"), ENDED, ENDED_BEFORE, LONGEST_ENDED)
            append(str(home / "tachograph"), ENDED, f'{{"session":"{name}-{number}","at":1}}\n'.encode())

    threads = [threading.Thread(target=write, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({line["session"] for line in lines(hooks / ENDED)}) == 300


def test_a_purged_session_goes_from_both_files(home, hooks):
    hooks.mkdir()
    text = "".join(f'{{"v":1,"session":"claude_code:{name}","at":1}}\n' for name in ("keep", "heron"))
    for name in (ENDED, ENDED_BEFORE):
        (hooks / name).write_text(text)
    forget_in_files(home / "tachograph", ["claude_code:heron"])
    for name in (ENDED, ENDED_BEFORE):
        held = (hooks / name).read_text()
        assert "heron" not in held
        assert "claude_code:keep" in held
        assert len(held) == len(text)
