"""The shell's hook in real shells at a terminal: bash, zsh and fish, where they are installed."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tachograph.app.commands.shell_hook import Shell, shell_script
from tachograph.app.workspace import Workspace
from tachograph.capture.hashing import hash_command, load_key
from tachograph.capture.store import open_commands
from tachograph.model import CommandEvent

PROMPTS = {
    "bash": "PS1='READY> '",
    "zsh": "PS1='READY> '; unsetopt prompt_cr prompt_sp",
    "fish": "function fish_prompt; printf 'READY> '; end; set -g fish_greeting",
}
STARTS: dict[str, tuple[str, list[str]]] = {
    "bash": ("rc", ["bash", "--rcfile", "rc", "--noprofile", "-i"]),
    "zsh": (".zshrc", ["zsh", "-d", "-i"]),
    "fish": ("config/fish/config.fish", ["fish", "-i"]),
}
"""Where each shell reads its settings, below the folder in which it is started as told."""
CONTROL = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")


class Terminal:
    """An interactive shell at a terminal, with the hook of ``tacho commands shell-init``."""

    def __init__(self, folder: Path, rc: str, shell: Shell = "bash", keep_text: bool = False) -> None:
        name, command = STARTS[shell]
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{PROMPTS[shell]}\n{rc}\n{shell_script(shell, None, keep_text)}")
        pid, self._terminal = pty.fork()
        if pid == 0:
            os.chdir(folder)
            places = {"HISTFILE": folder / "history", "ZDOTDIR": folder, "XDG_CONFIG_HOME": folder / "config"}
            os.environ.update({name: str(place) for name, place in places.items()}, TERM="dumb")
            os.execvp(command[0], command)
        self._pid = pid
        self.shown = self._read("")

    def type(self, line: str) -> str:
        """Type a line and return what is shown until the next prompt."""
        os.write(self._terminal, line.encode() + b"\r")
        return self._read(line)

    def _read(self, line: str) -> str:
        """fish writes the line with its prompt again and again while it is typed: what counts comes after the line."""
        shown = ""
        until = time.monotonic() + 20
        last = line.rpartition("\n")[2]
        while time.monotonic() < until:
            if select.select([self._terminal], [], [], 0.2)[0]:
                shown += os.read(self._terminal, 65536).decode("utf-8", "replace")
            plain = CONTROL.sub("", shown).replace("\r", "")
            if plain.rpartition(f"{last}\n")[2].endswith("READY> ") and (f"{last}\n" in plain or not line):
                break
        return shown

    def close(self) -> None:
        """Leave the shell."""
        os.write(self._terminal, b" exit\r")
        os.waitpid(self._pid, 0)
        os.close(self._terminal)


def wait_for(number: int) -> list[CommandEvent]:
    """The events, once there are ``number`` of them."""
    until = time.monotonic() + 30
    found: list[CommandEvent] = []
    while time.monotonic() < until:
        if (Workspace().folder / "commands.sqlite").exists():
            with open_commands(Workspace().folder) as store:
                found = store.events()
        if len(found) >= number:
            break
        time.sleep(0.05)
    return found


def wait_until(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and not happened():
        time.sleep(0.05)


HAS_BASH = (
    shutil.which("bash") is not None
    and subprocess.run(["bash", "-c", "[[ -n ${EPOCHREALTIME-} ]]"], check=False).returncode == 0
)
needs_bash = pytest.mark.skipif(not HAS_BASH, reason="the hook needs bash 5")


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
    assert 300 <= (seen["cd /; sleep 0.3"].duration_ms or 0) < 30_000
    assert {event.command for event in found} == {None}
    assert {event.origin for event in found} == {"shell"}


def needs(shell: str):
    """A case for ``shell`` where there is one."""
    reason = "the hook needs bash 5" if shell == "bash" else f"no {shell} here"
    is_there = HAS_BASH if shell == "bash" else shutil.which(shell) is not None
    return pytest.param(shell, marks=pytest.mark.skipif(not is_there, reason=reason))


def put_in_place_of_ours(shell: Shell, folder: Path, program: str) -> str:
    """The line that has ``shell`` run ``program`` where its hook would run tacho."""
    script = shell_script(shell, None, False)
    [line] = [line for line in script.splitlines() if "note-shell" in line]
    command = re.split(r" &|(?<=note-shell) ", line.partition(" | ")[2])[0]
    folder.mkdir(exist_ok=True)
    (folder / "spied").write_text(script.replace(command, program))
    return f". {folder}/spied"


@pytest.mark.parametrize("shell", [needs("bash"), needs("zsh"), needs("fish")])
def test_prompt_waits_for_nothing_and_shows_nothing_more(home: Path, tmp_path: Path, shell: Shell):
    slow = tmp_path / "slow"
    slow.write_text('#!/bin/sh\ncat > /dev/null; echo x >> "$0.began"; sleep 8; echo much; echo more >&2\n')
    slow.chmod(0o755)
    terminal = Terminal(home / "there", put_in_place_of_ours(shell, home / "there", str(slow)), shell)
    start = time.monotonic()
    shown = "".join(terminal.type(f"true {number}") for number in range(5)) + terminal.type("jobs")
    spent = time.monotonic() - start
    wait_until(lambda: slow.with_name("slow.began").exists())
    terminal.close()
    assert spent < 8
    for word in ("[1]", "Done", "done", "finished", "ended", "slow", "much", "more"):
        assert word not in shown


@needs_bash
def test_line_is_in_no_argument_list(home: Path, tmp_path: Path):
    """A program in the place of ours writes down its arguments and its input."""
    spy = tmp_path / "spy"
    spy.write_text('#!/bin/sh\nprintf "%s " "$0" "$@" > "$0.args"\ncat > "$0.input"\n')
    spy.chmod(0o755)
    terminal = Terminal(home / "there", put_in_place_of_ours("bash", home / "there", f"{spy} fixed"))
    terminal.type("echo hidden words")
    seen = spy.with_name("spy.input")
    wait_until(lambda: seen.exists() and bool(seen.read_bytes()))
    terminal.close()
    assert spy.with_name("spy.args").read_text() == f"{spy} fixed "
    assert b"echo hidden words\0" in seen.read_bytes()


def ask_status(shell: Shell) -> str:
    return "echo code $status" if shell == "fish" else "echo code $?"


@pytest.mark.parametrize("shell", [needs("zsh"), needs("fish")])
def test_real_zsh_and_fish_note_what_is_typed(home: Path, shell: Shell):
    load_key(home / "tachograph")
    terminal = Terminal(home / "there", "setopt hist_ignore_space" if shell == "zsh" else "", shell, keep_text=True)
    loop = "for word in a b\necho $word\nend" if shell == "fish" else "for word in a b; do\necho $word\ndone"
    asked = ask_status(shell)
    terminal.type("sh -c 'exit 3'")
    assert "code 3" in terminal.type(asked)
    assert "code 0" in terminal.type(asked)
    terminal.type("")
    terminal.type(" echo not for the history")
    terminal.type("cd /; sleep 0.3")
    terminal.type(loop)
    terminal.type("tacho run --help >/dev/null 2>&1")
    terminal.type("echo 'é  x'  \"it's\" \\\\")
    found = {event.command: event for event in wait_for(6)}
    terminal.close()
    assert set(found) == {"sh -c 'exit 3'", asked, "cd /; sleep 0.3", loop, "echo 'é  x'  \"it's\" \\\\"}
    assert found["sh -c 'exit 3'"].exit_code == 3
    assert found[asked].exit_code == 0
    assert 300 <= (found["cd /; sleep 0.3"].duration_ms or 0) < 5000
    assert {(event.origin, event.agent) for event in found.values()} == {("shell", None)}


@pytest.mark.skipif(shutil.which("fish") is None, reason="no fish here")
def test_private_mode_of_fish_is_left_alone(home: Path):
    load_key(home / "tachograph")
    terminal = Terminal(home / "there", "set -g fish_private_mode 1", "fish")
    terminal.type("true")
    terminal.type("set -e fish_private_mode")
    assert [event.program for event in wait_for(1)] == ["set"]
    terminal.close()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_are_sound(shell: Shell):
    checker = shutil.which(shell)
    if checker is None:
        pytest.skip(f"no {shell} here")
    subprocess.run([checker, "-n"], input=shell_script(shell, None, False), text=True, check=True)
