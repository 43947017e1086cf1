"""Real shells: a key is pressed, and what stands on the line afterwards is what the program would be given."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.completion.conftest import HARSH, IDS, SPACED

PROGRAMS = Path(sys.executable).parent
SHELLS = ["bash", "zsh", "fish"]
SHOW = {
    "bash": "show_words() { printf '%s\\0' \"$@\" > words.tmp; mv words.tmp words; }\n",
    "zsh": "show_words() { printf '%s\\0' \"$@\" > words.tmp; mv words.tmp words }\n",
    "fish": "function show_words; printf '%s\\0' $argv > words.tmp; mv words.tmp words; end\n",
}
"""A command that writes down the words that it is given."""
STARTS = {
    "bash": (".bashrc", 'set +H; PS1="READY> "; eval "$(tacho completion bash)"\n', ["bash", "--noprofile", "-i"]),
    "zsh": (
        ".zshrc",
        'PS1="READY> "; unsetopt prompt_cr prompt_sp; bindkey -e; autoload -Uz compinit; compinit -u -D\n'
        'eval "$(tacho completion zsh)"\n',
        ["zsh", "-d", "-i"],
    ),
    "fish": (
        ".config/fish/config.fish",
        "set -g fish_greeting; function fish_prompt; printf 'READY> '; end; tacho completion fish | source\n",
        ["fish", "-i"],
    ),
}
"""The file that a shell reads when it starts, what is in it, and how it is started."""
BEGIN, TAB = b"\x01", b"\t"


def press(shell: str, home: Path, keys: bytes) -> list[str]:
    """The words that are left of a line that is typed so; the last key is a tabulator."""
    name, text, command = STARTS[shell]
    start = home / name
    start.parent.mkdir(parents=True, exist_ok=True)
    start.write_text(SHOW[shell] + text)
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(home)
        os.environ.update(PATH=f"{PROGRAMS}:{os.environ['PATH']}", TERM="dumb", ZDOTDIR=str(home), LC_ALL="C.UTF-8")
        os.execvp(command[0], command)
    try:
        read_until(master, b"READY> ", home / "words")
        os.write(master, keys + TAB + BEGIN + b"show_words " + b"\r")
        seen = read_until(master, None, home / "words")
        assert (home / "words").exists(), seen
        return (home / "words").read_bytes().decode().split("\0")[:-1]
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(master)


def read_until(master: int, mark: bytes | None, file: Path) -> bytes:
    """What the shell prints up to ``mark`` or until ``file`` is there, 30 seconds at the most."""
    seen = b""
    end = time.monotonic() + 30
    while time.monotonic() < end and not file.exists() and (mark is None or mark not in seen):
        if select.select([master], [], [], 0.05)[0]:
            try:
                seen += os.read(master, 65536)
            except OSError:
                break
    return seen


CASES = [
    ("tacho compl", ["tacho", "completion"]),
    ("tacho show aaaaaaaa-1", ["tacho", "show", IDS["first"]]),
    ("tacho show claude_code:b", ["tacho", "show", f"claude_code:{IDS['third']}"]),
    ("tacho cost --project orc", ["tacho", "cost", "--project", "orchard"]),
    ("tacho cost --project=orc", ["tacho", "cost", "--project=orchard"]),
    ("tacho cost --project /home/ada/tw", ["tacho", "cost", "--project", SPACED]),
    ("tacho cost --project /home/ada/my", ["tacho", "cost", "--project", HARSH]),
    ("tacho check --expect star", ["tacho", "check", "--expect", "started.yaml"]),
]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("typed", "expected"), CASES, ids=[typed for typed, _ in CASES])
def test_a_line_is_completed(folder: Path, home: Path, shell: str, typed: str, expected: list[str]):
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    (home / "started.yaml").touch()
    assert press(shell, home, typed.encode()) == expected
    assert not list(home.rglob("pwned"))


@pytest.mark.parametrize("shell", SHELLS)
def test_titles_that_would_run_something_are_only_shown(folder: Path, home: Path, shell: str):
    """All five sessions are listed; nothing is common to their ids, so the line stays as it was."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    words = press(shell, home, b"tacho show " + TAB)
    assert words[:2] == ["tacho", "show"]
    assert words[2:] in ([], [IDS["fifth"]])  # some shells put in the first one when asked twice
    assert not list(home.rglob("pwned"))


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one_that_the_shell_can_read(home: Path, shell: str):
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    script = subprocess.run([PROGRAMS / "tacho", "completion", shell], capture_output=True, check=True).stdout
    done = subprocess.run([shell, "-n"], input=script, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
