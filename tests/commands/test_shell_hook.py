"""The shell's hook: what it prints, what a real bash does with it, what is kept."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tachograph.app.commands.shell_hook import ShellNote, note_shell, read_note, shell_script
from tachograph.app.workspace import Workspace
from tachograph.capture.hashing import hash_command, load_key
from tachograph.capture.store import open_commands
from tachograph.errors import UsageError
from tachograph.learning.ml.command_features import FEATURES, read_features
from tachograph.model import CommandEvent
from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho"]

TOKEN = "ghp_" + "a1B2" * 9
START = 1_790_000_000_000


def fields(*values: str) -> io.BytesIO:
    return io.BytesIO(b"".join(os.fsencode(value) + b"\0" for value in values))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (("bash", "1790000000123456", "1790000001623999", "", "2", "/r", " 501  make"), (START + 123, 1501, 2, "make")),
        (("bash", "1790000000000000", "1790000000000900", "", "0", "/r", " 1002* ls"), (START, 1, 0, "ls")),
        (("zsh", "1790000000.5000000000", "1790000002.75", "", "130", "/r", "a\nb"), (START + 500, 2250, 130, "a\nb")),
        (("zsh", "1790000000,5", "1790000002,75", "", "0", "/r", "12  x"), (START + 500, 2250, 0, "12  x")),
        (("fish", "", "", "1500", "1", "/r", "ls"), (START - 1500, 1500, 1, "ls")),
        (("bash", "1790000000000000", "1780000000000000", "", "0", "/r", "1  clock"), (START, 0, 0, "clock")),
    ],
)  # fmt: skip
def test_each_shell_is_understood(told: tuple[str, ...], expected: tuple[int, int, int, str]):
    note = read_note(fields(*told), now_ms=START)
    assert (note.started_at_ms, note.duration_ms, note.exit_code, note.line) == expected
    assert note.folder == "/r"


@pytest.mark.parametrize(
    "told", [(), ("bash",), ("bash", "x", "y", "", "0", "/", "ls"), ("fish", "", "", "9e999", "0", "/", "ls"),
             ("zsh", "1", "2", "", "code", "/", "ls")],
)  # fmt: skip
def test_anything_else_is_refused(told: tuple[str, ...]):
    with pytest.raises(UsageError):
        read_note(fields(*told))


def note(line: str, **more) -> CommandEvent | None:
    given = ShellNote(line, START, 1500, 1, more.pop("place", "/"))
    return note_shell(Workspace(), None, given, **more)


def test_event_of_a_typed_command(home: Path):
    subprocess.run(["git", "init", "-q", str(home / "r")], check=True)
    (home / "r" / "sub").mkdir()
    event = note(f"git push https://x:{TOKEN}@example.invalid", place=str(home / "r" / "sub"))
    key = load_key(home / "tachograph")
    assert event is not None
    assert event == CommandEvent(
        id=event.id, origin="shell", agent=None, executed_at=START, hash_key=key.id, program="git push",
        command_hash=hash_command(["git", "push", f"https://x:{TOKEN}@example.invalid"], key), duration_ms=1500,
        exit_code=1, delta_note="noted by a shell, which does not look at the repository", repo=str(home / "r"),
    )  # fmt: skip
    with open_commands(home / "tachograph") as store:
        assert store.events() == [event]


def test_text_is_kept_when_asked_for_and_redacted(home: Path):
    event = note(f"echo {TOKEN}", keep_text=True)
    assert event is not None
    assert event.command == "echo [redacted:github-token]"
    assert event.repo is None


@pytest.mark.parametrize(
    "line",
    ["", " \n", "tacho run -- make", "  /opt/bin/tacho run x", "tacho  run", "time tacho run -- make",
     "time -p tacho run a", "env X=1 tacho run a", "X=1 Y='a b' tacho run a", "sudo -u ada tacho run a",
     "command tacho run a", "nice -n 5 /opt/bin/tacho run -- a | tee b", "cd /x && tacho run -- make",
     "if tacho run -- a; then b; fi", "(tacho run a)"],
)  # fmt: skip
def test_what_keeps_itself_and_nothing_are_left_out(home: Path, line: str):
    assert note(line) is None
    assert not (home / "tachograph").exists()


@pytest.mark.parametrize("line", [
    "tacho cost", "echo tacho run", "tachometer run", "make tacho run", "git commit -m 'tacho run'",
    "time make; tacho run a", "my-tacho run",
])  # fmt: skip
def test_all_else_is_kept(line: str):
    assert note(line) is not None


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_text_goes_through_a_pipe_and_the_program_is_named_whole(shell, tmp_path: Path):
    script = shell_script(shell, tmp_path / "it's a \\ folder", keep_text=True)
    assert "@NOTE@" not in script
    [line] = [line for line in script.splitlines() if "note-shell" in line]
    told, _, command = line.partition(" | ")
    assert "printf '%s\\0'" in told
    assert f"{sys.executable} -P -m tachograph" in command.replace("'", "")
    assert "--keep-text" in command
    written = (
        "'" + f"{tmp_path}/it\\'s a \\\\ folder" + "'"
        if shell == "fish"
        else shlex.quote(f"{tmp_path}/it's a \\ folder")
    )
    assert written in command


def test_shell_without_a_terminal_is_left_as_it_is(tacho: Tacho, home: Path):
    assert tacho("commands", "shell-init", "bash") == 0
    script = f'{tacho.out}\necho "[${{PS0-}}] [${{PROMPT_COMMAND-}}]"'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[] []\n", "")


def test_whether_its_time_was_over_is_not_known_to_a_model(home: Path):
    event = note("make")
    assert event is not None
    names = [feature.name for feature in FEATURES]
    assert dict(zip(names, read_features(event), strict=True))["timed_out"] is None
