"""Without a terminal: signals reach the command as if nothing stood between."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.capture.runner import Runner, is_alive, needs_proc, wait_for

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT", "USR1", "USR2", "WINCH"])
def test_signals_are_passed_on(runner: Runner, name: str) -> None:
    script = f"import signal, sys; signal.sigwait([signal.SIG{name}])"
    blocked = f"import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIG{name}]); print('ready', flush=True)"
    process = runner.start(sys.executable, "-c", f"{blocked}; {script}; sys.exit(7)")
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.Signals[f"SIG{name}"])

    assert process.wait(30) == 7


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT", "USR1", "USR2"])
def test_passed_signals_end_what_does_not_catch_them(runner: Runner, tmp_path: Path, name: str) -> None:
    (tmp_path / "sign").write_text("ready\n")
    process = runner.start("sh", "-c", f"ulimit -c 0; exec tail -f {shlex.quote(str(tmp_path / 'sign'))}")
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.Signals[f"SIG{name}"])

    assert process.wait(30) == 128 + signal.Signals[f"SIG{name}"]


def test_children_of_the_command_get_requests_to_end_too(runner: Runner, tmp_path: Path) -> None:
    script = f"sleep 60 & echo $! >{tmp_path}/pid; wait"
    process = runner.start("sh", "-c", script)
    pid = int(wait_for(tmp_path / "pid"))
    process.terminate()

    assert process.wait(30) == 143
    assert not is_alive(pid)


@pytest.mark.parametrize("name", ["HUP", "INT", "QUIT"])
def test_what_is_ignored_stays_ignored(runner: Runner, name: str) -> None:
    """As `nohup` does it, and every shell for what it starts in the background."""
    words = shlex.join(runner.words("sh", "-c", f"kill -{name} $$; kill -{name} $PPID; exit 8"))

    assert subprocess.run(["sh", "-c", f"trap '' {name}; {words}"], check=False).returncode == 8


@needs_proc
def test_dispositions_and_mask_are_those_of_the_caller(runner: Runner) -> None:
    words = shlex.join(runner.words("grep", "^Sig[BI]", "/proc/self/status"))
    without = "trap '' USR2; grep ^Sig[BI] /proc/self/status"
    said = [subprocess.check_output(["bash", "-c", f"trap '' USR2; {line}"]) for line in (words, without)]

    assert said[0] == said[1]


def test_exit_code_comes_back_though_the_caller_ignores_ended_children(runner: Runner) -> None:
    words = runner.words("sh", "-c", "exit 9")
    script = f"import os, signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv({words[0]!r}, {words!r})"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9


def test_killed_runner_leaves_the_command_running(runner: Runner, tmp_path: Path) -> None:
    process = runner.start("sh", "-c", f"echo $$ >{tmp_path}/pid; exec sleep 60")
    pid = int(wait_for(tmp_path / "pid"))
    process.kill()
    process.wait()

    assert is_alive(pid)


def test_stopped_command_without_a_terminal_is_waited_for(runner: Runner, tmp_path: Path) -> None:
    process = runner.start("sh", "-c", f"echo $$ >{tmp_path}/pid; kill -STOP $$; exit 4")
    pid = int(wait_for(tmp_path / "pid"))
    time.sleep(0.1)
    os.kill(pid, signal.SIGCONT)

    assert process.wait(30) == 4
