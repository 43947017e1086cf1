"""At a terminal: keys reach the command, and the terminal is as it was afterwards."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.capture.at_terminal import CTRL_BACKSLASH, CTRL_C, PROMPT, Desk

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such terminals")


def test_terminal_is_the_same_one(desk: Desk) -> None:
    said = desk.person.runs("tty; run bash -c 'tty; tty <&1; tty <&2'; echo status $?")

    names = [line for line in said.splitlines() if line.startswith("/dev/")]
    assert len(names) == 4
    assert len(set(names)) == 1
    assert "status 0" in said
    assert desk.end() == (0, None, False)


def test_colours_are_chosen_as_without(desk: Desk) -> None:
    said = desk.person.runs("mkdir sub; TERM=xterm run ls -d --color=auto sub")

    assert "\x1b[01;34msub\x1b[0m" in said


def test_git_shows_its_progress(desk: Desk) -> None:
    """Git asks whether it is in the foreground of the terminal."""
    script = "import os; print('in front', os.tcgetpgrp(2) == os.getpgrp())"

    assert "in front True" in desk.person.runs(f'run python3 -c "{script}"')


def test_ctrl_c_ends_the_command_and_the_line(desk: Desk) -> None:
    desk.person.types("for i in 1 2 3; do run tail -f sign; done\n")
    desk.person.sees("at 42")
    desk.person.types(CTRL_C)
    said = desk.person.sees(PROMPT)

    assert "at 42" not in said  # the loop is over: the shell saw an interrupt
    assert "130" in desk.person.runs("echo $?")
    assert desk.end() == (130, 2, False)


def test_ctrl_c_reaches_it_once(desk: Desk) -> None:
    desk.person.types("run bash -c 'trap \"echo got one\" INT; echo at $((40 + 2)); sleep 0.4; sleep 0.4; exit 5'\n")
    desk.person.sees("at 42")
    desk.person.types(CTRL_C)
    said = desk.person.sees(PROMPT)

    assert said.count("got one") == 1
    assert desk.end() == (5, None, False)


def test_ctrl_backslash_ends_it(desk: Desk) -> None:
    desk.person.types("run tail -f sign\n")
    desk.person.sees("at 42")
    desk.person.types(CTRL_BACKSLASH)
    desk.person.sees(PROMPT)

    assert desk.end() == (131, 3, False)


# In the pipeline something that does not look for its reader's end: tail would, and then no signal would end it.
@pytest.mark.parametrize(
    "script",
    ["run tail -f sign; echo still here", "run sh -c 'cat sign; exec sleep 60' | cat; echo still here"],
)
def test_ctrl_c_ends_a_script_around_it(desk: Desk, tmp_path: Path, script: str) -> None:
    (tmp_path / "script").write_text(script + "\n")
    desk.person.types("bash script\n")
    desk.person.sees("at 42")
    desk.person.types(CTRL_C)

    assert "still here" not in desk.person.sees(PROMPT)


def test_ctrl_c_ends_a_script_whose_terminal_it_has(desk: Desk, tmp_path: Path) -> None:
    """It reads, so it was given the terminal, and the script is not in front any more."""
    (tmp_path / "script").write_text("run cat; echo still here\n")
    desk.person.types("bash script\nline\n")
    desk.person.sees("line\r\nline")
    desk.person.types(CTRL_C)

    assert "still here" not in desk.person.sees(PROMPT)
    assert desk.end() == (130, 2, False)


def test_window_size_is_told_at_once(desk: Desk) -> None:
    desk.person.types(
        "run bash -c 'trap \"stty size; exit\" WINCH; echo at $((40 + 2)); while :; do sleep 0.05; done'\n"
    )
    desk.person.sees("at 42")
    desk.person.resizes(31, 97)
    said = desk.person.sees(PROMPT)

    assert "31 97" in said


def test_window_size_is_told_in_a_pipeline(desk: Desk) -> None:
    script = 'trap "stty size <&2; exit" WINCH; echo at $((40 + 2)); while :; do sleep 0.05; done'
    desk.person.types(f"run bash -c '{script}' | cat\n")
    desk.person.sees("at 42")
    desk.person.resizes(31, 97)

    assert "31 97" in desk.person.sees(PROMPT)


@pytest.mark.parametrize("tail", ["", " | cat"])
def test_password_is_asked_without_echo(desk: Desk, tail: str) -> None:
    """In a pipeline the command is not in front: it is put there once it wants something of the terminal."""
    script = "import getpass; print('length', len(getpass.getpass('Sec' + 'ret: ')))"
    desk.person.types(f'run python3 -c "{script}"{tail}\n')
    desk.person.sees("Secret: ")
    assert not desk.person.has_echo()
    desk.person.types("four\n")
    said = desk.person.sees(PROMPT)

    assert "length 4" in said
    assert "four" not in said
    assert desk.person.has_echo()
    assert desk.end() == (0, None, False)


def test_pager_after_it_keeps_the_keyboard(desk: Desk) -> None:
    desk.person.types("run seq 500 | TERM=xterm less\n")
    desk.person.sees("1\r\n2\r\n3")
    desk.person.types("G")
    desk.person.sees("500")
    desk.person.types("q")
    desk.person.sees(PROMPT)

    assert desk.end() == (0, None, False)


def test_pager_in_it_reads_keys_though_its_input_is_a_pipe(desk: Desk) -> None:
    desk.person.types("seq 500 | TERM=xterm run less\n")
    desk.person.sees("1\r\n2\r\n3")
    desk.person.types("G")
    desk.person.sees("500")
    desk.person.types("q")
    desk.person.sees(PROMPT)

    assert desk.end() == (0, None, False)


@pytest.mark.parametrize("how", ["exec sleep 30", 'trap "" TERM; sleep 30; sleep 30'])
def test_modes_are_restored_after_a_time_out(desk: Desk, how: str) -> None:
    desk.person.types(f"GRACE_S=0.2 LIMIT=0.5 run bash -c 'stty raw -echo; echo at $((40 + 2)); {how}'\n")
    desk.person.sees("at 42")
    assert not desk.person.has_echo()
    desk.person.sees(PROMPT)

    assert desk.person.has_echo()
    assert "status 124" not in desk.person.runs("echo ready")
    assert desk.finished()["exit_code"] == 124


def test_modes_are_restored_after_a_kill(desk: Desk) -> None:
    desk.person.types("run bash -c 'stty raw -echo; kill -9 $$'\n")
    desk.person.sees("Killed|" + PROMPT)

    assert desk.person.has_echo()
    assert desk.end() == (137, 9, False)


def test_modes_that_a_command_sets_stay(desk: Desk) -> None:
    desk.person.types("run stty -echo\n")
    desk.person.sees("-echo.*" + PROMPT)

    assert not desk.person.has_echo()


def test_terminal_is_ours_again_after_a_command_that_was_not_found(desk: Desk) -> None:
    desk.person.runs("run no-such-program")

    assert desk.end() == (127, None, False)
    assert "here" in desk.person.runs("echo here")


def test_writing_in_the_background_of_a_strict_terminal(desk: Desk) -> None:
    desk.person.runs("stty tostop")
    said = desk.person.runs("run sh -c 'echo told $((40 + 2)) >&2' | cat")

    assert "told 42" in said
    assert desk.end() == (0, None, False)
