"""The single file on a machine that has a Python and nothing of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tachograph import __version__
from tests.builders.claude import ClaudeHome
from tests.conftest import ROOT

FILE = Path(os.environ.get("STANDALONE_FILE", ""))
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
PLACES = "/usr/bin:/bin"
PACKAGE = ROOT / "src" / "tachograph"

pytestmark = [
    pytest.mark.standalone,
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("STANDALONE_FILE"), reason="needs the single file: make standalone"),
]


class Machine:
    """A home and a search path without any virtual environment."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.root = home / ".local" / "lib" / "tachograph"
        base = Path(sys._base_executable).resolve().parent  # type: ignore[attr-defined]
        path = PLACES if any(Path(place, PYTHON).exists() for place in PLACES.split(":")) else f"{base}:{PLACES}"
        self.environment = {"HOME": str(home), "PATH": path, "TZ": "UTC"}

    def run(self, *command: str | Path, input: str = "", **more: str) -> str:
        """What a program prints that ends well."""
        done = subprocess.run(
            list(map(str, command)), input=input, env=self.environment | more, cwd=self.home, capture_output=True,
            text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def tacho(self, *arguments: str | Path, **more: str) -> str:
        """What the single file prints."""
        return self.run(FILE, *arguments, **more)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """One for all tests, with a made-up history: unpacking takes a second."""
    home = tmp_path_factory.mktemp("machine")
    claude = ClaudeHome(home / ".claude")
    for day in range(1, 4):
        log = claude.project("/home/ada/site").session(f"2026-05-0{day}T09:00:00Z").prompt("Fix it.")
        log.tool("Bash", {"command": "make test"}, result="ok").response(output=1000 * day)
    claude.write()
    return Machine(home)


def test_it_needs_nothing_of_ours(machine: Machine):
    code = "import importlib.util; print(importlib.util.find_spec('tachograph'))"
    assert machine.run(PYTHON, "-c", code) == "None\n"
    assert machine.tacho("--version") == f"tacho {__version__}\n"


def test_every_file_of_the_package_is_in_it():
    def listed(names: Iterator[str]) -> list[str]:
        return sorted(name for name in names if "__pycache__" not in name and not name.endswith("/"))

    with zipfile.ZipFile(FILE) as archive:
        start = "site-packages/tachograph/"
        packed = listed(name.removeprefix(start) for name in archive.namelist() if name.startswith(start))
        content = b"".join(archive.read(name) for name in archive.namelist())
    there = listed(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*") if path.is_file())
    assert packed == there
    assert {"warehouse/schema.sql", "redaction/rules.toml", "py.typed"} <= set(packed)
    assert str(ROOT).encode() not in content


def test_demo(machine: Machine):
    told = json.loads(machine.tacho("demo", "--json"))
    assert told["schema"] == "tachograph.overview/1"
    assert "37 sessions" in machine.tacho("demo")


def test_ingest_and_cost_are_those_of_an_installation(machine: Machine, tmp_path: Path):
    assert json.loads(machine.tacho("ingest", "--json"))["files"]["seen"] == 3
    mine = json.loads(machine.tacho("cost", "--by", "day", "--json"))
    program = [sys.executable, "-m", "tachograph"]
    theirs = json.loads(machine.run(*program, "cost", "--by", "day", "--json", TACHO_DATA_DIR=str(tmp_path / "data")))
    assert mine == theirs
    assert (mine["total"]["sessions"], mine["total"]["output"]) == (3, 6180)
    assert [row["output"] for row in mine["groups"]] == [1060, 2060, 3060]


@pytest.mark.parametrize(
    "arguments",
    [
        ("score", "--last"), ("waste",), ("suggest", "list"), ("kpis",), ("tools",), ("doctor",),
        ("completion", "zsh"), ("report", "html", "--output", "-"), ("redact", "/dev/null"),
    ],
    ids=lambda arguments: arguments[0],
)  # fmt: skip
def test_other_commands_find_their_tables_and_templates(machine: Machine, arguments: tuple[str, ...]):
    if arguments[0] == "redact":
        machine.tacho(*arguments)
        return
    assert len(machine.tacho(*arguments)) > 50


def test_processes_that_it_starts_find_it(machine: Machine):
    machine.tacho("--version")
    code = "import tachograph.app.worker, tachograph.app.watch.worker, sys; print(tachograph.__file__, sys.executable)"
    file, python = machine.run(machine.root / "bin" / "python", "-P", "-c", code).split()
    assert Path(file).is_relative_to(machine.root)
    assert python == str(machine.root / "bin" / "python")


def test_hooks_are_installed_and_run(machine: Machine):
    change = json.loads(machine.tacho("hooks", "install", "--agent", "claude_code", "--json"))
    hook = str(machine.root / "bin" / "tacho-hook")
    entries = change["files"][0]["entries"]
    assert {entry["command"][0] for entry in entries} == {hook}
    event = json.dumps({"hook_event_name": "SessionStart", "session_id": "a" * 8, "source": "startup"})
    machine.run(hook, "session-start", input=event)
    machine.tacho("ingest")
    machine.run(hook, "session-end", input=json.dumps({"hook_event_name": "SessionEnd", "session_id": "a" * 8}))
    data = machine.home / ".local" / "share" / "tachograph"
    end = time.monotonic() + 60
    while not list((data / "hooks").glob("briefing*")) and time.monotonic() < end:
        time.sleep(0.1)
    assert list((data / "hooks").glob("briefing*")), "learning was not started in the background"
    machine.tacho("hooks", "uninstall", "--agent", "claude_code")


def test_a_page_is_served_once(machine: Machine):
    server = subprocess.Popen(
        [FILE, "serve", "--port", "0", "--json"], env=machine.environment, cwd=machine.home, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        lines = []
        while not lines or lines[-1] != "}\n":
            lines.append(server.stdout.readline())
            assert lines[-1], server.communicate()[1]
        told = json.loads("".join(lines))
        connection = HTTPConnection("127.0.0.1", told["port"], timeout=30)
        connection.request("GET", told["url"].partition(str(told["port"]))[2])
        entry = connection.getresponse()
        entry.read()
        cookie = (entry.headers["Set-Cookie"] or "").partition(";")[0]
        connection.request("GET", "/", headers={"Cookie": cookie})
        page = connection.getresponse()
        text = page.read().decode()
        connection.close()
        assert (page.status, "<title>" in text) == (200, True)
    finally:
        server.terminate()
        server.communicate(timeout=60)
