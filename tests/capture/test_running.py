"""Without a terminal: exit codes, streams, the clock, and what is left as it was."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tachograph.capture import running
from tests.capture.runner import Runner, is_alive, needs_proc

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such streams")


# ----------------------------------------------------------------------------------------------------------- exit codes


def test_every_exit_code_comes_back() -> None:
    script = (
        "from tachograph.capture.running import run_command\n"
        "print([run_command(['sh', '-c', f'exit {code}']).exit_code for code in range(256)])"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout

    assert json.loads(said) == list(range(256))


@pytest.mark.parametrize("name", ["HUP", "INT", "QUIT", "KILL", "SEGV", "PIPE", "ALRM", "TERM", "USR1", "XFSZ"])
def test_signal_that_ended_it_is_told(runner: Runner, name: str) -> None:
    number = signal.Signals[f"SIG{name}"]
    code, _ = runner.run("sh", "-c", f"ulimit -c 0; kill -{name} $$")

    assert code == 128 + number
    assert runner.finished()["signal"] == number
    assert runner.finished()["timed_out"] is False


@pytest.mark.parametrize(
    ("name", "content", "mode", "code", "problem"),
    [
        ("missing", None, 0, 127, "No such file or directory"),
        ("plain", b"text\n", 0o644, 126, "Permission denied"),
        ("binary", b"\x7fno\0program\n", 0o755, 126, "Exec format error"),
        ("script", b'echo "$0 $1"; exit 4\n', 0o755, 4, ""),
        ("with_shebang", b'#!/bin/sh\necho "$0 $1"; exit 5\n', 0o755, 5, ""),
        ("interpreter_gone", b"#!/no/such/shell\n", 0o755, 127, "No such file or directory"),
    ],
)
@pytest.mark.parametrize("by_path", [True, False])
def test_what_cannot_be_executed(
    runner: Runner, tmp_path: Path, name: str, content: bytes | None, mode: int, code: int, problem: str, by_path: bool
) -> None:
    place = tmp_path / "bin" / name
    place.parent.mkdir()
    if content is not None:
        place.write_bytes(content)
        place.chmod(mode)
    path = {**os.environ, "PATH": f"{place.parent}:{os.environ['PATH']}"}
    got, printed = runner.run(str(place) if by_path else name, "one", env=path)

    assert (got, runner.finished()["problem"]) == (code, problem)
    assert printed.decode() == (f"{place} one\n" if code in (4, 5) else "")


@pytest.mark.parametrize(("word", "code"), [("", 127), ("/", 126), ("/etc/passwd/x", 126)])
def test_names_that_are_no_programs(runner: Runner, word: str, code: int) -> None:
    assert runner.run(word)[0] == code
    assert runner.finished()["problem"]


def test_arguments_are_never_seen_by_a_shell(runner: Runner) -> None:
    words = ["$(echo no)", "a b", "*", "", "ä\udc80", "-n", ";"]
    _, printed = runner.run(
        sys.executable, "-c", "import os, sys; print([os.fsencode(w) for w in sys.argv[1:]])", *words
    )

    assert printed.decode().strip() == str([os.fsencode(word) for word in words])


# -------------------------------------------------------------------------------------------------------------- streams


def test_input_comes_from_a_file(runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("one\ntwo\n")
    with (tmp_path / "in").open() as file:
        assert runner.run("wc", "-l", stdin=file)[1].split() == [b"2"]


def test_input_position_is_shared(tmp_path: Path, runner: Runner) -> None:
    """What the command does not read is left to whoever comes after it."""
    words = shlex.join(runner.words("sh", "-c", "read line; echo got $line"))
    said = subprocess.run(["sh", "-c", f"{words}; cat"], input=b"one\ntwo\n", capture_output=True, check=True).stdout

    assert said == b"got one\ntwo\n"


@pytest.mark.parametrize("stream", [0, 1, 2])
def test_closed_stream_stays_closed(runner: Runner, tmp_path: Path, stream: int) -> None:
    words = shlex.join(runner.words("sh", "-c", f"test -e /dev/fd/{stream} && echo open >{tmp_path}/open; exit 6"))
    closing = f"{stream}<&-" if stream == 0 else f"{stream}>&-"

    assert subprocess.run(["sh", "-c", f"{words} {closing}"], stdin=subprocess.DEVNULL, check=False).returncode == 6
    assert not (tmp_path / "open").exists()


def test_other_files_that_are_open_are_handed_on(runner: Runner, tmp_path: Path) -> None:
    words = shlex.join(runner.words("sh", "-c", "echo more >&7"))
    subprocess.run(["sh", "-c", f"{words} 7>{tmp_path}/seven"], check=True)

    assert (tmp_path / "seven").read_text() == "more\n"


@needs_proc
def test_none_of_ours_are_handed_on(runner: Runner) -> None:
    _, printed = runner.run("ls", "/proc/self/fd", stdin=subprocess.DEVNULL)

    assert printed.split() == [b"0", b"1", b"2", b"3"]  # the last one is the folder that ls reads


def test_output_is_live(runner: Runner) -> None:
    process = runner.start("sh", "-c", "echo now; read line; echo $line", stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == b"now\n"  # it has not ended: it waits for us
    process.stdin.write(b"then\n")
    process.stdin.close()

    assert process.stdout.readline() == b"then\n"
    assert process.wait(30) == 0


def test_order_of_both_outputs_is_kept(runner: Runner) -> None:
    script = "for i in 1 2 3; do echo out $i; echo err $i >&2; done"
    _, printed = runner.run("sh", "-c", script, stderr=subprocess.STDOUT)

    assert printed.decode().split("\n") == [f"{name} {i}" for i in (1, 2, 3) for name in ("out", "err")] + [""]


def test_a_gigabyte_costs_no_memory(runner: Runner) -> None:
    runner.run("true")
    before = runner.finished()["peak_kb"]
    process = runner.start("head", "-c", str(2**30), "/dev/zero")
    assert process.stdout is not None
    size = 0
    while chunk := process.stdout.read(2**20):
        size += len(chunk)

    assert process.wait(30) == 0
    assert size == 2**30
    assert runner.finished()["peak_kb"] < before + 2048


def test_reader_that_leaves_ends_it_as_without(runner: Runner) -> None:
    words = shlex.join(runner.words("yes"))
    said = subprocess.run(
        ["bash", "-c", f"{words} | head -n 2; echo ${{PIPESTATUS[0]}}"], capture_output=True, check=True, text=True
    )

    assert said.stdout == "y\ny\n141\n"
    assert said.stderr == ""
    assert runner.finished()["signal"] == signal.SIGPIPE


# ---------------------------------------------------------------------------------------------------------- left behind


def test_daemon_is_left_alone_and_not_waited_for(runner: Runner, tmp_path: Path) -> None:
    process = runner.start("sh", "-c", f"sleep 60 & echo $! >{tmp_path}/pid; echo done")
    code = process.wait(30)  # although the daemon holds the pipe

    assert code == 0
    assert runner.finished()["duration_ms"] < 20_000
    assert is_alive(int((tmp_path / "pid").read_text()))


def test_runner_within_the_runner(runner: Runner, tmp_path: Path) -> None:
    inner = Runner(tmp_path / "inner")
    inner.report.parent.mkdir()
    code, printed = runner.run(*inner.words("sh", "-c", "echo deep; exit 77"))

    assert (code, printed) == (77, b"deep\n")
    assert inner.finished()["exit_code"] == 77


# ------------------------------------------------------------------------------------------------------------ the clock


def test_start_and_duration(runner: Runner) -> None:
    before = time.time_ns() // 1_000_000
    runner.run("sleep", "0.3")
    after = time.time_ns() // 1_000_000

    finished = runner.finished()
    assert before <= finished["started_at_ms"] <= after - 300
    assert 300 <= finished["duration_ms"] <= after - before


def test_own_share_is_a_few_milliseconds_of_cpu() -> None:
    script = (
        "import time\n"
        "from tachograph.capture.running import run_command\n"
        "def cpu_ms():\n"
        "    start = time.process_time(); run_command(['true']); return (time.process_time() - start) * 1000\n"
        "print(min(cpu_ms() for _ in range(15)))"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout

    assert 0 < float(said) < 6


def test_start_up_imports_little() -> None:
    script = (
        "import sys, msgspec\n"
        "before = set(sys.modules)\n"
        "from tachograph.capture.running import run_command\n"
        "run_command(['true'])\n"
        "new = set(sys.modules) - before\n"
        "print(*sorted(new & {'subprocess', 'threading', 'asyncio', 'selectors', 'socket', 'tempfile', 'shutil'}))"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout

    assert said == "\n"


# ------------------------------------------------------------------------------------------ in the caller's own process


def test_callers_handlers_are_as_before() -> None:
    script = (
        "import signal\n"
        "from tachograph.capture.running import run_command\n"
        "before = [signal.getsignal(n) for n in signal.valid_signals()], signal.pthread_sigmask(0, [])\n"
        "run_command(['true'])\n"
        "run_command(['no-such-program'])\n"
        "after = [signal.getsignal(n) for n in signal.valid_signals()], signal.pthread_sigmask(0, [])\n"
        "print(before == after, signal.set_wakeup_fd(-1))"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout

    assert said == "True -1\n"


def test_interrupt_without_a_terminal_is_an_exit_code(runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "sign").write_text("ready\n")
    process = runner.start("tail", "-f", str(tmp_path / "sign"))
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)

    assert process.wait(30) == 130


# -------------------------------------------------------------------------------------------------------- the plain way


@pytest.mark.parametrize(
    ("script", "timeout", "expected"),
    [
        ("raise SystemExit(3)", None, (3, False)),
        ("raise SystemExit(3)", 30, (3, False)),
        ("import time; time.sleep(60)", 0.3, (124, True)),
    ],
)
def test_plain_way_for_windows(
    monkeypatch: pytest.MonkeyPatch, script: str, timeout: float | None, expected: tuple[int, bool]
) -> None:
    monkeypatch.setattr(running, "_follow", running._wait_plainly)
    finished = running.run_command([sys.executable, "-c", script], timeout)

    assert (finished.exit_code, finished.timed_out) == expected


def test_plain_way_without_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_follow", running._wait_plainly)
    finished = running.run_command(["no-such-program"])

    assert finished.exit_code == 127
    assert re.match("No such file", finished.problem)
