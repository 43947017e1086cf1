"""An agent's own command is run, and the log that it leaves is found. The agents here are scripts of a few lines."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tachograph.app.cases.record import Errand, run_agent
from tachograph.errors import NotFound, TachographError
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome

SCRIPT = """\
#!{python}
import json, os, shutil, sys, time
print("working", file=sys.stderr)
json.dump({{"argv": sys.argv[1:], "cwd": os.getcwd(), "stdin": sys.stdin.read()}}, open({told!r}, "w"))
time.sleep({sleep})
if {log!r}:
    os.makedirs(os.path.dirname({target!r}), exist_ok=True)
    shutil.copy({log!r}, {target!r})
print({printed!r})
sys.exit({code})
"""


class Bench:
    """A folder on the PATH with agents of our own."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.told = folder / "told.json"
        self.work = folder / "work"
        self.work.mkdir()

    def agent(
        self,
        name: str,
        printed: str,
        log: Path | None = None,
        target: Path | None = None,
        code: int = 0,
        sleep: float = 0,
    ) -> None:
        """``log`` is copied to ``target`` while the agent runs."""
        path = self.bin / name
        fields = {"told": str(self.told), "printed": printed, "code": code, "sleep": sleep}
        paths = {"log": str(log or ""), "target": str(target or "")}
        path.write_text(SCRIPT.format(python=sys.executable, **fields, **paths))
        path.chmod(0o755)

    def run(self, agent: str, prompt: str = "Do it.", seconds: float = 20, arguments: tuple[str, ...] = ()) -> Path:
        return Path(run_agent(Errand(agent, prompt, self.work, seconds, arguments)).path)

    @property
    def heard(self) -> dict:
        heard: dict = json.loads(self.told.read_text())
        return heard


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench(tmp_path)
    monkeypatch.setenv("PATH", str(made.bin))
    return made


def test_claude_code_is_run_and_its_log_is_found(bench: Bench, home: Path, tmp_path: Path) -> None:
    log = ClaudeHome(home / ".claude").project().session().prompt("Do it.").response()
    written = log.write()
    moved = tmp_path / "log.jsonl"
    written.rename(moved)
    answer = {"type": "result", "is_error": False, "session_id": log.session_id, "result": "Done."}
    bench.agent("claude", json.dumps(answer), moved, written)

    found = bench.run("claude_code", "--help me", arguments=("--model", "house-model"))

    assert found == written
    assert bench.heard == {
        "argv": ["-p", "--output-format", "json", "--model", "house-model", "--", "--help me"],
        "cwd": str(bench.work.resolve()),
        "stdin": "",
    }


@pytest.mark.parametrize("form", ["one object", "a list", "lines"])
def test_the_session_is_found_in_whatever_claude_prints(bench: Bench, home: Path, form: str) -> None:
    log = ClaudeHome(home / ".claude").project().session().prompt().response()
    log.write()
    answers = [{"type": "system"}, {"type": "result", "session_id": log.session_id}]
    printed = {
        "one object": json.dumps(answers[1], indent=1),
        "a list": json.dumps(answers),
        "lines": "Hello!\n" + "\n".join(map(json.dumps, answers)),
    }
    bench.agent("claude", printed[form])

    assert bench.run("claude_code") == log.path


def test_codex_is_run_and_its_log_is_found(bench: Bench, home: Path) -> None:
    codex = CodexHome(home / ".codex")
    log, other = codex.session().turn().prompt().answer(), codex.session()
    codex.write()
    events = [{"type": "thread.started", "thread_id": log.id}, {"type": "turn.completed", "thread_id": other.id}]
    bench.agent("codex", "\n".join(map(json.dumps, events)))

    assert bench.run("codex") == log.path
    assert bench.heard["argv"] == ["exec", "--json", "--", "Do it."]


@pytest.mark.parametrize(("agent", "program"), [("claude_code", "claude"), ("codex", "codex")])
def test_an_agent_that_is_not_installed_is_not_found(bench: Bench, agent: str, program: str) -> None:
    with pytest.raises(NotFound) as raised:
        bench.run(agent)

    assert (raised.value.slug, raised.value.exit_code) == ("agent_not_installed", 3)
    assert raised.value.message.startswith(f"{program} is not installed")


@pytest.mark.parametrize(("code", "is_error"), [(1, False), (0, True)])
def test_an_agent_that_fails_makes_no_case_but_names_what_it_recorded(bench: Bench, code: int, is_error: bool) -> None:
    bench.agent("claude", json.dumps({"session_id": "abc", "is_error": is_error}), code=code)

    with pytest.raises(TachographError) as raised:
        bench.run("claude_code")

    assert (raised.value.slug, raised.value.exit_code) == ("agent_failed", 1)
    assert raised.value.hint == "What it recorded: tacho cases add --from abc."


@pytest.mark.parametrize("printed", ["", "no JSON", "[1, 2]", '{"session_id": 5}', '{"session_id": ""}', "[" * 5000])
def test_an_agent_that_names_no_session_is_told(bench: Bench, printed: str) -> None:
    bench.agent("claude", printed)

    with pytest.raises(NotFound) as raised:
        bench.run("claude_code")

    assert raised.value.slug == "no_recording"


def test_a_session_without_a_log_is_told(bench: Bench) -> None:
    bench.agent("claude", '{"session_id": "0001"}')

    with pytest.raises(NotFound, match="The session 0001 left no log"):
        bench.run("claude_code")


def test_an_agent_that_takes_too_long_is_ended(bench: Bench) -> None:
    bench.agent("codex", "{}", sleep=90)
    before = time.monotonic()

    with pytest.raises(TachographError) as raised:
        bench.run("codex", seconds=0.3)

    assert (raised.value.slug, raised.value.exit_code) == ("agent_timed_out", 1)
    assert time.monotonic() - before < 20


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_interruption_ends_the_agent(bench: Bench, tmp_path: Path) -> None:
    bench.agent("codex", "{}", sleep=90)
    timer = threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    before = time.monotonic()

    with pytest.raises(KeyboardInterrupt):
        bench.run("codex")

    assert time.monotonic() - before < 20


@pytest.mark.parametrize("prompt", ["a\x00b"])
def test_what_no_program_can_be_given_is_told(bench: Bench, prompt: str) -> None:
    bench.agent("codex", "{}")

    with pytest.raises(TachographError, match="cannot be run: embedded null byte"):
        bench.run("codex", prompt)


def test_no_shell_sees_the_prompt(bench: Bench) -> None:
    bench.agent("codex", "{}")
    prompt = "$(touch x); `id` && echo 'a' \"b\" *"

    with pytest.raises(NotFound):
        bench.run("codex", prompt)

    assert bench.heard["argv"][-1] == prompt
    assert list(bench.work.iterdir()) == []


def test_what_the_agent_says_on_stderr_goes_where_ours_goes(bench: Bench) -> None:
    bench.agent("codex", "{}")
    code = (
        "from pathlib import Path; from tachograph.app.cases.record import Errand, run_agent\n"
        f"run_agent(Errand('codex', 'x', Path({str(bench.work)!r}), 20))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert done.stderr.startswith(b"working\n")
