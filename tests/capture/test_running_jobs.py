"""At a terminal: the command is stopped, continued, put into the background and brought back."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from tests.capture.at_terminal import CTRL_C, CTRL_D, CTRL_Z, PROMPT, Desk, Person
from tests.capture.runner import RUN_ONE

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such terminals")


def test_ctrl_z_stops_both_and_fg_continues_both(desk: Desk) -> None:
    desk.person.types("run cat\nbefore\n")
    desk.person.sees("before\r\nbefore")
    desk.person.types(CTRL_Z)
    assert "Stopped" in desk.person.sees(PROMPT)
    states = [line.split() for line in desk.person.runs("ps -o stat=,comm=").splitlines()]
    assert [state for state, *name in states if name == ["cat"]] == ["T"]
    desk.person.types("fg\n")
    desk.person.sees("run cat")
    desk.person.types("after\n")
    desk.person.sees("after\r\nafter")
    desk.person.types(CTRL_D)
    desk.person.sees(PROMPT)

    assert desk.end() == (0, None, False)


def test_stopped_command_goes_on_in_the_background(desk: Desk) -> None:
    desk.person.types("run bash -c 'echo at $((40 + 2)); sleep 1; sleep 0; echo done $((40 + 3))'\n")
    desk.person.sees("at 42")
    desk.person.types(CTRL_Z)
    desk.person.sees("Stopped.*" + PROMPT)
    desk.person.types("bg\n")
    desk.person.sees("done 43")
    desk.person.runs("wait")

    assert desk.end() == (0, None, False)


def test_from_the_background_to_the_front_without_a_stop(desk: Desk) -> None:
    desk.person.types("run bash -c 'echo at $((40 + 2)); sleep 0.7; exec cat' &\n")
    desk.person.sees("at 42")
    desk.person.types("fg\n")
    desk.person.sees("exec cat.")
    desk.person.types("line\n")
    desk.person.sees("line\r\nline")
    desk.person.types(CTRL_D)
    desk.person.sees(PROMPT)

    assert desk.end() == (0, None, False)


def test_reading_in_the_background_stops_both(desk: Desk) -> None:
    desk.person.types("run bash -c 'echo at $((40 + 2)); exec cat' &\n")
    desk.person.sees("at 42")
    until = time.monotonic() + 30
    while "Stopped" not in desk.person.runs("jobs"):
        assert time.monotonic() < until
    desk.person.types("fg\n")
    desk.person.sees("exec cat.")
    desk.person.types("line\n")
    desk.person.sees("line\r\nline")
    desk.person.types(CTRL_D)
    desk.person.sees(PROMPT)

    assert desk.end() == (0, None, False)


def test_background_command_that_reads_nothing_just_ends(desk: Desk) -> None:
    desk.person.runs("run bash -c 'sleep 0.2; exit 9' & wait $!; echo status $?")

    assert desk.end() == (9, None, False)


def test_kill_of_a_stopped_job_ends_both(desk: Desk) -> None:
    desk.person.types("run tail -f sign\n")
    desk.person.sees("at 42")
    desk.person.types(CTRL_Z)
    desk.person.sees("Stopped.*" + PROMPT)
    desk.person.runs("kill %1; wait %1")

    assert desk.end() == (143, 15, False)


def test_stop_signal_to_the_command_stops_both(desk: Desk) -> None:
    desk.person.types("run bash -c 'echo at $((40 + 2)); kill -STOP $$; exit 6'\n")
    desk.person.sees("at 42.*Stopped.*" + PROMPT)
    desk.person.runs("fg")

    assert desk.end() == (6, None, False)


def test_shell_within_has_jobs_of_its_own(desk: Desk, tmp_path: Path) -> None:
    desk.person.types("run bash --norc --noprofile --noediting -i\n")
    desk.person.sees(PROMPT)
    desk.person.types("tail -f sign\n")
    desk.person.sees("at 42")
    desk.person.types(CTRL_Z)
    assert "Stopped" in desk.person.sees(PROMPT)
    desk.person.types("fg\n")
    with (tmp_path / "sign").open("a") as sign:
        sign.write("at 43\n")
    desk.person.sees("at 43")
    desk.person.types(CTRL_C)
    desk.person.sees(PROMPT)
    desk.person.runs("exit 3")

    assert desk.end() == (3, None, False)
    assert "here" in desk.person.runs("echo here")


def test_runner_within_the_runner_stops_and_goes_on(desk: Desk) -> None:
    desk.person.types("run run cat\nbefore\n")
    desk.person.sees("before\r\nbefore")
    desk.person.types(CTRL_Z)
    assert "Stopped" in desk.person.sees(PROMPT)
    desk.person.types("fg\n")
    desk.person.sees("run run cat")
    desk.person.types("after\n")
    desk.person.sees("after\r\nafter")
    desk.person.types(CTRL_C)
    desk.person.sees(PROMPT)

    assert desk.end() == (130, 2, False)


def test_closed_terminal_ends_both(desk: Desk) -> None:
    desk.person.types("run tail -f sign\n")
    desk.person.sees("at 42")
    desk.person.closes()

    assert desk.end() == (129, 1, False)


def test_terminal_without_a_shell_ignores_ctrl_z(tmp_path: Path) -> None:
    """As in a container: nobody could bring a stopped command back, so the system does not let it be stopped."""
    person = Person([sys.executable, str(RUN_ONE), str(tmp_path / "report"), "-", "cat"], os.environ)
    try:
        person.types("before\n")
        person.sees("before\r\nbefore")
        person.types(CTRL_Z)
        person.types("after\n")
        person.sees("after\r\nafter")
        person.types(CTRL_D)
        assert person.ends() == 0
    finally:
        person.leaves()


@pytest.mark.parametrize(("hang_up", "exit_code"), [("SIG_DFL", 129), ("SIG_IGN", 137)])
def test_orphan_that_reads_in_the_background_is_hung_up_on(tmp_path: Path, hang_up: str, exit_code: int) -> None:
    """Nobody could ever bring it to the front: it must not stay stopped for ever, nor try again and again."""
    report = tmp_path / "report"
    script = (
        "import os, signal, subprocess, sys, time\n"
        "if os.fork() == 0:\n"
        "    os.setpgid(0, 0)\n"
        f"    signal.signal(signal.SIGHUP, signal.{hang_up})\n"
        f"    subprocess.Popen([sys.executable, {str(RUN_ONE)!r}, {str(report)!r}, '-', 'cat'])\n"
        "    os._exit(0)\n"
        "os.wait()\n"
        f"while not os.path.exists({str(report)!r}): time.sleep(0.02)\n"
    )
    person = Person([sys.executable, "-c", script], os.environ)
    try:
        assert person.ends() == 0
    finally:
        person.leaves()

    assert json.loads(report.read_bytes())["exit_code"] == exit_code
