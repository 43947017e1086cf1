"""A time-out ends the command and all that belongs to it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tachograph.capture.processes import descendant_groups, is_anybody_left
from tests.capture.runner import Runner, is_alive, needs_proc, wait_for

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such groups")


def test_time_out_after_output(runner: Runner) -> None:
    code, printed = runner.run("sh", "-c", "echo before; exec sleep 60", timeout=0.8)

    finished = runner.finished()
    assert (code, printed) == (124, b"before\n")
    assert (finished["exit_code"], finished["timed_out"], finished["signal"]) == (124, True, 15)
    assert 800 <= finished["duration_ms"] < 20_000


def test_output_after_the_request_to_end_arrives(runner: Runner) -> None:
    script = "trap 'echo after; exit 0' TERM; echo before; while :; do sleep 0.05; done"
    code, printed = runner.run("sh", "-c", script, timeout=0.8)

    finished = runner.finished()
    assert (code, printed) == (124, b"before\nafter\n")
    assert (finished["timed_out"], finished["signal"]) == (True, None)


def test_who_does_not_listen_is_killed_with_all_children(runner: Runner, tmp_path: Path) -> None:
    script = f"trap '' TERM; (sleep 60; true) & echo $! >{tmp_path}/pid; sleep 60; sleep 60"
    code, _ = runner.run("sh", "-c", script, timeout=0.8)

    finished = runner.finished()
    assert (code, finished["signal"]) == (124, 9)
    assert 2800 <= finished["duration_ms"] < 20_000
    assert not is_alive(int((tmp_path / "pid").read_text()))


def test_grandchild_that_does_not_listen_is_killed(runner: Runner, tmp_path: Path) -> None:
    """The command itself ends at the request, and its child does not."""
    child = f'trap "" TERM; echo $$ >{tmp_path}/pid; while :; do sleep 0.1; done'
    environment = {**os.environ, "GRACE_S": "0.2"}
    code, _ = runner.run("sh", "-c", f"sh -c '{child}' & exec sleep 60", timeout=0.8, env=environment)

    assert (code, runner.finished()["signal"]) == (124, 15)
    assert not is_alive(int((tmp_path / "pid").read_text()))


@needs_proc
@pytest.mark.parametrize("wrapper", ["timeout 60", "setsid -w", "RUNNER"])
def test_groups_within_are_ended_too(runner: Runner, tmp_path: Path, wrapper: str) -> None:
    """Wrappers make groups or sessions of their own, this runner among them."""
    inner = Runner(tmp_path / "inner")
    inner.report.parent.mkdir()
    words = shlex.join(inner.words()) if wrapper == "RUNNER" else wrapper
    script = f"{words} sh -c 'echo $$ >{tmp_path}/pid; exec sleep 60'; true"
    code, _ = runner.run("sh", "-c", script, timeout=1.2)

    assert code == 124
    assert not is_alive(int((tmp_path / "pid").read_text()))


def test_stopped_command_is_ended_as_well(runner: Runner) -> None:
    assert runner.run("sh", "-c", "kill -STOP $$; exit 3", timeout=0.3)[0] == 124
    assert runner.finished()["duration_ms"] < 20_000


def test_command_that_is_faster_than_its_limit(runner: Runner) -> None:
    assert runner.run("sh", "-c", "exit 3", timeout=30)[0] == 3
    assert runner.finished()["timed_out"] is False


def test_signals_are_passed_on_while_it_is_being_ended(runner: Runner, tmp_path: Path) -> None:
    script = f"trap 'exit 5' USR1; trap 'echo asked >{tmp_path}/asked' TERM; while :; do sleep 0.05; done"
    process = runner.start("sh", "-c", script, timeout=0.8)
    wait_for(tmp_path / "asked")
    process.send_signal(signal.SIGUSR1)

    assert process.wait(30) == 124
    assert runner.finished()["duration_ms"] < 20_000


def test_signal_for_a_command_that_is_gone_while_its_children_end(runner: Runner, tmp_path: Path) -> None:
    child = f'trap "" TERM USR1; echo $$ >{tmp_path}/pid; while :; do sleep 0.05; done'
    script = f"trap 'echo gone >{tmp_path}/gone; exit 4' TERM; sh -c '{child}' & while :; do sleep 0.05; done"
    process = runner.start("sh", "-c", script, timeout=0.8, env={**os.environ, "GRACE_S": "0.5"})
    wait_for(tmp_path / "gone")
    time.sleep(0.1)
    process.send_signal(signal.SIGUSR1)

    assert process.wait(30) == 124
    assert not is_alive(int((tmp_path / "pid").read_text()))


@needs_proc
def test_groups_of_descendants_whatever_their_names(tmp_path: Path) -> None:
    name = tmp_path / "a) Z 1 (b"
    name.symlink_to("/bin/sleep")
    parent = subprocess.Popen(["sh", "-c", f"setsid {shlex.quote(str(name))} 60 & echo; wait"], stdout=subprocess.PIPE)
    with parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        until = time.monotonic() + 30
        while not (groups := descendant_groups(parent.pid)):
            assert time.monotonic() < until
        (group,) = groups
        assert group not in (os.getpgrp(), parent.pid)
        assert is_anybody_left([group])
        os.killpg(group, signal.SIGKILL)
        parent.wait()

    assert descendant_groups(parent.pid) == frozenset()
    assert not is_anybody_left([group])


@needs_proc
def test_the_dead_are_nobody(tmp_path: Path) -> None:
    """One that has ended stays in the system's list until its parent asks for it."""
    process = subprocess.Popen(["true"], process_group=0)
    until = time.monotonic() + 30
    while is_alive(process.pid):
        assert time.monotonic() < until
    left = is_anybody_left([process.pid])
    process.wait()

    assert not left
