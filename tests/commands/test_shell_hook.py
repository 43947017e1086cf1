"""The shell's hook: what it prints, what a real bash does with it, what is kept."""

from __future__ import annotations

import io
import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tachograph.app.commands.shell_hook import ShellNote, note_shell, read_note, shell_script
from tachograph.app.workspace import Workspace
from tachograph.capture.hashing import hash_command, load_key
from tachograph.capture.store import open_commands
from tachograph.errors import UsageError
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


@pytest.mark.parametrize("line", ["", " \n", "tacho run -- make", "  /opt/bin/tacho run x", "tacho  run"])
def test_what_keeps_itself_and_nothing_are_left_out(home: Path, line: str):
    assert note(line) is None
    assert not (home / "tachograph").exists()


@pytest.mark.parametrize("line", ["tacho cost", "echo tacho run", "tachometer run"])
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


class Terminal:
    """An interactive bash at a terminal, with the hook of ``tacho commands shell-init``."""

    def __init__(self, folder: Path, rc: str) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "rc").write_text(f"PS1='READY> '\n{rc}\n{shell_script('bash', None, False)}")
        pid, self._terminal = pty.fork()
        if pid == 0:
            os.chdir(folder)
            os.environ.update(HISTFILE=str(folder / "history"), TERM="dumb")
            os.execvp("bash", ["bash", "--rcfile", str(folder / "rc"), "--noprofile", "-i"])
        self._pid = pid
        self.shown = self._read()

    def type(self, line: str) -> str:
        """Type a line and return what is shown until the next prompt."""
        os.write(self._terminal, line.encode() + b"\n")
        return self._read()

    def _read(self) -> str:
        shown = b""
        until = time.monotonic() + 20
        while not shown.endswith(b"READY> ") and time.monotonic() < until:
            if select.select([self._terminal], [], [], 0.2)[0]:
                shown += os.read(self._terminal, 65536)
        return shown.decode()

    def close(self) -> None:
        """Leave the shell."""
        os.write(self._terminal, b" exit\n")
        os.waitpid(self._pid, 0)
        os.close(self._terminal)


def wait_for(number: int) -> list[CommandEvent]:
    """The events, once there are ``number`` of them."""
    until = time.monotonic() + 20
    found: list[CommandEvent] = []
    while time.monotonic() < until:
        if (Workspace().folder / "commands.sqlite").exists():
            with open_commands(Workspace().folder) as store:
                found = store.events()
        if len(found) >= number:
            break
        time.sleep(0.05)
    return found


needs_bash = pytest.mark.skipif(
    shutil.which("bash") is None
    or subprocess.run(["bash", "-c", "[[ -n ${EPOCHREALTIME-} ]]"], check=False).returncode != 0,
    reason="the hook needs bash 5",
)


@needs_bash
def test_real_bash_notes_what_is_typed(home: Path):
    load_key(home / "tachograph")
    terminal = Terminal(home / "there", "HISTCONTROL=ignoreboth\nPROMPT_COMMAND='last=$?'\nset -u")
    assert terminal.type("true; echo code $last").count("code 0") == 1
    assert "code 3" in terminal.type("(exit 3)") + terminal.type("echo code $last")
    terminal.type("")
    terminal.type(" echo not for the history")
    terminal.type("cd /; sleep 0.3")
    terminal.type("for word in a b; do\necho $word\ndone")
    found = wait_for(5)
    terminal.close()
    key = load_key(home / "tachograph")
    lines = ["true; echo code $last", "(exit 3)", "echo code $last", "cd /; sleep 0.3"]
    hashes = {hash_command(shlex.split(line), key): line for line in lines}
    seen = {hashes.get(event.command_hash, event.program): event for event in found}
    assert sorted(seen) == sorted([*lines, "for"])
    assert seen["(exit 3)"].exit_code == 3
    assert 300 <= (seen["cd /; sleep 0.3"].duration_ms or 0) < 5000
    assert {event.command for event in found} == {None}
    assert {event.origin for event in found} == {"shell"}


@needs_bash
def test_prompt_waits_for_next_to_nothing_and_shows_nothing_more(home: Path):
    load_key(home / "tachograph")
    terminal = Terminal(home / "there", "")
    start = time.monotonic()
    shown = "".join(terminal.type(f": number {number}") for number in range(20))
    spent = time.monotonic() - start
    wait_for(20)
    terminal.close()
    assert shown.count("READY> ") == 20
    assert "[1]" not in shown
    assert "Done" not in shown
    assert spent / 20 < 0.1  # seconds; a process that notes one takes longer than that by itself


@needs_bash
def test_line_is_in_no_argument_list(home: Path, tmp_path: Path):
    """A program in the place of ours writes down its arguments and its input."""
    script = shell_script("bash", None, False)
    [line] = [line for line in script.splitlines() if "note-shell" in line]
    command = line.partition(" | ")[2].partition(" &)")[0]
    spy = tmp_path / "spy"
    spy.write_text('#!/bin/sh\nprintf "%s " "$0" "$@" > "$0.args"\ncat > "$0.input"\n')
    spy.chmod(0o755)
    (home / "there").mkdir()
    (home / "there" / "spied").write_text(script.replace(command, f"{spy} fixed"))
    terminal = Terminal(home / "there", f". {home}/there/spied")
    terminal.type("echo hidden words")
    until = time.monotonic() + 10
    while time.monotonic() < until and not (
        spy.with_name("spy.input").exists() and spy.with_name("spy.input").read_bytes()
    ):
        time.sleep(0.05)
    terminal.close()
    assert spy.with_name("spy.args").read_text() == f"{spy} fixed "
    assert b"echo hidden words\0" in spy.with_name("spy.input").read_bytes()


@needs_bash
def test_scripts_are_sound():
    for shell in ("bash", "zsh", "fish"):
        checker = shutil.which(shell)
        if checker is not None:
            script = shell_script(shell, None, False)  # type: ignore[arg-type]
            subprocess.run([checker, "-n"], input=script, text=True, check=True)
