"""No default command opens a socket: each is run with every way of doing so denied, in all of its processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.history import write_hard_history
from tests.security.commands import EXPECTATIONS, reporting_commands

SRC = Path(__file__).parents[2] / "src"
GUARD = """
import os, sys
_DENIED = ("socket.", "urllib.", "http.client.", "ftplib.", "smtplib.", "imaplib.", "poplib.", "webbrowser.")
_REPORT = os.environ["TACHO_TEST_REPORT"]
def _write(line):
    descriptor = os.open(_REPORT, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, (line + "\\n").encode())
    os.close(descriptor)
def _guard(event, args):
    if event.startswith(_DENIED):
        _write(f"denied {event} {args!r}")
        raise PermissionError(event)
_write(f"guarded {os.getpid()}")
sys.addaudithook(_guard)
"""
PARALLEL = "import tachograph.app.ingest as i; i._PARALLEL_BYTES = 0; "
RUN = "import sys; from tachograph.cli._frame import run; sys.exit(run(sys.argv[1:]))"


class Guarded:
    """Runs command lines in child processes that may not touch the network."""

    def __init__(self, home: Path) -> None:
        guard = home / "guard"
        guard.mkdir()
        (guard / "sitecustomize.py").write_text(GUARD)
        self.report = home / "report.txt"
        self._environment = {
            **os.environ, "PYTHONPATH": f"{guard}{os.pathsep}{SRC}", "TACHO_TEST_REPORT": str(self.report),
        }  # fmt: skip

    def run(self, *arguments: str, code: str = RUN) -> subprocess.CompletedProcess[str]:
        """Run one command line."""
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)

    @property
    def denied(self) -> list[str]:
        """What was tried."""
        return [line for line in self.report.read_text().splitlines() if line.startswith("denied")]

    @property
    def processes(self) -> int:
        """How many processes were guarded."""
        return self.report.read_text().count("guarded")


@pytest.fixture
def guarded(home: Path, monkeypatch: pytest.MonkeyPatch) -> Guarded:
    write_hard_history(home)
    monkeypatch.setenv("TACHO_DATA_DIR", str(home / "data"))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(home / "claude"))
    monkeypatch.setenv("CODEX_HOME", str(home / "codex"))
    return Guarded(home)


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import socket; socket.getaddrinfo('localhost', 80)",
        "import socket; socket.socket().bind(('127.0.0.1', 0))",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
    ],
)
def test_the_guard_denies(guarded: Guarded, attempt: str) -> None:
    done = guarded.run(code=attempt)
    assert done.returncode == 1
    assert "PermissionError" in done.stderr
    assert len(guarded.denied) == 1


def test_ingestion_and_its_reading_processes_work_without_sockets(guarded: Guarded) -> None:
    done = guarded.run("ingest", "--jobs", "2", "--json", code=PARALLEL + RUN)
    assert done.returncode == 0, done.stderr
    assert '"sessions": 13' in done.stdout or '"responses"' in done.stdout
    assert guarded.processes == 2  # itself and one child: both read
    assert guarded.denied == []


def test_every_reporting_command_works_without_sockets(guarded: Guarded) -> None:
    """One process for each command, the arguments that change only what is grouped left out."""
    assert guarded.run("ingest").returncode == 0
    seen = set()
    for arguments in reporting_commands():
        if arguments[0] in seen:
            continue
        seen.add(arguments[0])
        done = guarded.run(*arguments)
        assert done.returncode == (1 if arguments[0] == "check" else 0), (arguments, done.stderr)
        assert done.stdout
    assert {"cost", "doctor", "check", "expect"} <= seen
    assert guarded.processes >= len(seen)
    assert guarded.denied == []


def test_checks_of_files_and_cases_work_without_sockets_and_mlflow(guarded: Guarded, home: Path) -> None:
    log = str(min((home / "claude").rglob("*.jsonl")))
    candidates = str(home / "candidates.yaml")
    load = RUN.replace("sys.exit(", "code = ")[:-1] + "; sys.exit(70 if 'mlflow' in sys.modules else code)"
    for arguments, code in (
        (["check", str(home / "claude"), "--expect", str(EXPECTATIONS)], 1),
        (["expect", "learn", log], 0),
        (["cases", "add", "--from", log, "--id", "one", "--file", candidates], 0),
        (["cases", "review", "one", "--approve", "--by", "Ada", "--why", "Fine.", "--file", candidates], 0),
        (["cases", "promote", "--all", "--file", candidates], 0),
        (["check", "--expect", str(home / "ground_truth.yaml")], 0),
    ):
        done = guarded.run(*arguments, code=load)
        assert (arguments, done.returncode) == (arguments, code), done.stderr
    assert guarded.processes >= 6
    assert guarded.denied == []


def test_the_demo_works_without_sockets(guarded: Guarded) -> None:
    done = guarded.run("demo", "--today", "2026-05-20")
    assert done.returncode == 0, done.stderr
    assert guarded.denied == []


def test_models_of_commands_work_without_sockets(guarded: Guarded, home: Path) -> None:
    """From made-up rows to a scored command: the library of trees, and a registry that is a folder, need none."""
    rows, registry = str(home / "rows.csv"), str(home / "registry")
    steps = [
        ["ml", "generate", "--out", rows, "--rows", "600"],
        ["ml", "train", "--dataset", rows, "--n-estimators", "40", "--activate"],
        ["run", "--", "true"],
        ["ml", "score", "--dataset", rows, "--out", str(home / "scored.csv")],
        ["ml", "drift", "--dataset", rows],
        ["ml", "retrain", "--no-ingest"],
        ["commands", "list"],
    ]
    for arguments in steps:
        done = guarded.run(*arguments)
        assert done.returncode in (0, 1), (arguments, done.stderr)
    name = next(path.name for path in (home / "data" / "models").iterdir() if path.is_dir())
    for arguments in (["ml", "publish", name, "--registry", registry], ["ml", "pull", "--registry", registry]):
        done = guarded.run(*arguments)
        assert done.returncode == 0, (arguments, done.stderr)
    assert guarded.denied == []
    assert guarded.processes > len(steps), "the one that scores is guarded too"
